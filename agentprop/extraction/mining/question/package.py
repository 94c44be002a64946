"""Templates of one computation to the two files of a skill package: SKILL.md and scripts/skill.py."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from agentprop.extraction.mining.question.restate import restated
from agentprop.extraction.mining.question.script import source
from agentprop.extraction.mining.question.template import QuestionTemplate, VaryingNumber

LONGEST_TABLE = 1900
"""Characters of a constraint that lists settings."""


@dataclass(frozen=True)
class QuestionTask:
    """A kind of question."""

    name: str
    """Short name."""
    category: str
    """Category of its skills."""
    title: str
    """Title of its skills."""
    harder: str
    """What makes it hard."""
    heads: frozenset[str]
    """Heads of a reading that make a question one of this kind; empty for all others."""


@cache
def tasks() -> tuple[QuestionTask, ...]:
    """The kinds of questions, in order of precedence."""
    text = files("agentprop.extraction.mining.question").joinpath("tasks.toml").read_text("utf-8")
    return tuple(QuestionTask(**{**one, "heads": frozenset(one["heads"])}) for one in tomllib.loads(text)["task"])


def task_of(heads: Sequence[str]) -> QuestionTask:
    """The kind of question that a reading with these heads is."""
    return next(task for task in tasks() if not task.heads or task.heads & set(heads))


def package(template: QuestionTemplate, phrasings: Sequence[str], documents: int) -> tuple[str, str, str]:
    """(name, SKILL.md, scripts/skill.py)."""
    task = task_of(template.heads)
    own, phrases = restated(template, phrasings)
    told = "\n".join([*phrasings, template.solve, *(f"{one}" for one in template.parameters)])
    name = f"{task.category}-{task.name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    script = source(template, f"{task.title}: {_one_line(template.solve)}")
    front = yaml.safe_dump(
        _front(template, task, name, own or phrasings, phrases, documents),
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=None,
    )
    return name, f"---\n{front}---\n\n{_body(template, task)}", script


def _front(
    template: QuestionTemplate,
    task: QuestionTask,
    name: str,
    phrasings: Sequence[str],
    phrases: Sequence[str],
    documents: int,
) -> dict[str, Any]:
    count = len(template.parameters)
    metadata: dict[str, Any] = {
        "domain": "mathematics",
        "category": task.category,
        "intent": f"Asks one whole question with {count} varying {'number' if count == 1 else 'numbers'}.",
        "method": "Draws numbers in the ranges until the constraints hold, and puts them into the question as it is.",
        "effect": f"Moderate: {task.harder}.",
        "tool": "scripts/skill.py computes the value exactly (solve), and by another route (check).",
        "parameters": {one.name: _parameter(one) for one in template.parameters},
        "constraints": constraints(template),
        "output": {"kind": {"number": "rational"}.get(template.kind, template.kind)},
        "phrasings": [{"ask": phrasing} for phrasing in phrasings],
        **({"value": list(phrases)} if phrases else {}),
        "evidence": "self-consistent",
        "witness": {
            "documents": documents,
            "routes": 2,
            "settings": len(template.trials),
            "answers": template.answers,
            "kept": template.rate,
            "idle": template.idle,
        },
    }
    return {
        "name": name,
        "description": f"{task.title}: {_shortened(template.solve)}. "
        "Use when a question of this kind is to be asked with other numbers.",
        "license": "Apache-2.0",
        "metadata": metadata,
    }


def _parameter(one: VaryingNumber) -> dict[str, Any]:
    if one.places:
        return {"kind": "decimal", "min": _float(one.values[0]), "max": _float(one.values[-1]), "digits": one.places}
    values = [int(value) for value in one.values]
    if values[-1] - values[0] == len(values) - 1:
        return {"kind": "integer", "min": values[0], "max": values[-1]}
    return {"kind": "integer", "values": values}


def _float(text: str) -> float:
    return float(Fraction(text))


def constraints(template: QuestionTemplate) -> list[str]:
    """The table of allowed settings as one constraint, as many of them as fit."""
    if not template.table:
        return []
    names = ", ".join(one.name for one in template.parameters)
    rows = [", ".join(_written(value) for value in row) for row in template.table]
    single = len(template.parameters) == 1
    while True:
        listed = ", ".join(row if single else f"({row})" for row in rows)
        text = f"{names} in [{listed}]" if single else f"({names}) in [{listed}]"
        if len(text) <= LONGEST_TABLE:
            return [text]
        rows = rows[:-1]


def _written(value: str) -> str:
    return value if "/" not in value else str(_float(value))


def _body(template: QuestionTemplate, task: QuestionTask) -> str:
    setting, answer = template.trials[0]
    givens = ", ".join(
        f"{one.name} = {_written(value)}" for one, value in zip(template.parameters, setting, strict=True)
    )
    return f"""# {task.title}

## Recognition

One question, asked whole: nothing of it may be left out, because every sentence is a condition.

## Workflow

1. Draw numbers within the ranges until the constraints hold.
2. Put them into the question in their places.
3. Compute `{_one_line(template.solve)}`.

To harden it, draw from the upper ends of the ranges.

## Effect

Moderate: {task.harder}.

## Tools

`solve` and `check` in scripts/skill.py give {answer} for {givens}.
"""


def _one_line(expression: str) -> str:
    return re.sub(r"\bu_(\w)", r"\1", expression)


def _shortened(expression: str) -> str:
    text = _one_line(expression)
    return text if len(text) <= 300 else f"{text[:297]}..."
