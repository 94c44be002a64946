"""The analysis of the experiment, on data whose effect is known."""

from __future__ import annotations

from random import Random

import pytest

SEEDS, PAIRS = 8, 12


def drawn(rng: Random, effect: float, between: float = 0.07) -> list[float]:
    return [rng.gauss(effect, between) for _ in range(SEEDS)]


def test_the_interval_covers_the_effect_in_95_percent_of_experiments() -> None:
    from analysis import paired

    rng = Random(3)
    covered = 0
    for _ in range(1000):
        found = paired(drawn(rng, 0.08))
        covered += abs(found.mean - 0.08) <= found.half
    assert covered / 1000 == pytest.approx(0.95, abs=0.02)


def test_without_an_effect_few_experiments_find_one_and_at_the_registered_size_most_do() -> None:
    from analysis import paired

    rng = Random(4)
    false = sum(paired(drawn(rng, 0.0)).p < 0.05 for _ in range(400)) / 400
    true = sum(paired(drawn(rng, 0.08)).p < 0.05 for _ in range(400)) / 400
    assert false == pytest.approx(0.05, abs=0.03) and true == pytest.approx(0.8, abs=0.08)


def test_p_is_that_of_tables() -> None:
    from analysis import T_95, p_of_t, paired, sign_flip_p

    assert all(p_of_t(t, n - 1) == pytest.approx(0.05, abs=1e-4) for n, t in T_95.items())
    assert paired([0.1, 0.1, 0.1]).p == 0.0 and paired([0.0, 0.0]).p == 1.0
    assert sign_flip_p([0.1] * 8) == 2 / 256
    assert sign_flip_p([0.1, -0.1]) == 1.0
    assert sign_flip_p([3.0, 2.0, -1.0]) == 4 / 8  # the eight means are ±6, ±4, ±2 and ±0 thirds, two each


def test_the_bootstrap_is_wider_if_one_pair_carries_the_difference() -> None:
    from analysis import bootstrap

    even = [[0.08] * PAIRS for _ in range(SEEDS)]
    carried = [[0.96, *[0.0] * (PAIRS - 1)] for _ in range(SEEDS)]
    assert bootstrap(even, 200) == pytest.approx((0.08, 0.08))
    low, high = bootstrap(carried, 500)
    assert low == 0.0 and high > 0.2


def test_the_bootstrap_covers_an_effect_that_differs_by_seed_and_by_pair() -> None:
    from analysis import bootstrap

    rng, covered = Random(5), 0
    for number in range(100):
        pair = [rng.gauss(0.08, 0.05) for _ in range(PAIRS)]
        seed = [rng.gauss(0.0, 0.05) for _ in range(SEEDS)]
        low, high = bootstrap([[p + s for p in pair] for s in seed], 200, seed=number)
        covered += low <= 0.08 <= high
    assert covered >= 85
