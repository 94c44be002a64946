"""Count permutations with a given number of fixed points."""

from math import comb, perm


def solve(n: int, k: int) -> int:
    """Choose the fixed points, then derange the rest with D(m) = m D(m-1) + (-1)^m."""
    derangements = 1
    for m in range(1, n - k + 1):
        derangements = m * derangements + (-1) ** m
    return comb(n, k) * derangements


def steps(n: int, k: int) -> dict[str, int]:
    """The choices of the fixed points, the objects that move, and the derangements of these."""
    choices = comb(n, k)
    return {"choices": choices, "moved": n - k, "derangements": solve(n, k) // choices}


def check(n: int, k: int) -> int:
    """Build permutations cycle by cycle: ways[j] counts those of the objects so far with j fixed points."""
    table: list[list[int]] = [[1]]
    for size in range(1, n + 1):
        # The cycle through the newest object is either that object alone or longer, with an ordered choice of mates.
        row = [0, *table[size - 1]]
        for length in range(2, size + 1):
            for fixed, count in enumerate(table[size - length][: k + 1]):
                row[fixed] += perm(size - 1, length - 1) * count
        table.append(row[: k + 1])
    return table[n][k] if k < len(table[n]) else 0
