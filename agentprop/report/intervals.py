"""Counts → 95 % intervals."""

from __future__ import annotations

from math import sqrt

Z = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The Wilson score interval of hits/trials; everything is possible where nothing was tried."""
    if trials == 0:
        return 0.0, 1.0
    share, z2 = hits / trials, Z * Z / trials
    centre, reach = share + z2 / 2, Z * sqrt(share * (1 - share) / trials + z2 / (4 * trials))
    return max(0.0, (centre - reach) / (1 + z2)), min(1.0, (centre + reach) / (1 + z2))
