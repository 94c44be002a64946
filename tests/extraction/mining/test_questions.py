"""Questions are read whole, computed by two routes, confirmed and varied; or refused for a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.audit import record
from agentprop.extraction.mining.question.execute import NotComputed, call
from agentprop.extraction.mining.question.mine import Disagreement, mine
from agentprop.extraction.mining.question.reading import QuestionReading, numbers_of, readings
from agentprop.extraction.mining.question.template import from_json, to_json
from agentprop.extraction.mining.question.vary import Kind

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "question_cases.json").read_text())
MINED = [case for case in CASES if "refusal" not in case]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["fact"])
def test_questions_are_mined_or_refused_for_the_right_reason(case: dict[str, Any]) -> None:
    try:
        template = mine(case["question"], case["answer"])
    except Refusal as refusal:
        assert refusal.code == case.get("refusal"), refusal.message
        return
    assert "refusal" not in case, template.phrasing
    assert from_json(json.loads(json.dumps(to_json(template)))) == template


@pytest.mark.parametrize("case", MINED, ids=lambda case: case["fact"])
def test_a_question_with_other_numbers_says_what_the_skill_computes(case: dict[str, Any]) -> None:
    template = mine(case["question"], case["answer"])
    names = [parameter.name for parameter in template.parameters]
    kind = Kind(template.kind, template.shape, template.size)
    for values, answer in template.trials[1:8]:
        setting = dict(zip(names, values, strict=True))
        text = re.sub(r"<(\w+)>", lambda hole, told=setting: told[hole[1]], template.phrasing)
        again = readings(text)
        reading = next(one for one in again.values if _computes(one, numbers_of(again.question)))
        for route in (reading.solve, reading.check):
            assert str(kind.of(call(route, numbers_of(again.question)))) == answer, text


def _computes(reading: QuestionReading, numbers: list[Any]) -> bool:
    try:
        call(reading.solve, numbers)
    except NotComputed:
        return False
    return True


def test_a_likely_wrong_label_is_recorded_with_the_neighbour_whose_answer_it_has() -> None:
    question, golds = "If $3x+5=26$, what is the value of $x$?", ["4", "8", "7"]
    with pytest.raises(Disagreement) as found:
        mine(question, golds[1])
    told = json.loads(record(question, golds, 1, found.value))
    assert (told["gold"], told["found"], told["agrees_at_offsets"]) == ("8", "7", [1])


def test_no_end_of_an_open_range_has_the_property_that_is_counted() -> None:
    template = mine("How many multiples of $6$ are between $10$ and $100$?", "15")
    settings = [tuple(map(int, values)) for values, _ in template.trials]
    assert len(settings) > 8
    assert all(low % by and high % by for by, low, high in settings)


def test_what_is_to_be_simplified_can_be_simplified() -> None:
    template = mine(r"Simplify: $\sqrt[3]{375}$", r"5 \sqrt[3]{3}")
    assert len(template.trials) > 3
    assert not [(values, answer) for values, answer in template.trials if answer == rf"\sqrt[3]{{{values[0]}}}"]
