"""OMEGA's splits: which way each of six hand-made problems is new, and a benchmark told apart by it."""

from __future__ import annotations

import pytest

from agentprop.errors import InputError
from agentprop.grading.omega import TrainedOn
from agentprop.records import Certificate, DeclaredDifficulty, Features, Problem
from agentprop.stages.evaluate.items import AskedQuestion, Benchmark
from agentprop.stages.evaluate.novelty import trained_on, with_splits


def problem(*skills: str, depth: int = 2, digits: float = 3.0, declared: bool = True) -> Problem:
    features = Features(steps=depth, skills=len(skills), depth=depth, work=1.0, digits=digits, length=1.0)
    return Problem(
        statement=f"{skills} {depth} {digits}",
        answer="1",
        answer_type="integer",
        domain="mathematics",
        category="algebra",
        skills=skills,
        skill_ids=skills,
        certificate=Certificate(form="none"),
        difficulty=DeclaredDifficulty(band=1, score=1.0, features=features) if declared else None,
    )


TRAINED = TrainedOn.of([problem("a", "b"), problem("b", "c", depth=3), problem("c", digits=4.0), problem("d")])
CASES = [
    (problem("a", "b"), "practised"),
    (problem("b", "a", depth=4), "exploratory"),
    (problem("b", "c", digits=5.0), "exploratory"),
    (problem("a", "c"), "compositional"),
    (problem("a", "b", "c", depth=9), "compositional"),
    (problem("a", "new"), "untrained"),
]


@pytest.mark.parametrize(("one", "split"), CASES, ids=[f"{split} {n}" for n, (_, split) in enumerate(CASES)])
def test_each_problem_is_in_its_split(one: Problem, split: str) -> None:
    assert TRAINED.split(one) == split


def test_no_bundle_is_both_compositional_and_exploratory() -> None:
    found: dict[frozenset[str], set[str | None]] = {}
    for one, _ in CASES:
        found.setdefault(frozenset(one.skills), set()).add(TRAINED.split(one))
    assert not any({"compositional", "exploratory"} <= splits for splits in found.values())


def test_without_skills_or_a_declared_difficulty_nothing_is_claimed() -> None:
    assert TRAINED.split(problem()) is None
    assert TRAINED.split(problem("a", "b", depth=9, declared=False)) == "practised"


def test_a_benchmark_is_told_apart() -> None:
    asked = [AskedQuestion(str(n), one, {"level": "2"}) for n, (one, _) in enumerate(CASES)]
    found = with_splits(Benchmark(asked, [], 0, {}), TRAINED)
    assert [item.groups["novelty"] for item in found.items] == [split for _, split in CASES]
    assert all(item.groups["level"] == "2" for item in found.items)
    with pytest.raises(InputError, match="names skills"):
        with_splits(Benchmark([AskedQuestion("x", problem(), {})], [], 0, {}), TRAINED)
    assert trained_on(()) is None
