"""A bound, a modulus and a residue to the number of integers whose squares leave that residue."""


def solve(n: int, m: int, r: int) -> int:
    """Find the square roots of r in one period and count each root's class up to n."""
    roots = [x for x in range(1, m + 1) if (x * x - r) % m == 0]
    return sum((n - root) // m + 1 for root in roots if root <= n)


def steps(n: int, m: int, r: int) -> dict[str, int | str]:
    """The roots of one period, the full periods up to n, and the roots in the last incomplete one."""
    roots = [x for x in range(1, m + 1) if (x * x - r) % m == 0]
    return {
        "roots": ", ".join(map(str, roots)) or "none",
        "number": len(roots),
        "periods": n // m,
        "rest": n % m,
        "extra": sum(root <= n % m for root in roots),
    }


def check(n: int, m: int, r: int) -> int:
    """Follow the remainders of 1, 4, 9, ... by adding odd numbers, one square after another."""
    count, remainder, odd = 0, 0, 1
    for _ in range(n):
        remainder = (remainder + odd) % m
        odd += 2
        count += remainder == r
    return count
