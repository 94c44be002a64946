"""A problem and its difficulty → its row for people and benchmarks."""

from __future__ import annotations

from agentprop.export.rows import ProblemRow
from agentprop.records import Problem


def problem_row(problem: Problem, prober: str | None, correct: int | None, attempts: int | None) -> ProblemRow:
    """Make the row; `correct` of `attempts` are a prober's, all None if the problem was not measured."""
    return ProblemRow(
        id=problem.id,
        question=problem.statement,
        answer=problem.answer,
        answer_type=problem.answer_type,
        unit=problem.unit,
        figures=problem.figures,
        entry_point=problem.entry_point,
        tests=problem.tests,
        judging=problem.judging.model_dump_json() if problem.judging is not None else "",
        domain=problem.domain,
        category=problem.category,
        skills=problem.skills,
        operators=problem.operators,
        level=len(set(problem.skills)),
        pass_rate=correct / attempts if correct is not None and attempts else None,
        prober=prober,
        attempts=attempts,
        correct=correct,
        evidence=problem.evidence,
        certificate=problem.certificate.source,
        proposer=problem.made_by.name,
        trajectory_id=problem.trajectory_id,
    )
