"""Focal length of a thin lens for one wavelength."""

import math

GLASS = {
    "fused silica ($A = 1.458$, $B = 3540$)": (1.458, 3540),
    "crown glass ($A = 1.505$, $B = 4200$)": (1.505, 4200),
    "barium glass ($A = 1.670$, $B = 7430$)": (1.670, 7430),
    "heavy flint glass ($A = 1.728$, $B = 13420$)": (1.728, 13420),
}


def steps(w: float, glass: str, r: float, bend: str, s: float) -> dict:
    """Numbers of the glass, refractive index, sign of the second face, sum of the curvatures per centimetre."""
    a, b = GLASS[glass]
    outwards = bend == "curved outwards"
    return {
        "A": a,
        "B": b,
        "index": a + b / w**2,
        "sign": "" if outwards else "minus ",
        "join": "+" if outwards else "-",
        "curvature": 1 / r + (1 / s if outwards else -1 / s),
    }


def solve(w: float, glass: str, r: float, bend: str, s: float) -> float:
    """The lensmaker's equation."""
    found = steps(w, glass, r, bend, s)
    if found["curvature"] <= 0:
        raise ValueError("the lens diverges")
    return 1 / ((found["index"] - 1) * found["curvature"])


def check(w: float, glass: str, r: float, bend: str, s: float) -> float:
    """Rays close to the axis, refracted at both faces by Snell's law, as angles in a plane; no thickness."""
    a, b = GLASS[glass]
    index = a + b / (w * w)

    def crossing(height: float) -> float:
        """Distance at which a ray that comes in parallel to the axis crosses it."""
        normal = math.asin(height / r)  # of the convex face, against the axis
        inside = normal - math.asin(math.sin(normal) / index)  # angle of the ray to the axis, downwards
        # the normal of the second face leans the other way if this face is curved outwards
        other = -math.asin(height / s) if bend == "curved outwards" else math.asin(height / s)
        outside = math.asin(index * math.sin(inside - other)) + other
        if outside <= 0:
            raise ValueError("the lens diverges")
        return height / math.tan(outside)

    near, far = crossing(0.01), crossing(0.02)
    return near + (near - far) / 3  # the error goes with the square of the height
