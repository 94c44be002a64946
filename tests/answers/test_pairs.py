"""Pairs of every kind of answer, both ways round; none that is not the same is ever taken for it."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from shared_cases import EQUIVALENCE, equivalence_cases

from agentprop.answers import GOLD_UNREADABLE, equivalent

PAIRS: dict[str, dict[str, list[list[Any]]]] = tomllib.loads(Path(__file__).with_name("pairs.toml").read_text("utf-8"))
ALLOWED = {
    "same": {"same"},
    "different": {"different"},
    "open": {"undetermined"},
    "unsafe": {"different", "undetermined"},
}
NO_RIGHT_ANSWER = {GOLD_UNREADABLE, "sentence"}
"""Rules by which a text that only a prediction may be is no right answer."""


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("expected", ALLOWED)
def test_pairs_of_a_kind_are_told_apart_in_both_directions(kind: str, expected: str) -> None:
    wrong = []
    for gold, pred, *options in PAIRS[kind].get(expected, ()):
        given = options[0] if options else {}
        there, back = equivalent(gold=gold, pred=pred, **given), equivalent(gold=pred, pred=gold, **given)
        if there.status not in ALLOWED[expected]:
            wrong.append((gold, pred, there))
        if back.status not in ALLOWED[expected] and back.rule not in NO_RIGHT_ANSWER:
            wrong.append((pred, gold, back))
    assert not wrong


def test_every_kind_has_pairs_that_are_the_same_and_pairs_that_are_not() -> None:
    counts: Counter[bool] = Counter()
    for kind in PAIRS.values():
        for expected, rows in kind.items():
            counts[expected == "same"] += len(rows)
    assert min(counts.values()) > 400
    assert all(set(kind) <= set(ALLOWED) and len(kind) > 1 for kind in PAIRS.values())


@pytest.mark.corpora
@pytest.mark.skipif(not EQUIVALENCE.is_file(), reason="the shared cases are not here")
def test_at_least_98_of_100_shared_cases_are_right_and_none_is_accepted_falsely() -> None:
    cases = equivalence_cases()
    found = [equivalent(gold=case["gold"], pred=case["pred"], **case["options"]) for case in cases]
    wrong = [(case, verdict) for case, verdict in zip(cases, found, strict=True) if verdict.status != case["expect"]]
    assert not [row for row in wrong if row[1].status == "same"]
    assert len(wrong) <= 0.02 * len(cases), wrong
