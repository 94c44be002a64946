"""The sum of a number and its reciprocal to the sum of their n-th powers."""


def solve(k: int, n: int) -> int:
    """Climb with v(j+1) = k v(j) - v(j-1)."""
    before, value = 2, k
    for _ in range(n - 1):
        before, value = value, k * value - before
    return value


def check(k: int, n: int) -> int:
    """Raise x = (k + sqrt(D)) / 2 with D = k^2 - 4 to the power n exactly and add the conjugate."""
    radicand = k * k - 4
    rational, irrational = 1, 0
    for _ in range(n):
        rational, irrational = rational * k + irrational * radicand, rational + irrational * k
    return 2 * rational >> n
