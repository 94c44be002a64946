"""Expert trajectories of the whole loop → the same problems submitted at once: what a proposer without a loop imitates.

    python examples/miniature/one_shot.py RUN --out DIR

Each accepted trajectory keeps its task and its last message, the submission; drafts, checks and repairs are gone, and
the system text is the one-shot variant. Problems and verdicts stay as they are, so that both arms imitate the same
problems.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from agentprop.prompts import prompt
from agentprop.records import Problem, Stage, Trajectory, Verdict
from agentprop.storage.run import Run, open_run


def at_once(trajectory: Trajectory) -> Trajectory:
    """The same submission as the first and only action."""
    last = trajectory.turns[-1]
    turn = last.model_copy(update={"index": 0, "stage": Stage.DRAFT, "skills": trajectory.turns[0].skills})
    kept = trajectory.model_dump(exclude={"id", "messages_hash", "turns", "system"})
    return Trajectory(**kept | {"pruned": 0, "replaced": 0}, system=prompt("one_shot"), turns=(turn,))


def main() -> None:
    """Write the run."""
    parser = argparse.ArgumentParser(description="submissions without the loop that led to them")
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    source = open_run(asked.run)
    settings = {**source.config, "one_shot_of": source.fingerprint}
    with Run.open(asked.out, "propose", settings) as made:
        if made.complete:
            return
        verdicts = {verdict.problem_id: verdict for verdict in source.iter(Verdict)}
        problems = {problem.trajectory_id: problem for problem in source.iter(Problem)}
        count = 0
        for trajectory in source.iter(Trajectory):
            problem = problems.get(trajectory.id)
            if problem is None:
                continue
            shortened, count = at_once(trajectory), count + 1
            made.add(shortened)
            made.add(problem.model_copy(update={"trajectory_id": shortened.id}))
            made.add(verdicts[problem.id])
            made.commit({})
        made.finish({"accepted": count})


if __name__ == "__main__":
    main()
