"""Total activity of two mixed nuclides when the share of one of them is known at an intermediate time."""


def solve(h: float, d: float, a: float, t: float, w: float, u: float) -> float:
    """The ratio of the activities is traced back to the start, where their sum is known."""
    if h <= 0:
        raise ValueError("no half-life")
    first, second = w * 2 ** (t / h), (100 - w) * 2 ** (t / d)
    whole = a / (first + second)
    return float(whole * (first * 0.5 ** ((t + u) / h) + second * 0.5 ** ((t + u) / d)))


def steps(h: float, d: float, a: float, t: float, w: float, u: float) -> dict[str, float]:
    """Ratio of the activities at the start, both of them there in MBq, the time until the end, and both there."""
    first, second = w * 2 ** (t / h), (100 - w) * 2 ** (t / d)
    x, y = a * first / (first + second), a * second / (first + second)
    return {
        "weight_x": first,
        "weight_y": second,
        "start_x": x,
        "start_y": y,
        "time": round(t + u, 6),
        "end_x": float(x * 0.5 ** ((t + u) / h)),
        "end_y": float(y * 0.5 ** ((t + u) / d)),
    }


def _left(hours: float, half_life: float) -> float:
    """The part of a nuclide that survives, by many small steps of the rate equation (Taylor to fourth order)."""
    pieces = 40 + int(20 * hours / half_life)
    x = 0.6931471805599453 * hours / half_life / pieces
    step, left = 1 - x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4))), 1.0
    for _ in range(pieces):
        left *= step
    return left


def check(h: float, d: float, a: float, t: float, w: float, u: float) -> float:
    """Bisection on the initial activity of the first nuclide until it has the stated share at the measurement."""
    if h <= 0:
        raise ValueError("no half-life")
    one, two = _left(t, h), _left(t, d)
    low, high = 0.0, a
    for _ in range(70):
        guess = (low + high) / 2
        share = guess * one / (guess * one + (a - guess) * two)
        low, high = (guess, high) if share < w / 100 else (low, guess)
    return low * one * _left(u, h) + (a - low) * two * _left(u, d)
