"""Count the ways to share out n like objects, j shares being odd and k free."""

from math import comb


def solve(n: int, j: int, k: int) -> int:
    """Sum over the total of the odd shares."""
    return sum(_odd(t, j) * _free(n - j - 2 * t, k) for t in range((n - j) // 2 + 1))


def steps(n: int, j: int, k: int) -> dict[str, object]:
    """Pairs of objects that are left when each odd share has one, and the first and the last term of the sum."""
    last = (n - j) // 2
    return {
        "pairs_to_give": last,
        "first_term": _free(n - j, k),
        "last_term": _odd(last, j) * _free(n - j - 2 * last, k),
    }


def _odd(t: int, j: int) -> int:
    return comb(t + j - 1, j - 1)


def _free(rest: int, k: int) -> int:
    return comb(rest + k - 1, k - 1)


def check(n: int, j: int, k: int) -> int:
    """Multiply the series share by share: a free share adds up all smaller totals, an odd one every second of them."""
    ways = [1] + [0] * n
    for _ in range(k):
        for total in range(1, n + 1):
            ways[total] += ways[total - 1]
    for _ in range(j):
        shared = [0] * (n + 1)
        for total in range(1, n + 1):
            shared[total] = ways[total - 1] + (shared[total - 2] if total > 1 else 0)
        ways = shared
    return ways[n]
