"""Speed with which a block comes back to the foot of a rough ramp it ran up."""

import math

G = 9.8


def solve(v: float, theta: float, mu: float) -> float:
    """Energy: friction does the same work on the way up and on the way down."""
    slope = math.tan(math.radians(theta))
    if not 0 < mu < slope or v <= 0:
        raise ValueError("the block does not slide back")
    return v * math.sqrt((slope - mu) / (slope + mu))


def steps(v: float, theta: float, mu: float) -> dict[str, float]:
    """The tangent of the slope, and the ratio of the two accelerations."""
    slope = math.tan(math.radians(theta))
    return {"slope": slope, "ratio": (slope - mu) / (slope + mu)}


def check(v: float, theta: float, mu: float) -> float:
    """Newton's law stepped in time: up until the velocity changes sign, then down over the same length."""
    angle = math.radians(theta)
    pull, grip = G * math.sin(angle), mu * G * math.cos(angle)
    if v <= 0 or mu <= 0 or grip >= pull:
        raise ValueError("the block does not slide back")
    step = v / (200 * (pull + grip))
    length, speed = 0.0, v
    while speed > 0:
        span = min(step, speed / (pull + grip))
        middle = speed - (pull + grip) * span / 2
        speed -= (pull + grip) * span
        length += middle * span
        if span < step:
            break
    speed, step = 0.0, v / (200 * (pull - grip))
    while length > 0:
        advance = (speed + (pull - grip) * step / 2) * step
        if advance > length:
            step = (math.hypot(speed, math.sqrt(2 * (pull - grip) * length)) - speed) / (pull - grip)
            advance = length
        speed += (pull - grip) * step
        length -= advance
    return speed
