"""Pass rates, pass@k, intervals and early stops, against values worked out by hand and against enumeration."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.grading.difficulty import (
    BATCH,
    STOP_ERROR,
    AttemptCounts,
    Band,
    attempts_due,
    band_probability,
    decided,
    pass_at,
)
from agentprop.grading.wilson import wilson

BAND = Band.of("0.25..0.75")
assert BAND is not None


def share_of_subsets_with_a_success(correct: int, attempts: int, k: int) -> float:
    """pass@k by its definition: every way to draw k of the attempts."""
    outcomes = [True] * correct + [False] * (attempts - correct)
    drawn = list(combinations(outcomes, k))
    return sum(any(subset) for subset in drawn) / len(drawn)


@pytest.mark.parametrize(
    ("correct", "attempts", "k", "expected"),
    [
        (0, 16, 16, 0.0),
        (16, 16, 1, 1.0),
        (4, 16, 1, 0.25),
        (1, 16, 4, 0.25),  # 1 − C(15,4)/C(16,4) = 4/16
        (2, 4, 2, 5 / 6),  # of six pairs one has no success
        (3, 16, 8, 1 - 56 / 560),  # C(13,8)/C(16,8) = 1287/12870
        (1, 16, 16, 1.0),
    ],
)
def test_pass_at_k_has_the_values_worked_out_by_hand(correct: int, attempts: int, k: int, expected: float) -> None:
    assert pass_at(k, correct=correct, attempts=attempts) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("attempts", range(1, 9))
def test_pass_at_k_is_the_share_of_all_subsets_with_a_success(attempts: int) -> None:
    for correct, k in product(range(attempts + 1), range(1, attempts + 1)):
        expected = share_of_subsets_with_a_success(correct, attempts, k)
        assert pass_at(k, correct=correct, attempts=attempts) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("k", "correct", "attempts"), [(5, 1, 4), (0, 1, 4), (1, 5, 4), (1, -1, 4), (1, 0, 0)])
def test_pass_at_more_attempts_than_were_made_is_refused(k: int, correct: int, attempts: int) -> None:
    with pytest.raises(ValueError, match="cannot be estimated"):
        pass_at(k, correct=correct, attempts=attempts)


@pytest.mark.parametrize(
    ("correct", "attempts", "low", "high"),
    [
        (0, 16, 0.0, 0.193608),  # z²/(n + z²)
        (16, 16, 0.806392, 1.0),
        (8, 16, 0.279996, 0.720004),  # 1/2 ± z/(2·√(n + z²))
        (4, 16, 0.101821, 0.494983),
        (1, 10, 0.017876, 0.404150),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_has_the_values_of_the_tables(correct: int, attempts: int, low: float, high: float) -> None:
    assert wilson(correct, attempts) == pytest.approx((low, high), abs=2e-6)


@given(st.integers(1, 200), st.data())
def test_wilson_ends_are_the_rates_that_a_score_test_just_does_not_refuse(attempts: int, data: st.DataObject) -> None:
    """The definition, independent of the formula: |ĉ − p| = z·√(p(1 − p)/n) at both ends."""
    correct = data.draw(st.integers(0, attempts))
    z, rate = 1.959963984540054, correct / attempts
    for end in wilson(correct, attempts):
        if 0 < end < 1:
            assert abs(rate - end) == pytest.approx(z * (end * (1 - end) / attempts) ** 0.5, abs=1e-9)


def test_attempts_that_say_nothing_are_in_neither_c_nor_k() -> None:
    tally = AttemptCounts().plus(["correct", "wrong", "truncated", "timeout", "timeout", "undetermined", "too_slow"])
    assert (tally.correct, tally.counted, tally.made) == (1, 3, 7)
    assert (tally.truncated, tally.timeouts, tally.undetermined) == (1, 2, 1)
    assert tally.rate == pytest.approx(1 / 3)
    assert AttemptCounts(truncated=16).rate is None


# --- early stop ---


def chance_by_enumeration(tally: AttemptCounts, left: int, band: Band) -> Fraction:
    """Every sequence of further attempts with its probability by Laplace's rule of succession."""
    total = Fraction(0)
    for sequence in product((True, False), repeat=left):
        c, n, p = tally.correct, tally.counted, Fraction(1)
        for right in sequence:
            p *= Fraction(c + 1 if right else n - c + 1, n + 2)
            c, n = c + right, n + 1
        total += p if band.holds(c, n) else 0
    return total


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 7))
def test_the_chance_of_the_band_is_that_of_all_continuations(correct: int, wrong: int, left: int) -> None:
    tally = AttemptCounts(correct=correct, wrong=wrong)
    assert band_probability(tally, left, BAND) == chance_by_enumeration(tally, left, BAND)


def test_what_no_further_attempt_can_change_is_certain() -> None:
    assert band_probability(AttemptCounts(correct=13), 3, BAND) == 0  # at least 13 of 16
    assert band_probability(AttemptCounts(correct=6, wrong=6), 4, BAND) == 1  # 6 to 10 of 16
    assert decided(AttemptCounts(correct=13), 16, BAND) and decided(AttemptCounts(correct=6, wrong=6), 16, BAND)


def test_the_ends_belong_to_the_band_exactly() -> None:
    band = Band.of("0.1..0.3")
    assert band is not None
    assert band.holds(1, 10) and band.holds(3, 10)
    assert not band.holds(0, 10) and not band.holds(31, 100)


def stopped_early(sequence: tuple[bool, ...], k: int, band: Band) -> AttemptCounts:
    """A prober that gives these answers, asked as the stage asks."""
    tally, answers = AttemptCounts(), iter(sequence)
    while count := attempts_due(tally, k, band):
        tally = tally.plus("correct" if next(answers) else "wrong" for _ in range(count))
    return tally


def test_early_stops_err_as_rarely_as_they_promise() -> None:
    """Over all 2^12 courses of 12 attempts, weighted as the uniform prior does."""
    k, wrong_side, saved = 12, Fraction(0), Fraction(0)
    for sequence in product((True, False), repeat=k):
        c = sum(sequence)
        weight = Fraction(1, (k + 1)) / Fraction(len(list(combinations(range(k), c))))
        tally = stopped_early(sequence, k, BAND)
        wrong_side += weight * (BAND.holds(tally.correct, tally.counted) != BAND.holds(c, k))
        saved += weight * (k - tally.made)
    assert wrong_side <= STOP_ERROR
    assert saved > 2, "an early stop that saves next to nothing"


def test_a_problem_that_is_always_solved_needs_no_sixteen_attempts() -> None:
    assert stopped_early((True,) * 16, 16, BAND).made < 16
    assert stopped_early((False,) * 16, 16, BAND).made < 16
    middle = stopped_early((True, False) * 8, 16, BAND)
    assert middle.made < 16 and BAND.holds(middle.correct, middle.counted)


def test_without_a_band_all_attempts_are_due_at_once() -> None:
    assert attempts_due(AttemptCounts(), 16, None) == 16
    assert attempts_due(AttemptCounts(correct=3, truncated=2), 16, None) == 11
    assert attempts_due(AttemptCounts(correct=16), 16, None) == 0
    assert attempts_due(AttemptCounts(correct=16), 8, None) == 0
    assert attempts_due(AttemptCounts(), 16, BAND) == BATCH


def test_a_band_of_everything_still_measures() -> None:
    everything = Band.of("0..1")
    assert everything is not None
    assert attempts_due(AttemptCounts(), 16, everything) == BATCH
    assert attempts_due(AttemptCounts(correct=1, wrong=3), 16, everything) == 0
