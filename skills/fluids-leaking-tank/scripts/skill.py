"""Time in which a leaking tank empties from the level that its inflow had kept."""

G = 9.8


def steps(q: float, a: float, s: float, k: float) -> dict:
    """Speed of free fall from the steady level in m/s, and that level in metres."""
    fall = q / 60_000 / (k * a / 10_000)
    return {"fall": fall, "level": fall * fall / (2 * G)}


def solve(q: float, a: float, s: float, k: float) -> float:
    """The root of the level falls evenly, so the mean outflow is half of the first."""
    return 2 * s * steps(q, a, s, k)["level"] / (q / 60_000)


def check(q: float, a: float, s: float, k: float) -> float:
    """The level found by bisection, and the time integrated layer by layer as the level sinks."""

    def outflow(level: float) -> float:
        return k * a * 1e-4 * (2 * 9.8 * level) ** 0.5

    low, high = 0.0, 1.0
    while outflow(high) < q / 60e3:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if outflow(middle) < q / 60e3 else (low, middle)
    level, pieces, time = (low + high) / 2, 200, 0.0
    for piece in range(pieces):
        # layers that thin out towards the bottom, so that the integrand stays finite
        middle = level * ((piece + 0.5) / pieces) ** 2
        layer = level * (((piece + 1) / pieces) ** 2 - (piece / pieces) ** 2)
        time += s * layer / outflow(middle)
    return time
