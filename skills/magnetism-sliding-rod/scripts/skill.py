"""Terminal speed of a rod on inclined rails in a vertical magnetic field."""

import math

G = 9.8


def steps(m: float, w: float, a: float, r: float, b: float) -> dict:
    """Driving force in newtons, field at right angles to the rails in tesla, final current in amperes."""
    drive = m / 1000 * G * math.sin(math.radians(a))
    across = b * math.cos(math.radians(a))
    return {"drive": drive, "across": across, "current": drive / (across * w / 100)}


def solve(m: float, w: float, a: float, r: float, b: float) -> float:
    """The speed whose voltage drives the current that holds the rod."""
    found = steps(m, w, a, r, b)
    return found["current"] * r / (found["across"] * w / 100)


def check(m: float, w: float, a: float, r: float, b: float) -> float:
    """Motion from rest in steps of time, with voltage, current and force as vectors in the plane of the slope."""
    kilograms, metres = m / 1000, w / 100
    down = (math.cos(math.radians(a)), -math.sin(math.radians(a)))  # horizontal and vertical part of the way

    def acceleration(speed: float) -> float:
        voltage = metres * b * (speed * down[0])  # a vertical field sees the horizontal velocity only
        push = voltage / r * metres * b  # a horizontal force against the motion
        return -9.8 * down[1] - push * down[0] / kilograms

    brake = acceleration(0.0) - acceleration(1.0)
    step, speed = 0.5 / brake, 0.0
    for _ in range(80):
        one = acceleration(speed)
        two = acceleration(speed + step / 2 * one)
        three = acceleration(speed + step / 2 * two)
        four = acceleration(speed + step * three)
        speed += step * (one + 2 * two + 2 * three + four) / 6
    return speed
