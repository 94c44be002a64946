"""Small problems of every kind of answer, written here and stored as a run or a stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from agentprop.records import Certificate, Problem, Reject, Stage, StopReason, Task, TestCase, Trajectory, Turn, Verdict
from agentprop.storage.run import Run

TESTS = tuple(TestCase(arguments=f"[{n}]", expected=str(n * n)) for n in range(6))


def problem(number: int = 0, answer: str = "42", answer_type: str = "integer", **fields: Any) -> Problem:
    """A statement; its content does not matter to a prober that follows a script."""
    about = {
        "statement": f"Problem {number}: find the value.",
        "answer": answer,
        "answer_type": answer_type,
        "domain": "mathematics",
        "category": "toy",
        "skills": (),
        "skill_ids": (),
        "certificate": Certificate(form="none"),
        **fields,
    }
    return Problem.model_validate(about)


def program_problem() -> Problem:
    """Asks for the square of a number."""
    return problem(answer="def solve(n):\n    return n * n\n", answer_type="program", entry_point="solve", tests=TESTS)


def trajectory(number: int) -> Trajectory:
    """Trajectory of problem `number`."""
    turn = Turn(index=0, stage=Stage.DRAFT, action="submit", message=f"here is {number}", observation="")
    task = Task(seed=0, index=number, domain="mathematics", category="toy", skill_ids=())
    return Trajectory(task_id=task.id, task=task, system="s", prompt="p", turns=(turn,), stop=StopReason.SUBMITTED)


def store(path: Path, problems: Sequence[Problem], verdicts: Iterable[Verdict] = ()) -> Path:
    """A finished run that holds the problems, each with a trajectory."""
    with Run.open(path, "propose", {"seed": 0}) as run:
        for number, one in enumerate(problems):
            trace = trajectory(number)
            run.add(Problem.model_validate({**one.model_dump(), "trajectory_id": trace.id, "task_id": trace.task_id}))
            run.add(trace)
        for verdict in verdicts:
            run.add(verdict)
        run.add(Reject(stage="propose", item="99", outcome="rejected", code="duplicate"))
        run.commit({})
        run.finish({})
    return path
