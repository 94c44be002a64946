"""A verifier's structured reply ↔ the sections that `verifier_reply` reads, and its answer before it saw the claim.

    {"rationale": "…", "answer": "4", "flags": [], "verdict": "valid"}

The rationale comes first, so that a model whose every token must fit the schema states its reason before its verdict.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from agentprop.grading.reports import FLAGS

TAGS = ("verdict", "flags", "answer", "rationale")
SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "rationale": {"type": "string"},
        "answer": {"type": "string"},
        "flags": {"type": "array", "items": {"type": "string", "enum": list(FLAGS)}},
        "verdict": {"type": "string", "enum": ["valid", "invalid"]},
    },
    "required": ["rationale", "answer", "flags", "verdict"],
    "additionalProperties": False,
}
"""JSON Schema of a verdict."""
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\Z", re.DOTALL)
_ANSWER = re.compile(r"<answer>((?:(?!<answer>).)*?)</answer>", re.DOTALL)


def sectioned(text: str) -> str:
    """The sections of a reply that is a verdict in JSON, fenced or not; any other reply as it is."""
    found = _object(text.strip())
    if found is None or "verdict" not in found:
        return text
    return "\n".join(f"<{tag}>{_text(found[tag])}</{tag}>" for tag in TAGS if tag in found)


def blind_answer(text: str) -> str | None:
    """The last answer of a reply to the statement alone; None if there is none or it is empty."""
    found = _ANSWER.findall(text)
    return (found[-1].strip() or None) if found else None


def _object(text: str) -> dict[str, object] | None:
    fenced = _FENCE.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text, strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str:
    """A value of the object as the text of a section: a list of flags by commas, numbers as they are written."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    return "" if value is None else json.dumps(value, ensure_ascii=False)
