"""The calibration of pass rates, against results worked out by hand and a solver whose rates are known."""

from __future__ import annotations

import math
from random import Random

import pytest

from agentprop.composition.aims import PassRates
from agentprop.composition.calibration import (
    FEWEST,
    RIDGE,
    Calibration,
    Observed,
    calibrate,
    expected_error,
    isotonic,
    ridge_logistic,
    solved,
)
from agentprop.composition.difficulty import declaration
from agentprop.records import Features


def features(steps: int, work: float = 5.0) -> Features:
    return Features(steps=steps, skills=2, depth=2, work=work, digits=3.0, length=1.0)


def rate(steps: int) -> float:
    return 1 / (1 + math.exp(steps - 5))


def probed(count: int, attempts: int = 16, seed: int = 1) -> list[Observed]:
    """Problems of 1 to 9 steps, tried by a solver whose logit is 5 less the steps."""
    rng = Random(seed)
    steps = [1 + number % 9 for number in range(count)]
    return [Observed(features(n), sum(rng.random() < rate(n) for _ in range(attempts)), attempts) for n in steps]


def test_with_no_features_the_intercept_is_the_logit_of_the_share() -> None:
    assert ridge_logistic([[], []], [(3, 4), (3, 4)]) == pytest.approx([math.log(3)])


def test_two_mirrored_problems_give_the_weight_that_solves_the_ridge_equation() -> None:
    """Rows x = 1 with 3 of 4 and x = -1 with 1 of 4: by symmetry b = 0 and 2·(3 − 4·p(w)) = RIDGE·w."""
    intercept, weight = ridge_logistic([[1.0], [-1.0]], [(3, 4), (1, 4)])
    assert intercept == pytest.approx(0, abs=1e-9)
    assert 2 * (3 - 4 / (1 + math.exp(-weight))) == pytest.approx(RIDGE * weight)
    assert 0 < weight < math.log(3)  # shrunk from log 3, the weight without a ridge


def test_elimination_changes_rows_where_a_pivot_is_zero() -> None:
    assert solved([[0.0, 2.0], [1.0, 1.0]], [4.0, 5.0]) == [3.0, 2.0]


def test_neighbours_out_of_order_are_pooled_by_their_attempts() -> None:
    points = [(0.1, 0, 4), (0.3, 3, 4), (0.5, 1, 4), (0.7, 0, 4), (0.9, 4, 4)]  # 3/4, 1/4 and 0/4 pool to 4/12
    assert isotonic(points) == ((0.1, 0.0), (0.3, 1 / 3), (0.7, 1 / 3), (0.9, 1.0))


def test_expected_error_weighs_bins_by_their_attempts() -> None:
    # Bin 0.2: predicted 0.25, seen 2/8; bin 0.7: predicted 0.75, seen 1/2, with 2 of 10 attempts.
    assert expected_error([(0.25, 2, 8), (0.75, 1, 2)]) == pytest.approx(0.25 * 0.2)


def test_a_known_solver_is_estimated_within_a_tenth() -> None:
    found = calibrate("solver", probed(270))
    errors = [abs((found.estimate(features(steps)) or 0) - rate(steps)) for steps in range(1, 10)]
    assert sum(errors) / len(errors) < 0.1
    assert found.weights["steps"] < 0
    assert abs(found.weights["work"]) < 1e-9  # it never varied
    assert found.ece < 0.15


def test_nothing_is_estimated_outside_of_what_was_seen() -> None:
    found = calibrate("solver", probed(180))
    assert found.estimate(features(9)) is not None
    assert found.estimate(features(11)) is None
    assert found.estimate(features(5, work=9.0)) is None


def test_few_problems_or_attempts_that_all_end_alike_calibrate_nothing() -> None:
    with pytest.raises(ValueError, match=f"at least {FEWEST}"):
        calibrate("solver", probed(FEWEST - 1))
    with pytest.raises(ValueError, match="alike"):
        calibrate("solver", [Observed(features(1 + number % 9), 0, 8) for number in range(FEWEST)])


def test_a_calibration_survives_its_file_and_steers() -> None:
    found = Calibration.model_validate_json(calibrate("solver", probed(270)).model_dump_json())
    aim = PassRates(0.25, 0.75, found)
    assert [aim.keeps(declaration(features(steps))) for steps in (1, 5, 9, 12)] == [False, True, False, False]
    assert aim.miss(0, features(9)) > aim.miss(0, features(7))
    assert not aim.keeps(None)
