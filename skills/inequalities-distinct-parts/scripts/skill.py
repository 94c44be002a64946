"""Largest product of pairwise different integers of at least m with the sum n."""

from math import prod


def solve(n: int, m: int) -> int:
    """Compare, for every number of parts, the row without needless gaps."""
    return max(prod(row) for row in _rows(n, m))


def steps(n: int, m: int) -> dict[str, object]:
    """The largest number of parts and the parts of the best row."""
    rows = _rows(n, m)
    return {"most_parts": max(map(len, rows)), "best_parts": max(rows, key=prod)}


def _rows(n: int, m: int) -> list[list[int]]:
    """For each number of parts the most even row: consecutive numbers, the uppermost of which are one larger."""
    rows = []
    count = 1
    while count * m + count * (count - 1) // 2 <= n:
        start, extra = divmod(n - count * (count - 1) // 2, count)
        rows.append([start + i + (i >= count - extra) for i in range(count)])
        count += 1
    return rows


def check(n: int, m: int) -> int:
    """Table over sums: the best product with parts up to some size, each used once at most."""
    best = [1] + [0] * n
    for part in range(m, n + 1):
        for total in range(n, part - 1, -1):
            best[total] = max(best[total], part * best[total - part])
    return best[n]
