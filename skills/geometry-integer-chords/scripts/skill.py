"""Count the chords of integer length through a point inside a circle."""

from math import isqrt


def solve(r: int, d: int) -> int:
    """Lengths run from the chord perpendicular to the diameter up to the diameter; all but these two occur twice."""
    if not 0 < d < r:
        raise ValueError("the point must lie inside the circle and off its centre")
    shortest_squared = 4 * (r * r - d * d)
    root = isqrt(shortest_squared)
    if root * root == shortest_squared:
        return 2 * (2 * r - root - 1) + 2
    return 2 * (2 * r - root - 1) + 1


def check(r: int, d: int) -> int:
    """Try every length: such a chord is tangent to a circle whose radius is its distance from the centre."""
    if not 0 < d < r:
        raise ValueError("the point must lie inside the circle and off its centre")
    chords = 0
    for length in range(1, 2 * r + 1):
        # Four times the squared gap between the point's distance and the chord's distance from the centre.
        slack = 4 * d * d - (4 * r * r - length * length)
        if slack >= 0:
            chords += 1 if slack == 0 or length == 2 * r else 2
    return chords
