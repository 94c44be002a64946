"""Pass rates of the problems of a domain → how many of each difficulty are kept (`reweight`).

Which difficulty helps depends on the domain: in one study (Infra, arXiv 2505.19949: one 7B model, influence functions)
hard mathematics helped mathematics and code, and easy code helped code. What is taken from it is a weight by domain and
pass rate ρ, with numbers of ours:

    hard   (1 − ρ) + 0.1        easy   ρ + 0.1        flat   1

A problem that was never solved may be broken rather than hard, so its ρ counts as 1/(k + 1). Weights have the mean 1 in
each domain, so that the balance of domains stays, and a problem is kept with its weight over the largest one.

    >>> [round(w, 4) for w in normalised([raw("hard", 4, 16), raw("hard", 12, 16)])]
    [1.4167, 0.5833]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Preference = Literal["hard", "easy", "flat"]
FLOOR = 0.1
"""Weight of the least wanted problem, before weights are normalised."""


def raw(wanted: Preference, correct: int, attempts: int) -> float:
    """Return the weight of a problem that was solved so often.

    >>> round(raw("hard", 0, 16), 4)
    1.0412
    """
    rho = correct / attempts if correct else 1 / (attempts + 1)
    return {"hard": 1 - rho + FLOOR, "easy": rho + FLOOR, "flat": 1.0}[wanted]


def normalised(weights: Sequence[float]) -> list[float]:
    """Scale weights to the mean 1."""
    mean = sum(weights) / len(weights)
    return [weight / mean for weight in weights]


def kept_share(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Domain → problem → raw weight, to the probability with which each problem is kept."""
    scaled = {
        problem: weight
        for weights in found.values()
        for problem, weight in zip(weights, normalised(list(weights.values())), strict=True)
    }
    most = max(scaled.values(), default=1.0)
    return {problem: weight / most for problem, weight in scaled.items()}
