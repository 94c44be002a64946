"""Difficulty rows → per prober: the distribution of the problems' difficulty, with intervals; D → problems by band.

The interval of one problem's ρ = c/k is in its record. A bar of the histogram is the share of the problems in its
range, with the Wilson interval of that share. Of several measurements by one prober the last one read counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from agentprop.composition.difficulty import BANDS, spread
from agentprop.grading.wilson import Z95, wilson
from agentprop.report.index import Column, ProblemIndex

FINE = 32
"""Largest common k for which every count of correct attempts has its own bar."""
COARSE = 8
"""Bars between never and always solved otherwise: early stops leave problems with different k."""


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram."""

    label: str
    """Its range of ρ."""
    rho: float
    """Its middle, as ρ."""
    problems: int
    """Number of problems."""
    low: float
    """Lower end of the 95 % interval of their share."""
    high: float
    """Upper end."""


@dataclass(frozen=True)
class ProberDifficulty:
    """Difficulty of the problems as one prober measured it."""

    prober: str
    """Its identity."""
    problems: int
    """Problems measured."""
    attempts: int
    """Attempts that count."""
    truncated: int
    """Attempts cut off, not counted."""
    timeouts: int
    """Attempts lost to time-outs, not counted."""
    never: int
    """Problems with c = 0."""
    always: int
    """Problems with c = k."""
    mean: float | None
    """Mean ρ over problems."""
    low: float | None
    """Lower end of the 95 % interval of the mean; the problems are the sample."""
    high: float | None
    """Upper end."""
    bars: tuple[Bar, ...]
    """The histogram."""


@dataclass(frozen=True)
class DeclaredBands:
    """Declared difficulty of the problems: work that the compositions tell, no pass rate."""

    problems: int
    """Problems that declare one."""
    quantiles: Mapping[str, float]
    """Score D at 5, 25, 50, 75 and 95 % of the problems."""
    bars: tuple[Bar, ...]
    """Problems by band; `rho` is 0 in all, because nothing was tried."""


def declared_bands(scores: Mapping[float, int]) -> DeclaredBands | None:
    """Arrange the problems by band; `scores` counts them by D. None if no problem declares its difficulty.

    >>> found = declared_bands({3.9: 1, 4.2: 2, 7.0: 1})
    >>> [(bar.label, bar.problems) for bar in found.bars], found.quantiles["50%"]
    ([('1', 1), ('2', 2), ('3', 0), ('4', 1), ('5', 0)], 4.2)
    """
    if not scores:
        return None
    found, total = spread(scores), sum(scores.values())
    counts = {str(band): found["bands"].get(str(band), 0) for band in BANDS}
    bars = tuple(Bar(band, 0.0, count, *wilson(count, total)) for band, count in counts.items())
    return DeclaredBands(total, found["quantiles"], bars)


class Difficulties:
    """The last measurement of every problem by every prober."""

    def __init__(self, index: ProblemIndex) -> None:
        self._index = index
        self._found: dict[str, tuple[Column, Column, Column, Column]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row with `problem_id`, `prober`, `c`, `k`, `truncated`, `timeouts`."""
        if row["prober"] not in self._found:
            self._found[row["prober"]] = (Column("i", 0), Column("i", -1), Column("i", 0), Column("i", 0))
        position = self._index.add(row["problem_id"])
        for column, name in zip(self._found[row["prober"]], ("c", "k", "truncated", "timeouts"), strict=True):
            column[position] = row[name]

    def probers(self) -> list[str]:
        """The probers, in the order of iteration."""
        return sorted(self._found)

    def __iter__(self) -> Iterator[ProberDifficulty]:
        for prober, columns in sorted(self._found.items()):
            yield _difficulty_by(prober, [entry for entry in zip(*columns, strict=True) if entry[1] >= 0])


def _difficulty_by(prober: str, found: list[tuple[int, int, int, int]]) -> ProberDifficulty:
    tried = [(c, k) for c, k, _, _ in found if k > 0]
    mean, reach = _mean([c / k for c, k in tried])
    return ProberDifficulty(
        prober=prober,
        problems=len(found),
        attempts=sum(k for _, k in tried),
        truncated=sum(entry[2] for entry in found),
        timeouts=sum(entry[3] for entry in found),
        never=sum(c == 0 for c, _ in tried),
        always=sum(c == k for c, k in tried),
        mean=mean,
        low=None if mean is None or reach is None else max(0.0, mean - reach),
        high=None if mean is None or reach is None else min(1.0, mean + reach),
        bars=tuple(_bars(tried)),
    )


def _mean(values: list[float]) -> tuple[float | None, float | None]:
    """Mean and half the width of its 95 % interval, which one value does not give."""
    if not values:
        return None, None
    mean = sum(values) / len(values)
    if len(values) == 1:
        return mean, None
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, Z95 * sqrt(variance / len(values))


def _bars(tried: list[tuple[int, int]]) -> Iterator[Bar]:
    sizes = {k for _, k in tried}
    common = next(iter(sizes)) if len(sizes) == 1 else None
    if common is not None and common <= FINE:
        counts = Counter(c for c, _ in tried)
        places = [(f"{c}/{common}", c / common, counts[c]) for c in range(common + 1)]
    else:
        counts = Counter(_place(c, k) for c, k in tried)
        places = [("never", 0.0, counts[0])]
        places += [
            (f"{(n - 1) / COARSE:.0%} – {n / COARSE:.0%}", (n - 0.5) / COARSE, counts[n]) for n in range(1, COARSE + 1)
        ]
        places += [("always", 1.0, counts[COARSE + 1])]
    for label, rho, count in places if tried else ():
        yield Bar(label, rho, count, *wilson(count, len(tried)))


def _place(c: int, k: int) -> int:
    """Bar of c/k: 0 never, COARSE + 1 always, else the number of the equal part in between."""
    if c in (0, k):
        return 0 if c == 0 else COARSE + 1
    return 1 + c * COARSE // k
