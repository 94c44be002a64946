"""Numbers of single trajectories → their means over everything that all processes rolled out.

A figure is a sum and a count, so that it adds up over processes whose counts differ. All of them must have the same
figures: a figure that nothing was counted for is there with 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentprop.training.model.distributed import World


class RunningMeans:
    """`figures.add("reward/validity", [1, 0, 1])`, then `figures.means(world)`."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, name: str, values: Iterable[float]) -> None:
        """Count some values; none at all is a figure too."""
        found = [float(value) for value in values]
        total, count = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + sum(found), count + len(found))

    def add_mean(self, name: str, mean: float, count: int) -> None:
        """Count so many values by their mean."""
        total, known = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + mean * count, known + count)

    def reduce(self, world: World) -> dict[str, float]:
        """The mean of each figure over all processes; those of nothing are left out. Every process calls it."""
        flat = world.sum([part for pair in self._sums.values() for part in pair])
        pairs = zip(self._sums, flat[::2], flat[1::2], strict=True)
        return {name: total / count for name, total, count in pairs if count}


def prefixed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    """The same values under `prefix/name`."""
    return {f"{prefix}/{name}": value for name, value in values.items()}
