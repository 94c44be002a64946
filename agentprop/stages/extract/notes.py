"""What the command says of the corpus: each layout as it is found, and why nothing came of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from agentprop.errors import InputError
from agentprop.extraction.corpus import FileReport
from agentprop.extraction.corpus.report import one_line

MOST = 20
"""Different layouts that are told; the summary lists all of them."""
REASONS = 3
"""Reasons that are told where no skill came out."""
log = logging.getLogger("agentprop")


class LayoutNotes:
    """Tells each layout once, on stderr and in the log."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._told: set[str] = set()

    def __call__(self, report: FileReport) -> None:
        line = one_line(report)
        what = line.partition(": ")[2]
        if what in self._told or len(self._told) == MOST:
            return
        self._told.add(what)
        log.info(line)
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)


def nothing_extracted(summary: Mapping[str, Any]) -> InputError | None:
    """The error for a run that made no skill: what most documents were refused for. None if there are skills."""
    if summary["distinct skills"]:
        return None
    reasons = list(summary.get("reasons", {}).items())[:REASONS]
    examples = summary.get("examples of reasons", {})
    told = "; ".join(
        f"{number:,} × {code}" + (f" ({examples[code]})" if code in examples else "") for code, number in reasons
    )
    documents = summary.get("documents", 0)
    return InputError(
        f"no skill was extracted from {documents:,} documents: {told or 'there were none'}",
        hint="`agentprop extract --explain SOURCE` shows what is read; --question-field and the like correct it",
    )
