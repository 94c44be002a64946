"""Features and probed pass rates of problems → an estimate of the pass rate of new ones, for one prober.

A ridge logistic regression of c of k on the standardised features is fitted to four fifths of the problems. Isotonic
regression (pool adjacent violators; Barlow et al. 1972) on the others then maps its output to the rate that was seen.
No skill has an effect of its own here, and outside of the features that were seen there is no estimate.

Miniature of the isotonic step: problems with predictions 0.2, 0.4, 0.6 were solved 1, 0 and 2 of 2 times. The first two
are out of order, so they share the rate 1/4.

    >>> isotonic([(0.2, 1, 2), (0.4, 0, 2), (0.6, 2, 2)])
    ((0.2, 0.25), (0.4, 0.25), (0.6, 1.0))
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from agentprop.records import Features
from agentprop.records.base import Part

NAMES = tuple(Features.model_fields)
FEWEST = 150
"""Probed problems below which nothing is calibrated: fewer gave no usable estimate in a study of simulated solvers."""
HELD_OUT = 5
"""Every fifth problem is held out for the isotonic step."""
RIDGE = 1.0
STEPS = 50
"""Newton steps at most; convergence takes under ten."""
SLACK = 0.05
"""Share of a feature's range by which it may lie outside of what was seen."""
BINS = 10
"""Bins of the expected calibration error."""


class Observed(NamedTuple):
    """A probed problem: its features, and c of k attempts that were right."""

    features: Features
    correct: int
    attempts: int


class Calibration(Part):
    """The fitted estimate, as `calibration.json` holds it."""

    prober: str
    """Prober whose pass rates it estimates."""
    problems: int
    """Probed problems that it was fitted to."""
    attempts: int
    """Their attempts."""
    means: dict[str, float]
    """Mean of each feature."""
    scales: dict[str, float]
    """Standard deviation of each feature; 1 for a constant one."""
    ranges: dict[str, tuple[float, float]]
    """Least and greatest value seen of each feature."""
    weights: dict[str, float]
    """Weight of each standardised feature in the logit."""
    intercept: float
    """Logit at the means."""
    curve: tuple[tuple[float, float], ...]
    """Isotonic steps: fitted rate → rate seen, both ascending."""
    ece: float
    """Expected calibration error of the fitted rates on the held-out problems, before the isotonic step."""
    error: float
    """Mean absolute error of the fitted rate of a held-out problem, before the isotonic step."""

    def estimate(self, features: Features) -> float | None:
        """Estimate the pass rate; None outside of the features that were seen."""
        for name, (low, high) in self.ranges.items():
            slack = SLACK * (high - low)
            if not low - slack <= getattr(features, name) <= high + slack:
                return None
        return interpolated(self.curve, self.fitted(features))

    def fitted(self, features: Features) -> float:
        """The rate by the regression alone."""
        terms = (self.weights[n] * (getattr(features, n) - self.means[n]) / self.scales[n] for n in self.weights)
        return _logistic(self.intercept + sum(terms))


def calibrate(prober: str, observed: Sequence[Observed]) -> Calibration:
    """Fit an estimate. Raises ValueError with fewer than FEWEST problems, or if all or none of the attempts are right.

    Which problems are held out depends on their order alone.
    """
    seen = [one for one in observed if one.attempts]
    if len(seen) < FEWEST:
        raise ValueError(f"{len(seen)} problems with a composition were measured; at least {FEWEST} are needed")
    training = [one for number, one in enumerate(seen) if number % HELD_OUT]
    held_out = seen[::HELD_OUT]
    if not 0 < sum(one.correct for one in training) < sum(one.attempts for one in training):
        raise ValueError("all attempts ended alike, so nothing tells hard problems from easy ones")
    columns = {name: [float(getattr(one.features, name)) for one in training] for name in NAMES}
    means = {name: sum(values) / len(values) for name, values in columns.items()}
    scales = {name: _deviation(values) or 1.0 for name, values in columns.items()}
    rows = [[(getattr(one.features, name) - means[name]) / scales[name] for name in NAMES] for one in training]
    intercept, *weights = ridge_logistic(rows, [(one.correct, one.attempts) for one in training])
    fit = Calibration(
        prober=prober,
        problems=len(seen),
        attempts=sum(one.attempts for one in seen),
        means=means,
        scales=scales,
        ranges={name: (min(values), max(values)) for name, values in columns.items()},
        weights=dict(zip(NAMES, weights, strict=True)),
        intercept=intercept,
        curve=(),
        ece=0.0,
        error=0.0,
    )
    predicted = [(fit.fitted(one.features), one.correct, one.attempts) for one in held_out]
    error = sum(abs(p - c / k) for p, c, k in predicted) / len(predicted)
    return fit.model_copy(
        update={"curve": isotonic(predicted), "ece": round(expected_error(predicted), 4), "error": round(error, 4)}
    )


