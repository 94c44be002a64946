"""Numbers of single trajectories → their means over the trajectories of all processes.

A mean is kept as a sum and a count, so that it is right although the counts of processes differ. All processes must
add to the same names; a name may be added without a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentprop.training.model.distributed import World


class RunningMeans:
    """Named means: `means.add("reward/validity", [1, 0, 1])`, then `means.reduce(world)`."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, name: str, values: Iterable[float]) -> None:
        """Add values to a name; without a value the name is still known."""
        found = [float(value) for value in values]
        total, count = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + sum(found), count + len(found))

    def add_mean(self, name: str, mean: float, count: int) -> None:
        """Add `count` values to a name by their mean."""
        total, known = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + mean * count, known + count)

    def reduce(self, world: World) -> dict[str, float]:
        """Return the means over all processes, leaving out names without a value. Every process must call it."""
        flat = world.sum([part for pair in self._sums.values() for part in pair])
        pairs = zip(self._sums, flat[::2], flat[1::2], strict=True)
        return {name: total / count for name, total, count in pairs if count}


def prefixed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    """Return the same values under `prefix/name`."""
    return {f"{prefix}/{name}": value for name, value in values.items()}
