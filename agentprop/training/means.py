"""Numbers of single trajectories → their means over the trajectories of all processes.

A mean is kept as a sum and a count, so that it is right although the counts of processes differ. All processes must
add to the same names; a name may be added without a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum

from agentprop.training.model.distributed import World


class RunningMeans:
    """Named means: `means.add("reward/validity", [1, 0, 1])`, then `means.reduce(world)`."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}
        self._weights: dict[str, tuple[float, float, int]] = {}

    def add(self, name: str, values: Iterable[float]) -> None:
        """Add values to a name; without a value the name is still known."""
        found = [float(value) for value in values]
        total, count = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + sum(found), count + len(found))

    def add_mean(self, name: str, mean: float, count: int) -> None:
        """Add `count` values to a name by their mean."""
        total, known = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + mean * count, known + count)

    def add_weights(self, name: str, weights: Sequence[float]) -> None:
        """Add weights to a name, whose number is then their effective share."""
        total, squares, count = self._weights.get(name, (0.0, 0.0, 0))
        added = (fsum(weights), fsum(c * c for c in weights), len(weights))
        self._weights[name] = (total + added[0], squares + added[1], count + added[2])

    def reduce(self, world: World) -> dict[str, float]:
        """Return the means over all processes, leaving out names without a value. Every process must call it."""
        flat = world.sum([float(part) for pair in self._sums.values() for part in pair])
        pairs = zip(self._sums, flat[::2], flat[1::2], strict=True)
        means = {name: total / count for name, total, count in pairs if count}
        flat = world.sum([float(part) for triple in self._weights.values() for part in triple])
        triples = zip(self._weights, flat[::3], flat[1::3], flat[2::3], strict=True)
        return means | {name: effective_share(*sums) for name, *sums in triples if sums[2]}


def effective_share(total: float, squares: float, count: float) -> float:
    """Return the effective sample size (Σc)²/(n·Σc²) of n weights c as a share of n; 0 if every weight is 0.

    The weights 1, 1, 1 and 2 have the sum 5 and the sum of squares 7:

    >>> round(effective_share(5, 7, 4), 4)
    0.8929
    """
    return total**2 / (count * squares) if squares else 0.0


def prefixed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    """Return the same values under `prefix/name`."""
    return {f"{prefix}/{name}": value for name, value in values.items()}
