"""A factor and a bound to the sum of the integers that make the infinite nested radical an integer."""

from math import isqrt


def solve(a: int, n: int) -> int:
    """Add j (j + a) for j = 1, 2, ... as long as the product is at most n, in closed form."""
    last = (isqrt(a * a + 4 * n) - a) // 2
    return last * (last + 1) * (2 * last + 1) // 6 + a * last * (last + 1) // 2


def steps(a: int, n: int) -> dict[str, int]:
    """The last j, the products around the bound, and the sums of squares and of numbers up to the last j."""
    last = (isqrt(a * a + 4 * n) - a) // 2
    return {
        "last": last,
        "largest": last * (last + a),
        "beyond": (last + 1) * (last + 1 + a),
        "squares": last * (last + 1) * (2 * last + 1) // 6,
        "numbers": last * (last + 1) // 2,
    }


def check(a: int, n: int) -> int:
    """Test for every w whether an integer y with y^2 = w + a y exists, walking y along with w."""
    total, y = 0, a
    for w in range(1, n + 1):
        while y * y < w + a * y:
            y += 1
        if y * y == w + a * y:
            total += w
    return total
