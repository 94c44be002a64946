"""The parts of a divided probe run → one run; its means are those of all problems."""

from __future__ import annotations

from typing import Any

from agentprop.grading.difficulty import pass_at
from agentprop.records import Difficulty
from agentprop.stages.common import merging
from agentprop.storage.run import StoredRun


def merge(out: str, *, fresh: bool = False) -> dict[str, Any]:
    """Merge the parts under `out`. Raises BoundReached if some are not finished."""
    return merging.merge(out, "probe", _with_means, fresh=fresh)


def _with_means(run: StoredRun, summary: dict[str, Any]) -> dict[str, Any]:
    """Pass rates by prober and pass@k, of the last difficulty of each problem."""
    last = {(one.problem_id, one.prober): one for one in run.iter(Difficulty)}.values()
    probers: dict[str, dict[str, float]] = {}
    for one in last:
        row = probers.setdefault(one.prober, {"problems": 0, "pass_rate": 0.0, "never": 0, "always": 0})
        row["problems"] += 1
        row["pass_rate"] += one.c / one.k
        row["never"] += one.c == 0
        row["always"] += one.c == one.k
    for row in probers.values():
        row["pass_rate"] /= row["problems"]
    means: dict[str, float] = {}
    for k in sorted(map(int, summary.get("pass_at", {}))):
        measured = [pass_at(k, correct=one.c, attempts=one.k) for one in last if one.k >= k]
        means[str(k)] = sum(measured) / len(measured)
    k = int(run.config["k"])
    return {**summary, "k": k, "band": run.config["band"], "probers": probers, "pass_at": means}
