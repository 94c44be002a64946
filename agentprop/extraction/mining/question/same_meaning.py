"""Texts of questions → what they say, in a form in which questions in other words can be compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agentprop.extraction.mining.question.reading import Readings, numbers_of, readings


def meaning_of(text: str) -> frozenset[str]:
    """The programs of a question, as `programs_of` gives them. Raises Refusal if it cannot be read."""
    return programs_of(readings(text))


def programs_of(understood: Readings) -> frozenset[str]:
    """The programs of a question that was read, its numbers written in, because they stand in another order in another
    sentence, and its letters numbered.
    """
    numbers = numbers_of(understood.question)
    return frozenset(_plain(program, numbers) for program in understood.programs)


def _plain(program: str, numbers: Sequence[Any]) -> str:
    names: dict[str, str] = {}
    told = re.sub(r"\bu_\w+", lambda found: names.setdefault(found[0], f"u{len(names)}"), program)
    return re.sub(r"\bn(\d+)\b", lambda found: f"({numbers[int(found[1])]})", told)
