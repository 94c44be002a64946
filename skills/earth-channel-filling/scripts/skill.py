"""Time in which an open channel carries a volume of water."""

import math

ROUGHNESS = {
    "smooth concrete (Manning coefficient 0.013)": 0.013,
    "brick in mortar (Manning coefficient 0.015)": 0.015,
    "fine gravel (Manning coefficient 0.025)": 0.025,
    "short grass (Manning coefficient 0.030)": 0.030,
}


def steps(lining: str, b: float, z: float, y: float, j: float, v: float) -> dict:
    """Area in m², wetted perimeter and hydraulic radius in metres, Manning coefficient, mean speed in m/s."""
    area, wetted = y * (b + z * y), b + 2 * y * math.sqrt(1 + z * z)
    radius, roughness = area / wetted, ROUGHNESS[lining]
    speed = radius ** (2 / 3) * math.sqrt(j / 1000) / roughness
    return {"area": area, "wetted": wetted, "radius": radius, "roughness": roughness, "speed": speed}


def solve(lining: str, b: float, z: float, y: float, j: float, v: float) -> float:
    """Volume over flow, in hours."""
    found = steps(lining, b, z, y, j, v)
    return v / (found["area"] * found["speed"]) / 3600


def check(lining: str, b: float, z: float, y: float, j: float, v: float) -> float:
    """The corners of the wet cross-section, measured; the speed by bisection on the cube of Manning's formula."""
    corners = [(-z * y, y), (0.0, 0.0), (b, 0.0), (b + z * y, y)]
    pairs = list(zip(corners, corners[1:] + corners[:1], strict=True))
    wet = abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in pairs)) / 2
    outline = sum(math.dist(p, q) for p, q in pairs[:3])
    low, high = 0.0, 50.0
    for _ in range(60):
        speed = (low + high) / 2
        # (n u)^6 = R^4 S^3
        less = (ROUGHNESS[lining] * speed) ** 6 < (wet / outline) ** 4 * (j * 1e-3) ** 3
        low, high = (speed, high) if less else (low, speed)
    return v / (3600 * speed * wet)
