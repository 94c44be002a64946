"""Formulas: letters, signs and coefficients."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from agentprop.composition.lint.rule import Draft, Rule

_BINDS = re.compile(r"(?:[Ll]et|where|and) \$([A-Za-z])\$ (?:be|is) the\b|\b[Ll]et \$([A-Za-z])\$ be\b")
_BEFORE = ("et $", "where $", "and $")
"""What stands before a letter that is explained."""
_UNREDUCED = re.compile(r"(?<![\d.\w^{_])1[xyzefguv]\b|\+\s*-|(?<![\^{(=])-\s*-|\^(?:\{1\}|1(?![\d.]))|\+\s*0(?![\d.])")
_SPACED = re.compile(r"(?<![\d.^_])\d+ [a-z](?![a-z])(?=[ =+\-^)]|$)")


def _symbol_bound_twice(draft: Draft) -> Iterator[str]:
    if sum(map(draft.prose.count, _BEFORE)) < 2:
        return
    bound = Counter(one or other for one, other in _BINDS.findall(draft.prose))
    yield from (f"${letter}$ is explained {count} times" for letter, count in bound.items() if count > 1)


def _unreduced_formula(draft: Draft) -> Iterator[str]:
    for formula in draft.formulas:
        yield from (f"{found[0]} in {formula[:60]}" for found in _UNREDUCED.finditer(formula))


def _spaced_product(draft: Draft) -> Iterator[str]:
    for formula in draft.formulas:
        yield from (f"{found[0]} in {formula[:60]}" for found in _SPACED.finditer(formula))


def _odd_dollar(draft: Draft) -> Iterator[str]:
    if draft.domain and draft.prose.replace(r"\$", "").count("$") % 2:
        yield "a formula is not closed"


SYMBOL_BOUND_TWICE = Rule("error", _symbol_bound_twice)
UNREDUCED_FORMULA = Rule("error", _unreduced_formula)
"""1x, + -3, x^1, + 0."""
SPACED_PRODUCT = Rule("error", _spaced_product)
"""32 x for 32x."""
ODD_DOLLAR = Rule("error", _odd_dollar)
