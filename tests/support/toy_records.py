"""Records for the storage tests, with optional fields filled in some and empty in others."""

from __future__ import annotations

from agentprop.records import (
    Certificate,
    MadeBy,
    PipedProblem,
    Problem,
    Stage,
    StopReason,
    Task,
    TestCase,
    Trajectory,
    Turn,
)

"""For Python processes that import this agentprop, installed or not."""


def problem(index: int) -> Problem:
    return Problem(
        statement=f"What is {index} + {index}? ∑ \x00 “quoted”",
        answer=str(2 * index),
        answer_type="integer",
        domain="mathematics",
        category="sums",
        skills=("a", "b"),
        skill_ids=("1", "2"),
        tests=(TestCase(arguments="[1]", expected="2"),) if index % 2 else (),
        certificate=Certificate(form="program", source=f"answer = {index} + {index}"),
        unit="cm" if index % 2 else None,
        figures=3 if index % 2 else None,
        index=index,
        made_by=MadeBy(revision="r" if index % 2 else None),
    )


def trajectory(index: int, sampled: bool = False) -> Trajectory:
    task = Task(seed=1, index=index, domain="mathematics", category="sums", skill_ids=("1", "2"))
    turns = (
        Turn(index=0, stage=Stage.DRAFT, action="think", message="m", observation="", skills=("a", "b")),
        Turn(
            index=1,
            stage=Stage.FINALIZE,
            action="submit",
            message=f"submit {index}",
            observation="accepted",
            duration_s=0.25,
            token_ids=(1, 2) if sampled else None,
            logprobs=(-0.5, -1.5) if sampled else None,
        ),
    )
    return Trajectory(
        task_id=task.id, task=task, system="s", prompt="p", turns=turns, stop=StopReason.SUBMITTED, problem_id="x"
    )


def piped(index: int) -> PipedProblem:
    return PipedProblem(problem=problem(index), trajectory=trajectory(index) if index % 2 else None)
