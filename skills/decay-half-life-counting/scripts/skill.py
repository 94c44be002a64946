"""Half-life of a nuclide from two counts taken with a background."""

import math


def solve(x: float, y: float, b: float, t: float) -> float:
    """The net counting rate falls exponentially."""
    if not 0 < y - b < x - b:
        raise ValueError("the counting rate does not fall")
    return t * math.log(2) / math.log((x - b) / (y - b))


def steps(x: float, y: float, b: float, t: float) -> dict[str, float]:
    """Counting rates without the background."""
    return {"first_net": x - b, "second_net": y - b}


def check(x: float, y: float, b: float, t: float) -> float:
    """Bisection for the half-life that brings the net rate down to the second reading with square roots of 1/2 only."""
    if not 0 < y - b < x - b:
        raise ValueError("the counting rate does not fall")
    wanted = (y - b) / (x - b)

    def left(halvings: float) -> float:
        share, root, whole = 0.5 ** int(halvings), 0.5, halvings - int(halvings)
        for _ in range(55):
            root = root**0.5
            whole *= 2
            if whole >= 1:
                share, whole = share * root, whole - 1
        return share

    low, high = 0.0, 60.0
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > wanted else (low, middle)
    return t / ((low + high) / 2)
