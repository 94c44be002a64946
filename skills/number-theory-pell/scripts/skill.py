"""A non-square and a number to its distance from the next x with x^2 - d y^2 = 1."""

from math import isqrt


def solve(d: int, n: int) -> int:
    """Find the fundamental solution by continued fractions and compose it until x passes n."""
    root = isqrt(d)
    if root * root == d:
        raise ValueError("d is a perfect square")
    m, q, a = 0, 1, root
    x_before, x1, y_before, y1 = 1, root, 0, 1
    while x1 * x1 - d * y1 * y1 != 1:
        m = q * a - m
        q = (d - m * m) // q
        a = (root + m) // q
        x_before, x1 = x1, a * x1 + x_before
        y_before, y1 = y1, a * y1 + y_before
    x, y = x1, y1
    while x <= n:
        x, y = x1 * x + d * y1 * y, x1 * y + y1 * x
    return x - n


def steps(d: int, n: int) -> dict[str, int]:
    """The fundamental solution, the last solution up to n, and the x after it."""
    x1 = solve(d, 1) + 1
    y1 = isqrt((x1 * x1 - 1) // d)
    x, y = 1, 0
    while x1 * x + d * y1 * y <= n:
        x, y = x1 * x + d * y1 * y, y1 * x + x1 * y
    return {"x1": x1, "y1": y1, "x": x, "y": y, "following": x1 * x + d * y1 * y}


def check(d: int, n: int) -> int:
    """Try y = 1, 2, 3, ... until d y^2 + 1 is the square of a number beyond n."""
    if isqrt(d) ** 2 == d:
        raise ValueError("d is a perfect square")
    y = isqrt(n * n // d)
    while True:
        square = d * y * y + 1
        x = isqrt(square)
        if x * x == square and x > n:
            return x - n
        y += 1
