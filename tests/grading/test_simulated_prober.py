"""The simulated prober: drawn from the problem's work, the same every time, and never taken for a measurement."""

from __future__ import annotations

import asyncio
from math import exp, sqrt
from pathlib import Path

import pytest

from agentprop.config import ProbeConfig, ProposeConfig
from agentprop.errors import ConfigError
from agentprop.grading.simulated_prober import check_simulated, pass_rate, probability, simulated_prober
from agentprop.records import Certificate, DeclaredDifficulty, Difficulty, Features, Problem, Solution
from agentprop.sandbox import Sandbox
from agentprop.stages.probe import run as probe
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run

NAME = "simulated:exp(-0.14*ops*digits)"
MINIATURE = Path(__file__).parents[2] / "examples" / "miniature" / "skills"


def posed(number: int = 0, *, steps: int = 2, values: tuple[str, ...] = ("13",), answer: str = "94") -> Problem:
    features = Features(steps=steps, skills=2, depth=2, work=1.0, digits=1.0, length=0.5)
    return Problem(
        statement=f"Question {number}?",
        answer=answer,
        answer_type="integer",
        domain="mathematics",
        category="sums",
        skills=("a", "b"),
        skill_ids=("i", "j"),
        certificate=Certificate(form="composition"),
        difficulty=DeclaredDifficulty(band=1, score=1.0, features=features),
        solution=Solution(text="So.", values=values),
    )


def test_p_falls_with_steps_and_with_the_longest_value_on_the_way() -> None:
    assert probability(posed(), 0.14) == pytest.approx(exp(-0.14 * 2 * 2))
    assert probability(posed(values=("-1234", "5")), 0.14) == pytest.approx(exp(-0.14 * 2 * 4))
    assert probability(posed(steps=3, answer="118"), 0.14) == pytest.approx(exp(-0.14 * 3 * 3))
    assert probability(posed().model_copy(update={"solution": None}), 0.14) is None
    assert probability(posed().model_copy(update={"difficulty": None}), 0.14) is None


def test_attempts_are_binomial_and_the_same_every_time() -> None:
    p = exp(-0.14 * 4)
    rates = [pass_rate(posed(number), 0.14, 16) for number in range(400)]
    assert rates == [pass_rate(posed(number), 0.14, 16) for number in range(400)]
    found = [rate for rate in rates if rate is not None]
    assert abs(sum(found) / 400 - p) < 4 * sqrt(p * (1 - p) / 6400)
    spread = sum((rate - p) ** 2 for rate in found) / 400
    assert 0.8 < spread / (p * (1 - p) / 16) < 1.25


def test_every_attempt_says_that_no_model_made_it() -> None:
    with Sandbox(allow_weak=True) as sandbox:
        prober, untold = simulated_prober(NAME, sandbox), posed().model_copy(update={"solution": None})
        attempts = asyncio.run(prober.attempts(posed(), 2, 3))
        lost = asyncio.run(prober.attempts(untold, 0, 1))
    assert [attempt.number for attempt in attempts] == [2, 3, 4]
    assert all("simulated" in attempt.rationale and attempt.verifier == NAME for attempt in attempts)
    assert lost[0].code == "undetermined" and lost[0].vote is None


def test_it_is_refused_unless_it_is_allowed() -> None:
    with pytest.raises(ConfigError, match="measures no model"):
        check_simulated([NAME], allowed=False)
    with pytest.raises(ConfigError, match="unknown simulated prober"):
        check_simulated(["simulated:guess"], allowed=True)
    check_simulated([NAME, "some/model"], allowed=True)


def test_a_probe_by_it_is_refused_or_carries_its_name(tmp_path: Path) -> None:
    source, out = str(tmp_path / "source"), str(tmp_path / "probed")
    propose.run(ProposeConfig(n=4, skills=(str(MINIATURE),), bundled_skills=False, workers=1), source, quiet=True)
    with pytest.raises(ConfigError, match="measures no model"):
        probe.run(ProbeConfig(prober=(NAME,)), source, out, quiet=True)
    assert not Path(out).exists()
    summary = probe.run(ProbeConfig(prober=(NAME,), allow_simulated=True, k=16), source, out, quiet=True)
    problems = {problem.id: problem for problem in open_run(source).iter(Problem)}
    found = list(open_run(out).iter(Difficulty))
    assert len(found) == 4 and summary["accepted"] == 4
    for one in found:
        assert one.prober == one.made_by.name == NAME
        assert one.c / one.k == pass_rate(problems[one.problem_id], 0.14, 16)
