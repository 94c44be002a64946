"""Mined scripts on trial, in the sandbox: do the original numbers give the original answers, do solve and check agree?

The points are the documents' own numbers and a few random settings; at each, `solve` and `check` run in the sandbox and
are compared, out here, with the graph's own value.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from random import Random

from agentprop.extraction.mining.freedom import CompiledRules, draw
from agentprop.extraction.mining.graph import value
from agentprop.extraction.mining.merge import SkillFamily
from agentprop.extraction.mining.notation import letters
from agentprop.sandbox import Job, Result

RANDOM_POINTS = 6
_DRAWS = 400
_CODE = "import skill\nvalues = [[str(skill.solve(**p)), str(skill.check(**p))] for p in {points}]\n"


def points(family: SkillFamily) -> list[dict[str, int]]:
    """The members' own numbers, then random settings that satisfy the rules."""
    own = [member.candidate.original for member in family.members]
    rng, judge, domains = Random("trial"), CompiledRules(family.rules), dict(enumerate(family.domains))
    drawn = (draw(domains, rng) for _ in range(_DRAWS))
    fresh = [tuple(setting.values()) for setting in drawn if judge.accepts(setting)][:RANDOM_POINTS]
    names = letters(len(family.domains))
    return [dict(zip(names, setting, strict=True)) for setting in [*own, *fresh]]


def job(family: SkillFamily, script: str) -> Job:
    """What runs in the sandbox."""
    return Job(_CODE.format(points=points(family)), modules={"skill": script}, returns="values")


def passes(family: SkillFamily, result: Result) -> str | None:
    """None when every point agrees, or what went wrong."""
    if result.status != "ok" or not isinstance(result.value, list):
        return f"the script did not run: {result.error or result.status}"
    expected = [str(value(family.root, _exact(point))) for point in points(family)]
    if len(result.value) != len(expected):
        return "the script did not give a value for every setting"
    for wanted, pair in zip(expected, result.value, strict=True):
        if pair != [wanted, wanted]:
            return f"solve and check give {pair} where the equations give {wanted}"
    answers = [str(member.candidate.answer) for member in family.members]
    if expected[: len(answers)] != answers:
        return "the original numbers do not give the original answers"
    return None


def _exact(point: Mapping[str, int]) -> dict[int, Fraction]:
    return {index: Fraction(number) for index, number in enumerate(point.values())}
