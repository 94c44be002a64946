"""What `extract` says at its end: the summary for people, and why nothing came of the corpus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentprop.errors import InputError
from agentprop.stages.common.layout_notes import without_layouts
from agentprop.stages.extract import gold_audit

EXAMPLES = "examples of reasons"
REASONS = 3
"""Reasons that are told where no skill came out."""


def told(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary for people, with where to read on; the reasons of a run without skills are told in a sentence."""
    shown = {name: value for name, value in without_layouts(summary).items() if name != EXAMPLES}
    if shown.get(gold_audit.COUNT):
        shown[gold_audit.COUNT] = f"{shown[gold_audit.COUNT]:,}, one a line in {gold_audit.FILE}"
    return shown


def nothing_extracted(summary: Mapping[str, Any]) -> InputError | None:
    """The error for a run that made no skill: what most documents were refused for. None if there are skills."""
    if summary["distinct skills"]:
        return None
    reasons = list(summary.get("reasons", {}).items())[:REASONS]
    examples = summary.get(EXAMPLES, {})
    told = "; ".join(
        f"{number:,} × {code}" + (f" ({examples[code]})" if code in examples else "") for code, number in reasons
    )
    documents = summary.get("documents", 0)
    return InputError(
        f"no skill was extracted from {documents:,} documents: {told or 'there were none'}",
        hint="`agentprop extract --explain SOURCE` shows what is read; --question-field and the like correct it",
    )
