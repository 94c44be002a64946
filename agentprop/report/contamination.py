"""`contamination.json` beside a run's data → the benchmarks it was checked against, and the hits.

The reader is tolerant: it needs only `hits`, a list of objects that name a problem and a benchmark. A run without the
file was not checked, which is different from no hits.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeGuard

from agentprop.report.text import LABEL, NOTE, clip

FILE = "contamination.json"
MOST_HITS = 500
"""Most hits that are shown; all are counted."""
_NAMES = {
    "problem": ("problem_id", "problem", "item", "id"),
    "benchmark": ("benchmark", "source", "file", "against"),
    "method": ("method", "stage", "test", "rule", "code"),
    "matched": ("matched", "benchmark_text", "match", "text", "reference"),
    "reference": ("benchmark_id", "reference_id", "benchmark_item", "row", "index"),
    "score": ("score", "overlap", "similarity"),
}
"""Field → its possible names; the first one present counts."""


@dataclass(frozen=True)
class ContaminatedProblem:
    """A problem that is too close to a published one."""

    problem: str
    """Its id."""
    benchmark: str
    """Source of the published text."""
    method: str
    """Comparison that found it: n-gram, number-masked, exact, …"""
    matched: str
    """The published text, or the part that matched."""
    reference: str
    """Id of the benchmark's item."""
    score: float | None
    """Similarity, if the method gives one."""


@dataclass(frozen=True)
class Contamination:
    """Decontamination of all runs together."""

    checked: bool
    """Some run was checked."""
    benchmarks: tuple[str, ...]
    """Benchmarks that they were checked against."""
    problems: int | None
    """Problems checked, if the files say so."""
    total: int
    """Number of all hits."""
    by_method: tuple[tuple[str, int], ...]
    """Hits by benchmark and method, the most frequent first."""
    hits: tuple[ContaminatedProblem, ...]
    """The first hits."""
    unreadable: tuple[str, ...]
    """Files that exist and cannot be parsed."""


def contamination(files: Mapping[str, str]) -> Contamination:
    """Add up the contents of files, by path."""
    documents = {path: _document(text) for path, text in files.items()}
    readable = [document for document in documents.values() if document is not None]
    hits = [_hit(row) for document in readable for row in document["hits"] if isinstance(row, Mapping)]
    counts = Counter(f"{hit.benchmark} · {hit.method}" for hit in hits)
    benchmarks = dict.fromkeys(name for document in readable for name in _benchmarks(document))
    sizes = [size for document in readable if isinstance(size := document.get("problems"), int)]
    return Contamination(
        checked=bool(readable),
        benchmarks=tuple(benchmarks),
        problems=sum(sizes) if sizes else None,
        total=len(hits),
        by_method=tuple(counts.most_common(30)),
        hits=tuple(hits[:MOST_HITS]),
        unreadable=tuple(path for path, document in documents.items() if document is None),
    )


def _document(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        return {"hits": value}
    return value if isinstance(value, dict) and isinstance(value.get("hits"), list) else None


def _benchmarks(document: Mapping[str, Any]) -> Sequence[str]:
    named = document.get("benchmarks", ())
    if isinstance(named, Mapping | list | tuple):
        return [
            _label(entry.get("name", entry.get("path", "")) if isinstance(entry, Mapping) else entry) for entry in named
        ]
    return []


def _hit(row: Mapping[str, Any]) -> ContaminatedProblem:
    score = row.get(next((name for name in _NAMES["score"] if name in row), ""))
    return ContaminatedProblem(
        problem=_field(row, "problem", LABEL),
        benchmark=_field(row, "benchmark", LABEL),
        method=_field(row, "method", LABEL),
        matched=_field(row, "matched", NOTE),
        reference=_field(row, "reference", LABEL),
        score=float(score) if _is_number(score) else None,
    )


def _field(row: Mapping[str, Any], field: str, limit: int) -> str:
    value = row.get(next((name for name in _NAMES[field] if row.get(name) is not None), ""), "")
    return clip(value if isinstance(value, str) else json.dumps(value), limit) or ""


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _label(value: object) -> str:
    return clip(str(value), LABEL) or ""
