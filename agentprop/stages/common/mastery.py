"""Earlier runs → the mastery a new run starts with: what the verifiers said of each category's problems.

Problems and verdicts are joined by id over all the runs named, so a propose run and the verify run that judged it are
given together. Where a problem has several verdicts the last run named decides. `undetermined` says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentprop.agent.candidates import Curriculum, MasteryState
from agentprop.errors import InputError
from agentprop.records import Problem, Verdict
from agentprop.storage.run import open_run

GROUP = 96
"""Verdicts that make one step of the EMA: as many as a batch of candidates."""


def earlier_standing(runs: Sequence[str], curriculum: Curriculum) -> MasteryState:
    """The standing after the verdicts of earlier runs; categories this run does not draw from are left out."""
    standing = curriculum.start()
    if not runs:
        return standing
    stored = [open_run(path) for path in runs]
    category = {row["id"]: row["category"] for run in stored for row in run.iter_rows(Problem, ["id", "category"])}
    verdicts: dict[str, str] = {}
    for run in stored:
        for row in run.iter_rows(Verdict, ["problem_id", "value"]):
            verdicts[row["problem_id"]] = row["value"]
    known = [
        (category[p], value == "valid")
        for p, value in verdicts.items()
        if value != "undetermined" and category.get(p) in curriculum.categories
    ]
    if not known:
        raise InputError(
            f"no verdict on a known problem in {', '.join(runs)}",
            hint="name the propose run and the verify run that judged it, both with --learn-from",
        )
    for start in range(0, len(known), GROUP):
        standing = curriculum.updated(standing, _tally(known[start : start + GROUP]))
    return standing


def _tally(group: Iterable[tuple[str, bool]]) -> dict[str, list[int]]:
    """Category → (candidates, successes, distinct successes)."""
    out: dict[str, list[int]] = {}
    for category, valid in group:
        total, good, distinct = out.get(category, [0, 0, 0])
        out[category] = [total + 1, good + valid, distinct + valid]
    return out
