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


def steps(r: int, d: int) -> dict[str, int | str]:
    """The square of the shortest length, its root, the integers up to the diameter, and the extremes that count."""
    square = 4 * (r * r - d * d)
    root = isqrt(square)
    if root * root == square:
        single, ends = 2, "The shortest chord and the diameter have integer lengths as well, but occur once each"
    else:
        single, ends = (
            1,
            "The shortest chord and the diameter occur once each, but only the latter has an integer length",
        )
    return {
        "square": square,
        "diameter": 2 * r,
        "root": root,
        "floor": root * root,
        "between": 2 * r - root - 1,
        "ends": ends,
        "single": single,
    }


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
