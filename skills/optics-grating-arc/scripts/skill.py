"""Arc between the two outermost orders of a grating on a circular screen."""

import math


def steps(w: float, n: float, r: float) -> dict:
    """Spacing in nanometres, highest order, and its angle in degrees."""
    spacing = 1e6 / n
    order = int(spacing / w)
    if order == 0:
        raise ValueError("the grating shows no order beside the middle")
    return {"spacing": spacing, "order": order, "angle": math.degrees(math.asin(order * w / spacing))}


def solve(w: float, n: float, r: float) -> float:
    """Twice the arc that belongs to the angle of the highest order."""
    return 2 * r * math.radians(steps(w, n, r)["angle"])


def check(w: float, n: float, r: float) -> float:
    """The direction is turned from the normal to the grating; each whole phase between neighbouring slits is a line."""

    def phase(angle: float) -> float:
        ahead = math.cos(math.pi / 2 - angle) * 1e-3 / n
        return ahead / (w * 1e-9)

    last, turn, step = None, 0.0, math.pi / 2 / 400
    while turn < math.pi / 2 - step / 2:
        if math.floor(phase(turn + step)) > math.floor(phase(turn)):
            whole, low, high = math.floor(phase(turn + step)), turn, turn + step
            for _ in range(45):
                middle = (low + high) / 2
                low, high = (middle, high) if phase(middle) < whole else (low, middle)
            last = (low + high) / 2
        turn += step
    if last is None:
        raise ValueError("the grating shows no order beside the middle")
    return last * r + last * r
