"""Attempts at the same problems before and after training → what was gained, kept and lost, and pass@k of both.

Training can raise pass@1 by making likely answers likelier, and lose problems that only a rare attempt solved. So two
questions are asked of the same n attempts at each problem (arXiv 2510.04028 and others): which problems were solved at
least once, and from which k on the earlier model is at least as good. The p value is that of McNemar's exact test: of
the problems that only one of the two solved, are as many lost as gained?

    >>> found = support([(4, 2), (4, 0), (4, 0), (4, 1)], [(4, 3), (4, 1), (4, 0), (4, 0)])
    >>> found.kept, found.gained, found.lost, found.never, found.p
    (1, 1, 1, 1, 1.0)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import fmean

from agentprop.grading.difficulty import pass_at

Tried = tuple[int, int]
"""(attempts at a problem, those that were right)."""


@dataclass(frozen=True)
class Support:
    """Problems by who solved them at least once."""

    kept: int
    """Both."""
    gained: int
    """Only the later model."""
    lost: int
    """Only the earlier one."""
    never: int
    """Neither."""

    @property
    def p(self) -> float:
        """Two-sided p of McNemar's exact test; 1 if nothing was gained or lost.

        >>> Support(0, 5, 1, 0).p
        0.21875
        """
        n, fewer = self.gained + self.lost, min(self.gained, self.lost)
        return min(1.0, float(2 * sum(comb(n, i) for i in range(fewer + 1)) / 2**n))


def support(before: Sequence[Tried], after: Sequence[Tried]) -> Support:
    """Count the four cells, over the same problems in the same order."""
    cells = [(b > 0, a > 0) for (_, b), (_, a) in zip(before, after, strict=True)]
    return Support(*(cells.count(cell) for cell in ((True, True), (False, True), (True, False), (False, False))))


def curve(tried: Sequence[Tried], ks: Sequence[int]) -> list[float]:
    """Return the mean unbiased pass@k for each k, over problems with at least the most attempts.

    >>> [round(value, 4) for value in curve([(16, 3)], [1, 2, 4, 8, 16])]
    [0.1875, 0.35, 0.6071, 0.9, 1.0]
    """
    enough = [(n, c) for n, c in tried if n >= max(ks)]
    return [fmean(pass_at(k, correct=c, attempts=n) for n, c in enough) if enough else 0.0 for k in ks]


def coverage(templates: Sequence[str | None], k: int) -> float:
    """Return how many different templates k of these n samples have on average; None is a sample that does not count.

    The unbiased estimate, Σ over templates of 1 − C(n − m, k)/C(n, k) with m samples of a template; k is at most n.

    >>> [round(coverage(["a", "a", "b", None], k), 4) for k in (1, 2, 4)]
    [0.75, 1.3333, 2.0]
    """
    counts = Counter(name for name in templates if name is not None)
    return sum(pass_at(k, correct=m, attempts=len(templates)) for m in counts.values())


def crossing(before: Sequence[float], after: Sequence[float], ks: Sequence[int]) -> int | None:
    """Return the least k from which on the earlier model is at least as good, after a lead of the later one at k = 1.

    None if there is none, or the later model has no lead to lose.

    >>> crossing([0.2, 0.5, 0.8], [0.4, 0.5, 0.6], [1, 2, 4])
    2
    """
    if not after or after[0] <= before[0]:
        return None
    for place, k in enumerate(ks):
        if all(b >= a for b, a in zip(before[place:], after[place:], strict=True)):
            return k
    return None