# --- mathematics ---


def ridge_logistic(rows: Sequence[Sequence[float]], outcomes: Sequence[tuple[int, int]]) -> list[float]:
    """Intercept and weights that maximise Σ c·log p + (k − c)·log(1 − p) − RIDGE/2·‖w‖², by Newton's method.

    The intercept is not shrunk. With one row of no features and 3 of 4 right it is log 3:

    >>> [round(value, 6) for value in ridge_logistic([[]], [(3, 4)])] == [round(math.log(3), 6)]
    True
    """
    design = [[1.0, *row] for row in rows]
    width = len(design[0])
    found = [0.0] * width
    for _ in range(STEPS):
        gradient = [0.0] + [-RIDGE * weight for weight in found[1:]]
        curvature = [[RIDGE if i == j and i else 0.0 for j in range(width)] for i in range(width)]
        for row, (correct, attempts) in zip(design, outcomes, strict=True):
            rate = _logistic(sum(a * b for a, b in zip(found, row, strict=True)))
            left, spread = correct - attempts * rate, attempts * rate * (1 - rate)
            for i in range(width):
                gradient[i] += left * row[i]
                for j in range(width):
                    curvature[i][j] += spread * row[i] * row[j]
        step = solved(curvature, gradient)
        found = [a + b for a, b in zip(found, step, strict=True)]
        if max(map(abs, step)) < 1e-9:
            break
    return found


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve a system of linear equations by elimination with pivots.

    >>> solved([[2.0, 1.0], [1.0, 1.0]], [3.0, 2.0])
    [1.0, 1.0]
    """
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for other in range(size):
            if other != column and rows[other][column]:
                factor = rows[other][column] / rows[column][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[column], strict=True)]
    return [row[size] / row[place] for place, row in enumerate(rows)]


def isotonic(points: Sequence[tuple[float, int, int]]) -> tuple[tuple[float, float], ...]:
    """Rates seen, made to ascend with the prediction; `points` are (prediction, correct, attempts)."""
    blocks: list[tuple[list[float], int, int]] = []
    for prediction, correct, attempts in sorted(points):
        blocks.append(([prediction], correct, attempts))
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            places, c, k = blocks.pop()
            before, c0, k0 = blocks.pop()
            blocks.append((before + places, c0 + c, k0 + k))
    ends = ((place, c / k) for places, c, k in blocks for place in dict.fromkeys((places[0], places[-1])))
    return tuple(ends)


def interpolated(curve: Sequence[tuple[float, float]], x: float) -> float:
    """Height of a curve, straight between its points and level beyond them.

    >>> interpolated(((0.25, 0.5), (0.75, 1.0)), 0.5), interpolated(((0.25, 0.5), (0.75, 1.0)), 0.9)
    (0.75, 1.0)
    """
    place = bisect_left([point for point, _ in curve], x)
    if place in (0, len(curve)):
        return curve[min(place, len(curve) - 1)][1]
    (x0, y0), (x1, y1) = curve[place - 1], curve[place]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def expected_error(points: Sequence[tuple[float, int, int]]) -> float:
    """Expected calibration error: |mean prediction − rate seen|, averaged over bins by their attempts."""
    total, error = sum(k for _, _, k in points), 0.0
    for number in range(BINS):
        inside = [(p, c, k) for p, c, k in points if min(int(p * BINS), BINS - 1) == number]
        attempts = sum(k for _, _, k in inside)
        if attempts:
            error += abs(sum(p * k for p, _, k in inside) - sum(c for _, c, _ in inside)) / total
    return error


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
