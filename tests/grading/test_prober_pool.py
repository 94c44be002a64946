"""The next stronger prober takes over when it should, and only then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.grading.prober_pool import RATE, PoolState, ProberSchedule, SwitchRule

RULE = SwitchRule(probers=3)


def after(rates: Iterable[float | None], rule: SwitchRule = RULE, state: PoolState | None = None) -> PoolState:
    """The pool after problems with these pass rates, each probed by the prober in force."""
    state = state or PoolState()
    for rate in rates:
        state = state.advanced(rule, state.at(state.problems), rate)
    return state


def test_a_weak_prober_is_replaced_once_its_average_is_stable() -> None:
    assert after([0.1] * 500).prober == 0, "one window cannot show that it is stable"
    assert after([0.1] * 999).prober == 0, "only at multiples of 500"
    state = after([0.1] * 1000)
    assert (state.prober, state.since, state.samples, state.ema) == (1, (1000,), 0, None)


def test_the_ema_is_the_one_worked_out_by_hand() -> None:
    state = after([0.4] * 500 + [0.2] * 500)
    assert state.ema == pytest.approx((1 - RATE) * 0.4 + RATE * 0.2)
    assert after([0.3125] * 1000 + [0.296875] * 500).ema == 0.5 * 0.3125 + 0.5 * 0.296875


def test_thirty_per_cent_is_not_below_thirty_per_cent() -> None:
    rule = SwitchRule(probers=2, below=0.25)
    assert after([0.25] * 5000, rule).prober == 0
    assert after([0.2421875] * 5000, rule).prober == 1


def test_a_falling_average_is_not_stable() -> None:
    assert after([0.28] * 500 + [0.1] * 500).prober == 0  # 0.28 → 0.19
    assert after([0.28] * 500 + [0.1] * 1000).prober == 0  # 0.19 → 0.145
    assert after([0.28] * 500 + [0.1] * 2000).prober == 1  # … 0.1225 → 0.11125


def test_a_good_prober_stays() -> None:
    assert after([0.31] * 5000).prober == 0


def test_fewer_than_a_hundred_measured_problems_decide_nothing() -> None:
    rates: list[float | None] = [*[0.0] * 49, *[None] * 451]
    assert after(rates * 2).prober == 0
    assert after(rates * 3).prober == 1


def test_nobody_follows_the_strongest_and_nobody_comes_back() -> None:
    assert after([0.0] * 10_000).prober == 2
    assert after([0.0] * 1000 + [1.0] * 3000).prober == 1


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, None]), max_size=200))
def test_the_pool_only_moves_on(rates: Sequence[float | None]) -> None:
    rule, state, seen = SwitchRule(probers=3, every=10, samples=5, lag=4), PoolState(), []
    for rate in rates:
        state = state.advanced(rule, state.at(state.problems), rate)
        seen.append(state.prober)
        assert list(state.since) == sorted(state.since) and len(state.since) == state.prober
        assert all((start - rule.lag) % rule.every == 0 for start in state.since)
    assert seen == sorted(seen)


def test_a_switch_comes_into_force_later_and_late_results_of_the_old_prober_do_not_count() -> None:
    rule = SwitchRule(probers=2, lag=128)
    state = after([0.0] * 1000, rule)
    assert (state.prober, state.since) == (1, (1128,))
    assert (state.at(1127), state.at(1128)) == (0, 1)
    assert after([0.0] * 128, rule, state).samples == 0
    assert after([0.0] * 129, rule, state).samples == 1


def test_a_group_keeps_its_prober() -> None:
    state = PoolState(problems=12, prober=1, since=(10,))
    turns = ProberSchedule()
    groups = ["a", "a", "b", "b", None, None, "c"]
    assert [turns.next(number, group, state) for number, group in enumerate(groups, 7)] == [0, 0, 0, 0, 1, 1, 1]


@given(st.lists(st.sampled_from([0.0, 0.2, 0.9, None]), max_size=80), st.integers(0, 80))
def test_a_pool_that_was_stored_goes_on_as_if_it_had_not_been(rates: Sequence[float | None], cut: int) -> None:
    rule = SwitchRule(probers=3, every=10, samples=5, lag=3)
    stored = json.loads(json.dumps(after(rates[:cut], rule).stored()))
    assert after(rates[cut:], rule, PoolState.restored(stored)) == after(rates, rule)
    assert PoolState.restored(None) == PoolState()
