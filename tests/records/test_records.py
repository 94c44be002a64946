"""Records are frozen, identified by their content, and refused if the stored id does not match."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agentprop.records import (
    RECORDS,
    Attempt,
    Certificate,
    Difficulty,
    MadeBy,
    PipedProblem,
    Problem,
    Question,
    Record,
    Reject,
    Skill,
    Stage,
    StopReason,
    Submission,
    Task,
    Trajectory,
    Turn,
    Verdict,
    content_id,
)

TASK = Task(seed=1, index=2, domain="science", category="decay", skill_ids=("a",), skill_names=("x",))
TURN = Turn(index=0, stage=Stage.DRAFT, action="think", message="m", observation="o")
TRAJECTORY = Trajectory(
    task_id=TASK.id, task=TASK, system="s", prompt="p", turns=(TURN,), stop=StopReason.ABANDONED, pruned=1
)
PROBLEM = Problem(
    statement="How many?",
    answer="7",
    answer_type="integer",
    domain="science",
    category="decay",
    skills=("x",),
    skill_ids=("a",),
    certificate=Certificate(form="none"),
)
EXAMPLES: list[Record] = [
    TASK,
    TRAJECTORY,
    PROBLEM,
    Skill(name="x", description="d", domain="coding", category="c", skill_md="text"),
    PipedProblem(problem=PROBLEM, trajectory=TRAJECTORY),
    Attempt(problem_id=PROBLEM.id, role="verifier", verifier="builtin", vote=True),
    Verdict(problem_id=PROBLEM.id, value="valid", code="agrees"),
    Difficulty(problem_id=PROBLEM.id, prober="m", k=4, c=2),
    Reject(stage="propose", item="3", outcome="rejected", code="duplicate"),
    Question(problem_id=PROBLEM.id, source="b.jsonl#0", prompt="[]"),
]


def with_certificate(source: str, **fields: Any) -> Problem:
    certificate = Certificate(form="program" if source else "none", source=source)
    return Problem.model_validate({**PROBLEM.model_dump(), "certificate": certificate, "id": "", **fields})


def test_another_certificate_is_another_problem() -> None:
    assert len({with_certificate(source).id for source in ("", "answer = 7", "answer = 3 + 4")}) == 3


def test_a_problem_keeps_the_id_of_the_version_that_it_was_written_in() -> None:
    first = with_certificate("answer = 7", schema_version=1)
    assert first.id == with_certificate("answer = 3 + 4", schema_version=1).id == PROBLEM.id
    assert Problem.model_validate(first.model_dump()) == first
    with pytest.raises(ValidationError, match="does not match its content"):
        Problem.model_validate({**first.model_dump(), "schema_version": 2})


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(e) for e in EXAMPLES} == set(RECORDS.values())


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda r: r.kind)
def test_a_record_survives_json_and_keeps_its_id(record: Record) -> None:
    assert type(record).model_validate_json(record.model_dump_json()) == record
    assert type(record).model_validate(record.model_dump()).id == record.id
    assert len(record.id) == 20


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda r: r.kind)
def test_a_record_whose_id_lies_is_refused(record: Record) -> None:
    with pytest.raises(ValidationError, match="does not match its content"):
        type(record).model_validate({**record.model_dump(), "id": "0" * 20})


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda r: r.kind)
def test_a_record_is_frozen_and_takes_no_strange_fields(record: Record) -> None:
    with pytest.raises(ValidationError):
        record.id = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        type(record).model_validate({**record.model_dump(), "surprise": 1})


@pytest.mark.parametrize(
    ("record", "field", "value", "same"),
    [
        (PROBLEM, "statement", "How much?", False),
        (PROBLEM, "answer", "8", False),
        (PROBLEM, "answer_type", "rational", False),
        (PROBLEM, "category", "genetics", True),
        (PROBLEM, "isolation", "L3", True),
        (PROBLEM, "index", 9, True),
        (PROBLEM, "made_by", MadeBy(name="model", version="9"), True),
        (TASK, "seed", 2, False),
        (TASK, "index", 3, False),
        (TASK, "skill_names", (), True),
        (EXAMPLES[6], "value", "invalid", False),
        (EXAMPLES[6], "message", "why", True),
        (EXAMPLES[5], "duration_s", 3.5, True),
        (EXAMPLES[5], "number", 1, False),
        (EXAMPLES[8], "message", "why", True),
    ],
)
def test_only_what_a_record_means_is_in_its_id(record: Record, field: str, value: Any, same: bool) -> None:
    changed = type(record).model_validate({**record.model_dump(), field: value, "id": ""})
    assert (changed.id == record.id) is same


def test_a_trajectory_is_identified_by_its_messages() -> None:
    def with_turn(**fields: Any) -> str:
        turn = TURN.model_copy(update=fields)
        return Trajectory(
            task_id=TASK.id, task=TASK, system="s", prompt="p", turns=(turn,), stop=StopReason.ABANDONED
        ).id

    assert with_turn(duration_s=9.0, outcome="error") == TRAJECTORY.id
    assert with_turn(message="other") != TRAJECTORY.id
    assert with_turn(observation="other") != TRAJECTORY.id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(JSON, JSON)
def test_content_ids_tell_different_contents_apart(left: Any, right: Any) -> None:
    assert content_id(left) == content_id(left)
    if repr(left) != repr(right) and left != right:
        assert content_id(left) != content_id(right)


@pytest.mark.parametrize("figures", [0, -1, 13, 10**9])
def test_absurd_figures_are_refused(figures: int) -> None:
    with pytest.raises(ValidationError):
        Submission(statement="s", answer="7", answer_type="quantity", figures=figures)
