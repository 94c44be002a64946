"""What was read → what a person is told of it: files by layout, what was left out, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agentprop.extraction.corpus.documents import Corpus, FileReport

NAMED = 5
"""Files of one layout that are named."""
FAULTS = 20
"""Unreadable files that are named in a summary; all of them are among the rejects."""


def one_line(report: FileReport) -> str:
    """What was taken from a file, in a line."""
    told = "; ".join(f"{part} = {where}" for part, where in _told(report).items())
    return f"{report.file.name} ({_kind(report)}): {told}"


def _kind(report: FileReport) -> str:
    """What a file is; its encoding is worth a word where it is not UTF-8."""
    named = report.encoding.lower().replace("_", "-") not in ("", "utf-8", "utf8")
    return f"{report.carrier} in {report.encoding}" if named else report.carrier


def summary(corpus: Corpus) -> dict[str, Any]:
    """The counts of a corpus, and its layouts with the files that have them; empty counts are left away."""
    faults = {report.file.name: report.fault for report in corpus.reports if report.fault}
    named = dict(list(faults.items())[:FAULTS])
    if len(faults) > FAULTS:
        named[f"and {len(faults) - FAULTS} more"] = "see the rejects"
    others = sum((report.left_out for report in corpus.reports), Counter[str]())
    found = {
        "files": len(corpus.reports),
        "files left out": dict(corpus.sources.left_out),
        "records of other splits": dict(others),
        "unreadable files": named,
        "layouts": layouts(corpus.reports),
    }
    return {name: value for name, value in found.items() if value or name == "files"}


def layouts(reports: Sequence[FileReport]) -> list[dict[str, Any]]:
    """Files that were read alike, together: their names, their documents, and what was taken from the first."""
    groups: dict[tuple[str, ...], list[FileReport]] = {}
    for report in reports:
        if report.layout is not None:
            groups.setdefault(likeness_of(report), []).append(report)
    return [_group(group) for group in groups.values()]


def _group(group: Sequence[FileReport]) -> dict[str, Any]:
    names = [report.file.name for report in group]
    shown = names[:NAMED] + ([f"and {len(names) - NAMED} more"] if len(names) > NAMED else [])
    joined = [report.joined for report in group if report.joined]
    others = sum(report.others for report in group)
    return {
        "files": shown,
        "kind": _kind(group[0]),
        "documents": sum(report.documents for report in group),
        "taken": _told(group[0]),
        **({"solutions from": joined[:NAMED]} if joined else {}),
        **({"rows of other layouts": others} if others else {}),
    }


def _told(report: FileReport) -> dict[str, str]:
    return {} if report.layout is None else report.layout.told()


def likeness_of(report: FileReport) -> tuple[str, ...]:
    """What files that were read alike have in common: their kind, and what was taken without the counts."""
    return (_kind(report), *(f"{part}={where.partition(',')[0]}" for part, where in _told(report).items()))
