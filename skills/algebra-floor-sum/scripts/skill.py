"""Add up floor((a k + c) / m) for k = 1, ..., n."""


def solve(a: int, m: int, c: int, n: int) -> int:
    """Whole periods of the remainders first; every later term is as much larger as a period lifts it."""
    periods, rest = divmod(n, m)
    lifted = a * periods * rest
    return _whole_periods(a, m, c, n) + lifted + sum((a * k + c) // m for k in range(1, rest + 1))


def steps(a: int, m: int, c: int, n: int) -> dict[str, object]:
    """Whole periods of the remainders, the terms left over, and the sum over the whole periods."""
    return {"whole_periods": n // m, "terms_left": n % m, "sum_of_periods": _whole_periods(a, m, c, n)}


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
