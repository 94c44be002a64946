"""What a composition uses stands in its statement, found without the grammar that wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.reader import read
from agentprop.composition.terms import Apply, Given
from agentprop.composition.writer import Unwritable, write
from agentprop.grading.visible import unseen
from agentprop.skills import Output, Package, Wording

CASES = json.loads((Path(__file__).parent / "statements_changed.json").read_text(encoding="utf-8"))


def test_every_statement_of_the_grammar_passes(library: Mapping[str, Package]) -> None:
    planner, categories = Planner(library), sorted(Planner(library).categories)
    seen = 0
    for number in range(450):
        rng = Random(f"visible/{number}")
        try:
            term = planner.plan(categories[number % len(categories)], rng)
            statement = write(term, library, rng)
        except (Impossible, Unwritable):
            continue
        seen += 1
        assert unseen(statement, term, library) is None, statement
    assert seen > 300


@pytest.mark.parametrize("case", CASES["changed"], ids=lambda case: case["new"] or "left out")
def test_a_changed_statement_is_told_apart(case: dict[str, str], library: Mapping[str, Package]) -> None:
    [statement] = CASES["valid"]
    [term] = read(statement, library)
    assert case["old"] in statement
    found = unseen(statement.replace(case["old"], case["new"]), term, library)
    assert found is not None and case["why"] in found


def test_a_condition_of_a_mined_question_cannot_be_left_out(library: Mapping[str, Package]) -> None:
    package = next(iter(library.values()))
    wording = Wording(
        scene="Ann bakes <a> rolls and sells <b>.", ask="If she eats half of the rest, how many are left?"
    )
    spec = package.spec.model_copy(
        update={
            "name": "arithmetic-rolls",
            "evidence": "self-consistent",
            "parameters": {name: package.spec.parameters["a"] for name in "ab"}
            if "a" in package.spec.parameters
            else {name: next(iter(package.spec.parameters.values())) for name in "ab"},
            "phrasings": (wording,),
            "value": (),
            "follows": {},
            "flavour": {},
            "output": Output(kind="integer", role="pile", subject="rolls that are left"),
        }
    )
    mined = {"arithmetic-rolls": replace(package, spec=spec)}
    term = Apply("arithmetic-rolls", (("a", Given("30")), ("b", Given("8"))))
    whole = "Ann bakes 30 rolls and sells 8. If she eats half of the rest, how many are left?"
    assert unseen(whole, term, mined) is None
    for lost in ("If she eats half of the rest, h", "half of ", "of the rest"):
        assert unseen(whole.replace(lost, ""), term, mined) is not None, lost
