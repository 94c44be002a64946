"""Earlier runs → the mastery that a new run starts with, from the verdicts on each category's problems.

Problems and verdicts are joined by id over all the runs named, so a propose run and the verify run that judged it are
named together. If a problem has several verdicts, that of the last run named counts. `undetermined` is ignored.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.errors import InputError
from agentprop.records import Problem, Verdict


def earlier_mastery(runs: Sequence[str], curriculum: Curriculum) -> MasteryState:
    """Compute the mastery after the verdicts of earlier runs; only categories that this run draws from count.

    Raises InputError if there is no verdict on a problem of these categories.
    """
    state = curriculum.start()
    if not runs:
        return state
    from agentprop.storage.run import open_run  # reads Parquet, which programs that make a plan need not

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
            f"there is no verdict on a problem in {', '.join(runs)}",
            hint="name the propose run and the verify run that judged it, both with --learn-from",
        )
    for name, valid in known:
        state = curriculum.updated(state, {name: [1, valid, valid]})
    return state
