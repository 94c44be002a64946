"""What a stage says of the files of others: each layout as it is found, and of a summary what a person wants to see."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from agentprop.extraction.corpus import FileReport
from agentprop.extraction.corpus.report import likeness_of, one_line

MOST = 20
"""Different layouts that are told; the summary lists all of them."""
log = logging.getLogger("agentprop")


class LayoutNotes:
    """Tells each layout once, on stderr and in the log."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._told: set[tuple[str, ...]] = set()

    def __call__(self, report: FileReport) -> None:
        what = likeness_of(report)
        if what in self._told or len(self._told) == MOST:
            return
        self._told.add(what)
        line = one_line(report)
        log.info(line)
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)


def without_layouts(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary for people: the layouts were told when they were found, and one file is no news."""
    sources = {name: value for name, value in summary.get("sources", {}).items() if name != "layouts"}
    kept = {name: value for name, value in summary.items() if name != "sources"}
    return {**kept, "sources": sources} if sources.keys() - {"files"} or sources.get("files", 1) > 1 else kept
