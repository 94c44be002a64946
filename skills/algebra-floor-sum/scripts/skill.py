"""Add up floor((a k + c) / m) for k = 1, ..., n."""


def solve(a: int, m: int, c: int, n: int) -> int:
    """Whole periods of the remainders first, then the terms that are left."""
    return _whole_periods(a, m, c, n) + _rest(a, m, c, n)


def steps(a: int, m: int, c: int, n: int) -> dict[str, object]:
    """Whole periods of the remainders, the terms left over, and the sums over both."""
    return {
        "whole_periods": n // m,
        "terms_left": n % m,
        "sum_of_periods": _whole_periods(a, m, c, n),
        "sum_of_rest": _rest(a, m, c, n),
    }


def _rest(a: int, m: int, c: int, n: int) -> int:
    """Terms behind the whole periods: each is a per period larger than the same term at the beginning."""
    return a * (n // m) * (n % m) + sum((a * k + c) // m for k in range(1, n % m + 1))


def _whole_periods(a: int, m: int, c: int, n: int) -> int:
    """In a period every remainder occurs once, so the remainders of m terms add up to m (m - 1) / 2."""
    terms = n // m * m
    return (a * (terms * (terms + 1) // 2) + c * terms - n // m * (m * (m - 1) // 2)) // m


def check(a: int, m: int, c: int, n: int) -> int:
    """Count the lattice points under the line row by row: y is reached from the least k with a k + c >= m y on."""
    total, y = 0, 1
    while m * y <= a * n + c:
        least = max(1, -((c - m * y) // a))
        total += n - least + 1
        y += 1
    return total
