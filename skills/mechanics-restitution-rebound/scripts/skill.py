"""Speed with which a block comes back from a heavier body standing on the same smooth floor."""


def solve(v: float, n: float, e: float) -> float:
    """Centre-of-mass frame: velocities reverse and shrink by the coefficient of restitution."""
    if v <= 0 or n * e <= 1:
        raise ValueError("the block does not rebound")
    centre = v / (1 + n)
    return e * (v - centre) - centre


def steps(v: float, n: float, e: float) -> dict[str, float]:
    """The speed of the centre of mass, and the speeds before and after the collision as seen from there."""
    centre = v / (1 + n)
    return {"centre": centre, "closing": v - centre, "leaving": e * (v - centre)}


def check(v: float, n: float, e: float) -> float:
    """Floor frame: bisection for the impulse that makes the speed of parting e times the speed of approach."""
    if v <= 0 or not 0 < e <= 1:
        raise ValueError("the block does not rebound")
    low, high = 0.0, 2 * v
    for _ in range(80):
        impulse = (low + high) / 2
        parting = impulse / n - (v - impulse)
        low, high = (impulse, high) if parting < e * v else (low, impulse)
    after = v - (low + high) / 2
    if after >= 0:
        raise ValueError("the block does not rebound")
    return -after
