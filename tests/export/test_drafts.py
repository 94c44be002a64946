"""Pairs of drafts from one trajectory: which are taken, and what is taken out."""

from __future__ import annotations

import pytest

from agentprop.export.drafts import preference, without_failure
from agentprop.records import Task, Trajectory, Turn

SKILLS = ("a", "b")


def turn(index: int, action: str, message: str, outcome: str = "ok", seen: str = "", **settings: object) -> Turn:
    values = {"index": index, "stage": "refine", "action": action, "message": message, "observation": seen}
    return Turn.model_validate({**values, "outcome": outcome, "skills": SKILLS, **settings})


FIRST = [
    turn(0, "think", "Take 9.", seen="noted"),
    turn(1, "exec", "v1 = 9", "conflict", "v1 = 9\nerror: tools.Conflict: v1 = 9 is above 5"),
]
"""A first draft, which fails."""


def made(*later: Turn) -> Trajectory:
    task = Task(seed=0, index=0, domain="mathematics", category="c", skill_ids=(), skill_names=SKILLS)
    turns = (*FIRST, *later, turn(4, "submit", "done"))
    return Trajectory(task_id=task.id, task=task, system="s", prompt="p", turns=turns, stop="submitted")


def test_the_later_draft_stands_where_the_first_one_stood() -> None:
    row = preference(made(turn(2, "think", "Take 3."), turn(3, "exec", "v1 = 3")))
    assert row is not None
    assert [m.content for m in row.prompt] == ["s", "p"]
    assert [m.content for m in row.chosen] == ["Take 3.", "noted", "v1 = 3"]
    assert [m.content for m in row.rejected] == ["Take 9.", "noted", "v1 = 9"]


@pytest.mark.parametrize(
    "later",
    [
        [turn(2, "think", "As v1 = 9 is above 5, take 3."), turn(3, "exec", "v1 = 3")],
        [turn(2, "think", "Take 3."), turn(3, "exec", "v1 = 3", skills=("a",))],
        [turn(2, "think", "Take 8."), turn(3, "exec", "v1 = 8", "conflict", "error: tools.Conflict: no")],
        [turn(2, "exec", "v1 = 3")],
    ],
    ids=["quotes the failure", "other skills", "failed too", "no idea"],
)
def test_a_draft_that_cannot_stand_there_is_left_out(later: list[Turn]) -> None:
    assert preference(made(*later)) is None


def test_only_the_built_in_sentence_is_taken_out() -> None:
    said = "<action:think>\nn >= b does not hold. The idea stands; other numbers may fit. Draft: x"
    assert without_failure(said, ["n >= b does not hold"]) == "<action:think>\nDraft: x"
    assert without_failure(said + " n >= b does not hold", ["n >= b does not hold"]) is None
