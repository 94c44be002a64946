"""Focal length of a lens from the sizes of its two sharp images on one screen."""

import math


def steps(s: float, a: float, b: float) -> dict:
    """Magnification of the larger image, object distance and image distance that belong to it, in centimetres."""
    if not a > b:
        raise ValueError("the first image is not the larger one")
    magnification = math.sqrt(a / b)
    near = s / (1 + magnification)
    return {"magnification": magnification, "near": near, "far": s - near}


def solve(s: float, a: float, b: float) -> float:
    """Lens equation with the two distances."""
    found = steps(s, a, b)
    return found["near"] * found["far"] / s


def check(s: float, a: float, b: float) -> float:
    """Bisection for the focal length: rays that leave the tip of an object are bent by the lens in its two places."""

    def ratio(focal: float) -> float:
        """Large image over small image."""
        low, high = focal, s / 2
        for _ in range(45):
            place = (low + high) / 2
            slope = 1.0 / place - 1.0 / focal  # behind the lens, of a ray that left the axis with slope 1/place
            meets = -1.0 / slope if slope < 0 else math.inf
            low, high = (place, high) if place + meets > s else (low, place)
        place = (low + high) / 2
        large = (s - place) / place
        small = place / (s - place)
        return large / small

    low, high = s / 60, s / 4
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if ratio(middle) > a / b else (low, middle)
    return (low + high) / 2
