"""A family's package on trial in the sandbox: its documents' numbers and every setting both routes agreed on."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.merge import QuestionFamily
from agentprop.extraction.mining.question.template import QuestionTemplate
from agentprop.sandbox import Job, Result

MOST_TRIALS = 16
WEIGHTS = {"freedom": 0.25, "support": 0.15, "phrasing": 0.35, "coverage": 0.25}
MANY_ANSWERS = 12
_CODE = "import skill\nvalues = [[str(skill.solve(**p)), str(skill.check(**p))] for p in {points}]\n"


def job(family: QuestionFamily, script: str) -> Job:
    """What runs in the sandbox."""
    points = [point for point, _ in _trials(family)]
    return Job(_CODE.format(points=points), modules={"skill": script}, returns="values")


def fault(family: QuestionFamily, result: Result) -> str | None:
    """What went wrong, or None when every setting gives its answer by both routes."""
    if result.status != "ok" or not isinstance(result.value, list):
        return f"the script did not run: {result.error or result.status}"
    expected = [answer for _, answer in _trials(family)]
    if len(result.value) != len(expected):
        return "the script did not give a value for every setting"
    for wanted, pair in zip(expected, result.value, strict=True):
        if pair != [wanted, wanted]:
            return f"solve and check give {pair} where the question gives {wanted}"
    return None


def _trials(family: QuestionFamily) -> list[tuple[dict[str, Any], str]]:
    """Each document's own setting, then some of the others."""
    own = [_trial(member.template, 0) for member in family.members]
    first = family.members[0].template
    count = len(first.trials)
    step = max(1, count // MOST_TRIALS)
    return [*own, *(_trial(first, place) for place in range(1, count, step))]


def _trial(template: QuestionTemplate, place: int) -> tuple[dict[str, Any], str]:
    values, answer = template.trials[place]
    point = {
        one.name: float(Fraction(value)) if one.places else int(value)
        for one, value in zip(template.parameters, values, strict=True)
    }
    return point, answer


def parts(family: QuestionFamily) -> dict[str, float]:
    """The parts of r(k) in [0, 1]: reproduced, different answers, documents, wording, share of settings with an
    answer, conditions that never matter counting half."""
    found = {
        "reproduced": 1.0,
        "freedom": min(family.template.answers / MANY_ANSWERS, 1.0),
        "support": 1 - 0.5 ** len(family.members),
        "phrasing": 1.0,
        "coverage": family.template.rate * (1 - family.template.idle / 2),
    }
    return {name: round(value, 3) for name, value in found.items()}


def score(found: dict[str, float]) -> float:
    """r(k) of its parts."""
    return round(found["reproduced"] * sum(weight * found[name] for name, weight in WEIGHTS.items()), 3)
