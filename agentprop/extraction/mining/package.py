"""A family to the two files of a skill package: SKILL.md and scripts/skill.py."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import yaml

from agentprop.extraction.mining.graph import ArithmeticStep, Node, QuestionNumber, steps, value
from agentprop.extraction.mining.merge import SkillFamily
from agentprop.extraction.mining.notation import condition, infix, letters
from agentprop.extraction.mining.script import source
from agentprop.extraction.mining.wording import Phrasing
from agentprop.extraction.mining.words import EMPTY
from agentprop.skills.values.prose import in_prose

CATEGORY = "arithmetic"
_VERBS = {"+": "adds", "-": "subtracts", "*": "multiplies", "/": "divides"}


def package(family: SkillFamily) -> tuple[str, str, str]:
    """(name, SKILL.md, scripts/skill.py)."""
    names: dict[Node, str] = dict(
        zip(map(QuestionNumber, range(len(family.domains))), letters(len(family.domains)), strict=True)
    )
    name = _name(family)
    title = _title(family)
    script = source(family.root, names, f"{title}: forwards, and backwards from the result.", family.whole)
    front = yaml.safe_dump(
        _front(family, names, name, title), sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None
    )
    return name, f"---\n{front}---\n\n{_body(family, names, title)}", script


def _name(family: SkillFamily) -> str:
    first = family.members[0].candidate
    words = [
        word for word in re.findall(r"\b[a-z]{3,12}\b", re.sub(r"<\w>", " ", first.phrasing.ask)) if word not in EMPTY
    ]
    told = "\n".join(phrasing.scene + phrasing.ask for phrasing in family.phrasings)
    digest = hashlib.sha256(f"{first.graph}\n{told}".encode()).hexdigest()[:8]
    return "-".join([CATEGORY, *words[:2], digest])


def _title(family: SkillFamily) -> str:
    verbs = dict.fromkeys(_VERBS[step.operator] for step in steps(family.root))
    return f"Word problem that {in_prose(list(verbs))}"


def _front(family: SkillFamily, names: Mapping[Node, str], name: str, title: str) -> dict[str, Any]:
    first = family.members[0].candidate.phrasing
    count = len(steps(family.root))
    expression = infix(family.root, names)
    output: dict[str, Any] = {"kind": "integer" if family.whole else "rational"}
    if first.subject and family.whole:
        output |= {"role": "pile", "subject": first.subject}
    metadata = {
        "domain": "mathematics",
        "category": CATEGORY,
        "intent": f"Turns a story into {count} dependent {_plural(count, 'step')}, each number in its place.",
        "method": "Draws givens within the ranges until the constraints hold, so that every step means what it did in "
        "the original story, and tells one of the stories.",
        "effect": _effect(family),
        "tool": "scripts/skill.py runs the equations forwards (solve) and backwards, result to given (check).",
        "parameters": {n: _parameter(values) for n, values in zip(names.values(), family.domains, strict=True)},
        "constraints": [condition(rule, names) for rule in family.rules],
        "output": output,
        "phrasings": [_wording(*told) for phrasing in family.phrasings for told in _tellings(phrasing)],
        "evidence": "self-consistent",
    }
    return {
        "name": name,
        "description": f"{title}: {expression}. Use when a problem should open with a concrete story whose quantities "
        f"combine in {count} {_plural(count, 'step')}.",
        "license": "Apache-2.0",
        "metadata": metadata,
    }


def _parameter(values: Sequence[int]) -> dict[str, Any]:
    if values[-1] - values[0] == len(values) - 1:
        return {"kind": "integer", "min": values[0], "max": values[-1]}
    return {"kind": "integer", "values": list(values)}


def _tellings(phrasing: Phrasing) -> list[tuple[str, str]]:
    """The wordings of a story. A scene may be told without its question, so it stands apart only where the question
    says nothing that the scene does not: where it is turned into a noun phrase word for word. Others are asked whole.
    """
    whole = ("", f"{phrasing.scene} {phrasing.ask}".strip())
    if phrasing.subject is None:
        return [whole]
    return [whole, phrasing.apart] if phrasing.apart else [(phrasing.scene, phrasing.ask)]


def _wording(scene: str, ask: str) -> dict[str, str]:
    return {"scene": scene, "ask": ask} if scene else {"ask": ask}


def _effect(family: SkillFamily) -> str:
    """What makes it harder, from the graph: its length, shares, and givens that are needed twice."""
    found = steps(family.root)
    reasons = [f"{len(found)} {_plural(len(found), 'step')} must be taken in the right order"]
    sides = [side for step in found for side in (step.left, step.right)]
    if any(isinstance(side, QuestionNumber) and sides.count(side) > 1 for side in sides):
        reasons.append("a given is needed more than once")
    if any(isinstance(side, ArithmeticStep) and sides.count(side) > 1 for side in sides):
        reasons.append("an intermediate result is needed more than once")
    if any(step.operator == "/" for step in found):
        reasons.append("a share or rate must be taken of the right whole")
    return f"Moderate: {in_prose(reasons)}."


def _body(family: SkillFamily, names: Mapping[Node, str], title: str) -> str:
    first = family.members[0].candidate
    original = dict(enumerate(first.original))
    exact = {index: Fraction(number) for index, number in original.items()}
    givens = ", ".join(f"{names[QuestionNumber(index)]} = {number}" for index, number in original.items())
    lines = [
        f"# {title}",
        "",
        "## Recognition",
        "",
        f"Quantities of one story that combine as `{infix(family.root, names)}`.",
    ]
    lines += ["", "## Workflow", "", f"With {givens}:", ""]
    known = dict(names)
    for number, step in enumerate(steps(family.root), 1):
        operands = {side: known[side] for side in (step.left, step.right) if side in known}
        known[step] = f"step{number}"
        lines.append(f"{number}. `step{number} = {infix(step, operands)}`, here {value(step, exact)}.")
    lines += ["", "To harden it, let a given come from another skill, or ask for a given when the result is known."]
    lines += ["", "## Effect", "", _effect(family)]
    lines += ["", "## Tools", "", f"`solve` and `check` in scripts/skill.py give {first.answer} for {givens}.", ""]
    return "\n".join(lines)


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
