"""Scores of a benchmark: by hand, against enumeration, and intervals that hold as often as they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from agentprop.grading.pass_at_k import Score, estimate, majority, majority_at_k, mean_at_k, pass_at_k
from agentprop.grading.wilson import wilson


def encode_exactly(one: str, other: str) -> bool:
    return one == other


def test_scores_have_the_values_worked_out_by_hand() -> None:
    scores = [Score(4, 1, 0.0), Score(4, 4, 1.0), Score(4, 0, 0.0), Score(2, 1, 0.5)]
    mean, pair, most = mean_at_k(scores), pass_at_k(scores, 2), majority_at_k(scores)
    assert mean is not None and pair is not None and most is not None
    assert mean.value == pytest.approx((0.25 + 1 + 0 + 0.5) / 4)
    assert pair.value == pytest.approx((0.5 + 1 + 0 + 1) / 4)
    assert most.value == pytest.approx(1.5 / 4)
    four = pass_at_k(scores, 4)
    assert four is not None and (four.value, four.problems) == (pytest.approx(2 / 3), 3)
    assert all(found.low < found.value < found.high for found in (mean, pair, most, four))


def test_nothing_is_said_of_nothing() -> None:
    assert (
        mean_at_k([]) is None
        and pass_at_k([Score(2, 1, 1.0)], 3) is None
        and majority_at_k([Score(2, 1, None)]) is None
    )


def test_one_attempt_at_each_problem_has_wilsons_interval_for_one_problem_less() -> None:
    found = estimate([1.0] * 30 + [0.0] * 10)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(wilson(0.75 * 39, 39))  # the variance of a sample is unbiased


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_benchmark_that_is_always_or_never_solved_still_has_an_interval(value: float) -> None:
    found = estimate([value] * 20, 64)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(wilson(20 * value, 20))


def test_intervals_hold_as_often_as_they_say_where_problems_differ() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        rates = random.beta(0.4, 0.8, 40)  # most problems easy or hard, as in real benchmarks
        found = mean_at_k([Score(16, int(random.binomial(16, rate)), None) for rate in rates])
        assert found is not None
        held += found.low <= 1 / 3 <= found.high
    assert 0.93 <= held / 1000 <= 0.98


def by_lot(answers: Sequence[str], right: str) -> float:
    counts = Counter(answers)
    top = [answer for answer, count in counts.items() if count == max(counts.values())]
    return (right in top) / len(top)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_a_majority_is_that_of_all_votes_with_ties_broken_by_lot(length: int) -> None:
    for answers in product("abcd", repeat=length):
        others = Counter(answer for answer in answers if answer != "a")
        assert majority(answers.count("a"), others, encode_exactly) == pytest.approx(by_lot(answers, "a"))


def test_answers_that_are_alike_vote_together() -> None:
    others = {"1/2": 2, "0.5": 1, "7": 1}

    def alike(one: str, other: str) -> bool:
        return {one, other} == {"1/2", "0.5"}

    assert majority(2, others, encode_exactly) == 0.5
    assert majority(2, others, alike) == 0.0
    assert majority(3, others, alike) == 0.5


def test_texts_are_compared_only_while_it_matters() -> None:
    compared = []

    def watched(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    assert majority(50, {str(i): 1 for i in range(14)}, watched) == 1.0
    assert majority(3, {"x": 60, "y": 1}, watched) == 0.0
    assert compared == []
