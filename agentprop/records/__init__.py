"""The records of a run: frozen, versioned, content-hashed rows, from a corpus span to a verdict.

Lineage is a join: Skill → Task → Trajectory → Problem → Attempt / Verdict / Difficulty. Every record has its parents'
ids and its maker. `id` is a hash of the *semantic* fields only (`identity`), so that the same work has the same id on
every machine; versions, durations, costs and the isolation level are recorded but not hashed.
Free-form maps are JSON strings, so that the column types of a shard never depend on its rows.
"""

from __future__ import annotations

from agentprop.records.base import (
    SCHEMA_VERSION,
    AnswerType,
    Domain,
    Evidence,
    MadeBy,
    Part,
    Record,
    check_storable,
    content_id,
)
from agentprop.records.environment import (
    Action,
    ConflictNote,
    Move,
    Observation,
    Stage,
    StopReason,
    Submission,
    TestCase,
)
from agentprop.records.grading import Attempt, Difficulty, Question, Verdict
from agentprop.records.problem import (
    Ablation,
    Certificate,
    DeclaredDifficulty,
    Features,
    Judging,
    PipedProblem,
    Problem,
    Solution,
)
from agentprop.records.reject import OF_ATTEMPT, Reject, is_of_attempt
from agentprop.records.skill import Skill, Span
from agentprop.records.trajectory import Task, Trajectory, Turn

RECORDS: dict[str, type[Record]] = {
    cls.kind: cls
    for cls in (Skill, Task, Trajectory, Problem, PipedProblem, Question, Attempt, Verdict, Difficulty, Reject)
}
"""Every record class by the name of its kind."""

__all__ = [
    "OF_ATTEMPT",
    "RECORDS",
    "SCHEMA_VERSION",
    "Ablation",
    "Action",
    "AnswerType",
    "Attempt",
    "Certificate",
    "ConflictNote",
    "DeclaredDifficulty",
    "Difficulty",
    "Domain",
    "Evidence",
    "Features",
    "Judging",
    "MadeBy",
    "Move",
    "Observation",
    "Part",
    "PipedProblem",
    "Problem",
    "Question",
    "Record",
    "Reject",
    "Skill",
    "Solution",
    "Span",
    "Stage",
    "StopReason",
    "Submission",
    "Task",
    "TestCase",
    "Trajectory",
    "Turn",
    "Verdict",
    "check_storable",
    "content_id",
    "is_of_attempt",
]
