"""Samples of each query → a score of a sampling configuration: many right and different ones, few wrong ones.

B-STaR (arXiv 2412.17256, as its code computes it): of a query with n_sel samples that a configuration selects, n_ok of
them right and different from each other, the balance score is

    bs = min(n_ok / n*, 1) · n_ok / n_sel,        and the score of a configuration is the mean over its queries

Explore too little and n_ok stays small; explore too much and n_ok / n_sel does. n* = 8 is the code's.

    n_ok, n_sel    4, 8    8, 8    8, 16    2, 2    0, 0
    bs             0.25    1       0.5      0.25    0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WANTED = 8
"""Right and different samples that are enough for a query, n*."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a query."""

    selected: bool
    """The configuration keeps it."""
    right: bool
    """It was found to be right."""
    template: str
    """Samples of one template are repeats of each other."""


def balance(n_ok: int, n_sel: int, wanted: int = WANTED) -> float:
    """Return the balance score of a query; 0 if nothing was selected."""
    return min(n_ok / wanted, 1.0) * (n_ok / n_sel) if n_sel else 0.0


def balance_of(samples: Sequence[Sample], wanted: int = WANTED) -> float:
    """Return the balance score of a query's samples, of which repeats count once as right and each time as selected."""
    selected = [one for one in samples if one.selected]
    return balance(len({one.template for one in selected if one.right}), len(selected), wanted)
