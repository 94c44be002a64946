"""Successive halving on synthetic variants: the best is found, and its reported rate is not too good."""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest

from agentprop.grading.halving import Halved, halve

ACCEPTED = {"a": 0.2, "b": 0.5, "c": 0.3}


def trial(seed: int, accepted: dict[str, float]) -> Halved:
    def play(arm: str, candidates: int, number: int) -> float:
        rng = Random(f"{seed}/{arm}/{number}")
        return sum(rng.random() < accepted[arm] for _ in range(candidates)) / candidates

    return halve(list(accepted), play)


def test_the_best_of_three_is_found_for_nearly_every_seed() -> None:
    assert sum(trial(seed, ACCEPTED).winner == "b" for seed in range(200)) >= 190


def test_the_reported_rate_is_unbiased_where_the_winning_one_is_too_good() -> None:
    """Eight variants that are all the same: the best of their first round looks better than it is."""
    found = [trial(seed, {name: 0.3 for name in "abcdefgh"}) for seed in range(100)]
    assert fmean(one.rate for one in found) == pytest.approx(0.3, abs=0.01)
    best = [max(t.rate for t in one.trials if t.round == 1) for one in found]
    assert fmean(best) > 0.35


def test_rounds_halve_the_variants_and_double_the_candidates() -> None:
    found = halve(list("abcde"), lambda arm, candidates, number: float(ord(arm)), first=4)
    assert found.winner == "e" and found.trials[-1].candidates == 32
    sizes = {(t.round, t.candidates): sum(o.round == t.round for o in found.trials) for t in found.trials}
    assert sizes == {(1, 4): 5, (2, 8): 3, (3, 16): 2, (4, 32): 1}
    assert halve(["x", "y"], lambda *_: 0.0).winner == "x"
    with pytest.raises(ValueError, match="no variants"):
        halve([], lambda *_: 0.0)
