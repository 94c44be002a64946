"""Small problems with traces, models that follow a script, and run directories to verify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentprop.config import ProposeConfig
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.scripted import Script, Scripted
from agentprop.models.settings import ModelSettings
from agentprop.records import (
    Certificate,
    Problem,
    Stage,
    StopReason,
    Submission,
    Task,
    TestCase,
    Trajectory,
    Turn,
)
from agentprop.records.action_text import submit, think
from agentprop.storage.run import Run


def problem(index: int = 2, **changes: Any) -> Problem:
    made: dict[str, Any] = {
        "statement": f"What is the double of {index}, plus zero?",
        "answer": str(2 * index),
        "answer_type": "integer",
        "domain": "mathematics",
        "category": "sums",
        "skills": (),
        "skill_ids": (),
        "certificate": Certificate(form="program", source=f"answer = 2 * {index}"),
        "evidence": "certificate",
        "index": index,
        "trajectory_id": trace(index).id,
    }
    return Problem(**{**made, **changes})


def trace(index: int = 2) -> Trajectory:
    task = Task(seed=0, index=index, domain="mathematics", category="sums", skill_ids=())
    submission = Submission(
        statement=f"What is the double of {index}, plus zero?",
        answer=str(2 * index),
        answer_type="integer",
        certificate=f"answer = 2 * {index}",
    )
    turns = (
        Turn(
            index=0, stage=Stage.DRAFT, action="think", message=think(f"Doubling {index} is easy."), observation="noted"
        ),
        Turn(index=1, stage=Stage.FINALIZE, action="submit", message=submit(submission), observation="accepted"),
    )
    return Trajectory(
        task_id=task.id,
        task=task,
        system="You propose.",
        prompt=f"Propose problem {index}.",
        turns=turns,
        stop=StopReason.SUBMITTED,
    )


def doubling(*, tests: tuple[tuple[str, str], ...] = (("[1]", "2"), ("[5]", "10"), ("[-3]", "-6"))) -> Problem:
    """A problem whose answer is a program."""
    return problem(
        statement="Write a Python function `double(n)` that doubles.",
        answer="def double(n):\n    return 2 * n",
        answer_type="program",
        entry_point="double",
        tests=tuple(TestCase(arguments=arguments, expected=expected) for arguments, expected in tests),
    )


def proposed(directory: Path, count: int) -> str:
    """A finished propose run with `count` problems."""
    with Run.open(directory, "propose", ProposeConfig(n=count)) as run:
        for index in range(count):
            run.add(problem(index + 1))
            run.add(trace(index + 1))
        run.commit({})
        run.finish({})
    return str(directory)


def scripted(script: Script, **settings: Any) -> tuple[Model, Scripted]:
    """A model that follows a script, and the requests it got."""
    transport = Scripted(script)
    return Model(channel_of(ModelSettings(model="toy", replies="-", **settings), transport), Meter()), transport


def opinion(verdict: str = "valid", answer: str = "4", flags: str = "none", rationale: str = "it is so") -> str:
    return (
        f"<verdict>{verdict}</verdict>\n<flags>{flags}</flags>\n<answer>{answer}</answer>\n"
        f"<rationale>{rationale}</rationale>"
    )
