"""Temperature of the hot end of a lagged bar of copper and brass that carries a known power."""

COPPER, BRASS = 400.0, 110.0


def solve(p: float, x: float, k: float, a: float, t: float) -> float:
    """Thermal resistances in series."""
    if p <= 0 or t <= -273.15:
        raise ValueError("no heat flows")
    resistance = (x / COPPER + k / BRASS) * 0.01 / (a * 1e-4)
    return t + p * resistance


def steps(p: float, x: float, k: float, a: float, t: float) -> dict[str, float]:
    """Thermal resistances of the two sections and of both together, and the fall of temperature."""
    copper, brass = x / COPPER * 0.01 / (a * 1e-4), k / BRASS * 0.01 / (a * 1e-4)
    return {"copper": copper, "brass": brass, "resistance": copper + brass, "fall": p * (copper + brass)}


def check(p: float, x: float, k: float, a: float, t: float) -> float:
    """Bisection for the hot end's temperature; the joint's temperature makes the flows in and out equal."""
    if p <= 0 or t <= -273.15:
        raise ValueError("no heat flows")
    area = a / 10000
    first, second = COPPER * area / (x / 100), BRASS * area / (k / 100)

    def flow(hot: float) -> float:
        cool, warm = t, hot
        for _ in range(60):
            joint = (cool + warm) / 2
            cool, warm = (joint, warm) if first * (hot - joint) > second * (joint - t) else (cool, joint)
        return first * (hot - warm)

    low, high = t, t + 1.0
    while flow(high) < p:
        high = t + 2 * (high - t)
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if flow(middle) < p else (low, middle)
    return (low + high) / 2
