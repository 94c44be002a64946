"""The parts of a divided verify run → one run."""

from __future__ import annotations

from typing import Any

from agentprop.stages.common import merging
from agentprop.storage.run import StoredRun


def merge(out: str, *, fresh: bool = False) -> dict[str, Any]:
    """Merge the parts under `out`. Raises BoundReached if some are not finished."""
    return merging.merge(out, "verify", _as_it_is, fresh=fresh)


def _as_it_is(_: StoredRun, summary: dict[str, Any]) -> dict[str, Any]:
    return summary  # counts only
