"""Greatest expected last roll of a die that may be rolled up to k times."""

from fractions import Fraction


def solve(n: int, k: int) -> Fraction:
    """Backward induction."""
    return _values(n, k)[-1]


def steps(n: int, k: int) -> dict[str, object]:
    """The values with one, two, ... rolls left, and the smallest roll that is kept at the first chance."""
    values = _values(n, k)
    return {"values_by_rolls_left": values[:-1], "first_kept": int(values[-2]) + 1}


def _values(n: int, k: int) -> list[Fraction]:
    values = [Fraction(n + 1, 2)]
    while len(values) < k:
        floor = int(values[-1])
        values.append((floor * values[-1] + Fraction((floor + 1 + n) * (n - floor), 2)) / n)
    return values


def check(n: int, k: int) -> Fraction:
    """Try every threshold for every roll; all values are kept as integers over n^(number of rolls left)."""
    scaled = n * (n + 1) // 2
    for rolls in range(2, k + 1):
        unit = n ** (rolls - 1)
        kept, best = 0, n * scaled  # nothing kept
        for threshold in range(n, 0, -1):
            kept += threshold
            best = max(best, kept * unit + (threshold - 1) * scaled)
        scaled = best
    return Fraction(scaled, n**k)
