"""Count selections from a row or a circle that keep a minimum distance."""

from itertools import accumulate
from math import comb


def solve(n: int, k: int, d: int, shape: str) -> int:
    """Row: squeeze d places out of each gap. Circle: fix one chosen place and distribute the rest into k gaps."""
    if shape == "row":
        return comb(n - (k - 1) * d, k) if n >= (k - 1) * d else 0
    return n * comb(n - k * d - 1, k - 1) // k if n > k * d else 0


def steps(n: int, k: int, d: int, shape: str) -> dict[str, int | str]:
    """The places not chosen, the gaps and what they need, the ways to fill them, and the selections from these."""
    gaps, inner = (k + 1, k - 1) if shape == "row" else (k, k)
    spare = n - k - inner * d
    fillings = comb(spare + gaps - 1, gaps - 1) if spare >= 0 else 0
    if shape == "row":
        counted, factor = "In a row each filling of the gaps is one selection", ""
    else:
        counted = (
            f"In a circle the chosen place where the gaps begin can be any of ${n}$, "
            f"and each selection arises from every one of its ${k}$ places"
        )
        factor = rf"\frac{{{n}}}{{{k}}} \cdot "
    return {
        "others": n - k,
        "gaps": gaps,
        "needed": inner * d,
        "spare": spare,
        "fillings": fillings,
        "counted": counted,
        "way": f"${factor}{fillings}$, that is, " if factor else "",
    }


def check(n: int, k: int, d: int, shape: str) -> int:
    """Count row selections place by place; for a circle discard those whose ends come too close around."""
    tables = [[1] * (n + 1)]
    for _ in range(k):
        # Among the first t places: the last chosen one is some p <= t, the others lie among the first p - d - 1.
        earlier = tables[-1]
        room = [earlier[max(0, p - d - 1)] if len(tables) == 1 or p > d + 1 else 0 for p in range(1, n + 1)]
        tables.append([0, *accumulate(room)])
    if shape == "row":
        return tables[k][n]
    clashes = 0
    for first in range(1, d + 1):
        for last in range(n - d + first, n + 1):
            between = last - first - 1 - 2 * d
            clashes += tables[k - 2][between] if between >= 0 else int(k == 2)
    return tables[k][n] - clashes
