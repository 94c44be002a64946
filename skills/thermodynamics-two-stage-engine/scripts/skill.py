"""Energy stored by two heat engines in series, each with a share of the ideal efficiency."""

ZERO = 273.15


def solve(q: float, a: float, b: float, c: float, r: float, s: float, g: float) -> float:
    """Efficiencies in series."""
    if q <= 0:
        raise ValueError("no heat")
    first = r / 100 * (1 - (b + ZERO) / (a + ZERO))
    second = s / 100 * (1 - (c + ZERO) / (b + ZERO))
    return g / 100 * q * (first + (1 - first) * second)


def steps(q: float, a: float, b: float, c: float, r: float, s: float, g: float) -> dict[str, float]:
    """Absolute temperatures, both efficiencies, both works, and the heat passed from engine to engine."""
    hot, middle, cold = a + ZERO, b + ZERO, c + ZERO
    first, second = r / 100 * (1 - middle / hot), s / 100 * (1 - cold / middle)
    passed = q * (1 - first)
    return {
        "hot": hot, "middle": middle, "cold": cold, "first": first, "first_work": q * first, "passed": passed,
        "second": second, "second_work": passed * second,
    }  # fmt: skip


def _best(heat: float, hot: float, cold: float) -> float:
    """The work at which the entropy taken from the hot side just reappears on the cold side, by bisection."""
    low, high = 0.0, heat
    for _ in range(70):
        work = (low + high) / 2
        low, high = (work, high) if (heat - work) / (cold + 273.15) > heat / (hot + 273.15) else (low, work)
    return low


def check(q: float, a: float, b: float, c: float, r: float, s: float, g: float) -> float:
    """Joules followed through both engines, the ideal work of each found from the balance of entropies."""
    if q <= 0:
        raise ValueError("no heat")
    upper = _best(q, a, b) * (r * 0.01)
    lower = _best(q - upper, b, c) * (s * 0.01)
    return (upper + lower) * (g * 0.01)
