"""A disagreement between a question's computed value and the corpus' answer to a record of a likely wrong label."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agentprop.extraction.mining.question.answers import agrees
from agentprop.extraction.mining.question.execute import FAILURES, NotComputed
from agentprop.extraction.mining.question.latex.tree import Unreadable
from agentprop.extraction.mining.question.mine import Disagreement

REACH = 6
"""Documents to either side whose answers are compared: labels that slipped by some rows agree with one of them."""


def record(question: str, golds: Sequence[str], place: int, found: Disagreement) -> str:
    """JSON: question, the corpus' answer, what was found and how, and at which offsets the value is the answer."""
    offsets = [by for by in range(-REACH, REACH + 1) if by and _has(golds, place + by, found)]
    return json.dumps(
        {
            "question": question,
            "gold": golds[place],
            "found": found.found,
            "routes": ["exact", "search"],
            "computation": found.computation,
            "agrees_at_offsets": offsets,
        },
        ensure_ascii=False,
    )


def _has(golds: Sequence[str], place: int, found: Disagreement) -> bool:
    if not 0 <= place < len(golds):
        return False
    try:
        return agrees(found.value, golds[place])
    except (Unreadable, NotComputed, *FAILURES):
        return False
