"""Drafts of the built-in proposer: sentences of a length that can be read, and answers that cannot be guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from agentprop.composition.drafting import well_written
from agentprop.composition.lint import Draft, findings
from agentprop.composition.planner import Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.terms import Apply, Given, Printed
from agentprop.records import Observation
from agentprop.skills import Package

TIMES = Apply("coding-judge-counters", (("xs", Given("[24, 18, 25, 7, 27, 5, 18, 2]")), ("k", Given("4"))))
GROUPS = Apply("coding-graphs-sum-partners", (("xs", TIMES), ("m", Given("9"))))


def test_a_value_gets_a_letter_rather_than_a_long_sentence(library: Mapping[str, Package]) -> None:
    for seed in range(20):
        statement = well_written(GROUPS, library, Random(seed), Counter())
        assert statement is not None
        assert not findings(Draft(statement), ["long-sentence"])


@pytest.mark.parametrize(("answer", "asked"), [("[8, 8, 8]", False), ("'a'", False), ("[8, 8, 1]", True), ("12", True)])
def test_a_list_of_one_element_again_and_again_is_not_asked_for(
    answer: str, asked: bool, library: Mapping[str, Package]
) -> None:
    proposer = BuiltinProposer(Planner(library), Printed(GROUPS), Random(1))
    text = f"[ok] answer = {answer}"
    tried = Observation(skills=(), messages=(), stage="check", text=text, outcome="ok", turns_left=9)
    assert (proposer._guessable(tried) is None) == asked
