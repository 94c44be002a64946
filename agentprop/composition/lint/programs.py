"""Programs: what the statement promises of their data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentprop.composition.lint.rule import Draft, Rule

_EXAMPLE = re.compile(r"[Ee]xample|≤|\\le\b|[Cc]onstraints|[Ll]imits|at most \d+ (?:elements|edges|letters|characters)")
MANY_PARTS = 12
"""Elements of results of which it can be said that they are all the same."""
_PAIRS = re.compile(r"`\(\w+(?:, ?\w+)+\)`")


def _arguments(draft: Draft) -> Iterator[Any]:
    """The arguments of all tests that can be read."""
    for test in draft.tests:
        try:
            yield from test.values()[0]
        except ValueError:
            continue


def _results(draft: Draft) -> Iterator[Any]:
    """The results of all tests that can be read."""
    for test in draft.tests:
        try:
            yield test.values()[1]
        except ValueError:
            continue


def _tuples_promised(draft: Draft) -> Iterator[str]:
    promised = _PAIRS.search(draft.statement)
    if promised and any(isinstance(v, list) and v and isinstance(v[0], list) for v in _arguments(draft)):
        yield f"{promised[0]} is promised, and the tests pass lists"


def _no_example(draft: Draft) -> Iterator[str]:
    if draft.answer_type == "program" and not _EXAMPLE.search(draft.statement):
        yield "neither an example nor limits"


def _empty_input(draft: Draft) -> Iterator[str]:
    if draft.answer_type != "program" or not draft.tests or "empty" in draft.statement or "Limits: " in draft.statement:
        return
    if not any(value in ([], "", ()) for value in _arguments(draft)):
        yield "neither said nor tested what an empty input gives"


def _uniform_results(draft: Draft) -> Iterator[str]:
    parts = [repr(part) for result in _results(draft) if isinstance(result, (list, str)) for part in result]
    if len(parts) >= MANY_PARTS and len(set(parts)) == 1:
        yield f"every element of every result is {parts[0]}"


TUPLES_PROMISED = Rule("error", _tuples_promised)
NO_EXAMPLE = Rule("warning", _no_example)
EMPTY_INPUT = Rule("warning", _empty_input)
UNIFORM_RESULTS = Rule("warning", _uniform_results)
"""Whoever returns zeros, as many as there should be, is right."""
