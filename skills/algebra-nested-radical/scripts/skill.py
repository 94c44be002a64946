"""A factor and a bound to the number of integers that make the infinite nested radical an integer."""

from math import isqrt


def solve(a: int, n: int) -> int:
    """Count the integers y > a with y (y - a) <= n by solving the quadratic."""
    largest = (a + isqrt(a * a + 4 * n)) // 2
    return largest - a


def check(a: int, n: int) -> int:
    """Test for every x whether an integer y with y^2 = x + a y exists, walking y along with x."""
    count, y = 0, a
    for x in range(1, n + 1):
        while y * y < x + a * y:
            y += 1
        count += y * y == x + a * y
    return count
