"""Period of a pendulum made of a rod and a disc."""

import math

G = 9.8


def steps(x: float, m: float, r: float, n: float, c: float) -> dict:
    """Moment of inertia about the axle in kg·m², and restoring torque per radian in N·m."""
    rod, disc = m / 1000, n / 1000
    inertia = rod * (x / 100) ** 2 / 3 + disc * ((r / 100) ** 2 / 2 + (c / 100) ** 2)
    return {"inertia": inertia, "torque": G * (rod * x / 200 + disc * c / 100)}


def solve(x: float, m: float, r: float, n: float, c: float) -> float:
    """Period of small oscillations of a rigid body."""
    found = steps(x, m, r, n, c)
    return 2 * math.pi * math.sqrt(found["inertia"] / found["torque"])


def check(x: float, m: float, r: float, n: float, c: float) -> float:
    """Slices of rod and disc added up; then a quarter of a swing, from rest to the lowest point, in small steps."""
    inertia = torque = 0.0
    for i in range(40):  # Simpson's rule within each slice of the rod
        a, b = x / 4000 * i, x / 4000 * (i + 1)
        inertia += m / 40000 * (a * a + (a + b) ** 2 + b * b) / 6
        torque += m / 40000 * 9.8 * (a + b) / 2
    for i in range(40):  # rings of the disc, each turning about the axle with all its points
        a, b = r / 4000 * i, r / 4000 * (i + 1)
        ring = n / 1000 * (b * b - a * a) / (r / 100) ** 2
        inertia += ring * ((a * a + b * b) / 2 + (c / 100) ** 2)
        torque += ring * 9.8 * c / 100
    pull = torque / inertia
    angle, speed, time, step = 1.0, 0.0, 0.0, 0.02 / pull**0.5
    while True:
        a1, b1 = speed, -pull * angle
        a2, b2 = speed + step / 2 * b1, -pull * (angle + step / 2 * a1)
        a3, b3 = speed + step / 2 * b2, -pull * (angle + step / 2 * a2)
        a4, b4 = speed + step * b3, -pull * (angle + step * a3)
        new = angle + step * (a1 + 2 * a2 + 2 * a3 + a4) / 6
        if new <= 0:
            break
        angle, speed, time = new, speed + step * (b1 + 2 * b2 + 2 * b3 + b4) / 6, time + step
    rest = -angle / speed  # the path is nearly straight here; correct it for the small bend
    for _ in range(4):
        rest = -angle / (speed - pull * angle * rest / 3)
    return 4 * (time + rest)
