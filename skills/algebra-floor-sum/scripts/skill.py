"""Add up floor((a k + c) / m) for k = 1, ..., n."""


def solve(a: int, m: int, c: int, n: int) -> int:
    """Exchange rows and columns under the line, as in Euclid's algorithm."""
    return _under(a, m, a + c, n)


def steps(a: int, m: int, c: int, n: int) -> dict[str, object]:
    """Whole periods of the remainders, the terms left over, and the sum over the whole periods."""
    periods, rest = divmod(n, m)
    whole = periods * m
    return {
        "whole_periods": periods,
        "terms_left": rest,
        "sum_of_periods": (a * whole * (whole + 1) // 2 + c * whole - periods * (m * (m - 1) // 2)) // m,
    }


def _under(a: int, m: int, c: int, count: int) -> int:
    """Sum of floor((a i + c) / m) for 0 <= i < count."""
    total = 0
    while True:
        total += a // m * (count * (count - 1) // 2) + c // m * count
        a, c = a % m, c % m
        top = a * count + c
        if top < m:
            return total
        # Points counted by rows from the right: there are top // m rows, and the offset of the last one is top mod m.
        count, c, a, m = top // m, top % m, m, a


def check(a: int, m: int, c: int, n: int) -> int:
    """Add term by term, carrying quotient and remainder along."""
    total, quotient, remainder = 0, 0, c
    for _ in range(n):
        remainder += a
        while remainder >= m:
            remainder -= m
            quotient += 1
        total += quotient
    return total
