"""Mastery from the problems and verdicts of earlier runs, joined by id."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.errors import InputError
from agentprop.records import Certificate, Problem, Record, Verdict
from agentprop.stages.common.mastery import earlier_mastery
from agentprop.storage.run import Run

CURRICULUM = Curriculum(("algebra", "geometry"), alpha=0.5)


def problem(number: int, category: str) -> Problem:
    return Problem(
        statement=f"What is {number} + {number}?",
        answer=str(2 * number),
        answer_type="integer",
        domain="mathematics",
        category=category,
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
    )


def verdict(judged: Problem, value: str) -> Verdict:
    return Verdict.model_validate({"problem_id": judged.id, "value": value, "code": "test"})


def stored(path: Path, *records: Record) -> str:
    with Run.open(path, "propose", {}) as run:
        for record in records:
            run.add(record)
        run.commit({})
        run.finish({})
    return str(path)


def test_mastery_starts_where_the_verdicts_of_an_earlier_run_left_it(tmp_path: Path) -> None:
    algebra = [problem(i, "algebra") for i in range(4)]
    verdicts = [verdict(p, "valid" if i < 3 else "invalid") for i, p in enumerate(algebra)]
    path = stored(tmp_path / "run", *algebra, *verdicts)
    state = earlier_mastery([path], CURRICULUM)
    assert state.mastery["algebra"] == pytest.approx((1 - 0.5**4) / 2)  # 1/2 → 3/4 → 7/8 → 15/16, and then half of it
    assert state.mastery["geometry"] == 0.5


def test_problems_and_verdicts_may_lie_in_different_runs_and_the_last_verdict_decides(tmp_path: Path) -> None:
    one = problem(1, "geometry")
    proposed = stored(tmp_path / "propose", one, verdict(one, "valid"))
    judged = stored(tmp_path / "verify", verdict(one, "invalid"))
    assert earlier_mastery([proposed, judged], CURRICULUM).mastery["geometry"] == pytest.approx(0.25)
    assert earlier_mastery([judged, proposed], CURRICULUM).mastery["geometry"] == pytest.approx(0.75)


def test_undetermined_verdicts_and_foreign_categories_teach_nothing(tmp_path: Path) -> None:
    known, foreign = problem(1, "algebra"), problem(2, "chess")
    path = stored(tmp_path / "run", known, foreign, verdict(known, "undetermined"), verdict(foreign, "valid"))
    with pytest.raises(InputError, match="no verdict on a problem"):
        earlier_mastery([path], CURRICULUM)


def test_a_category_the_proposer_fails_at_is_drawn_more_often() -> None:
    state = MasteryState({"algebra": 0.9, "geometry": 0.1}, {"algebra": 1.0, "geometry": 1.0})
    algebra, geometry = CURRICULUM.probabilities(state)
    assert geometry / algebra == pytest.approx((0.95 * 5 / 6 + 0.025) / (0.95 / 6 + 0.025))
