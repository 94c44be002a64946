"""Volume of water found by diluting a radioactive tracer and counting a sample."""


def solve(a: float, f: float, s: float, l: float, v: float, e: float, n: float, b: float) -> float:  # noqa: E741
    """The activity that spreads in the water over the activity of a litre of it."""
    if a <= 0:
        raise ValueError("no activity")
    spread = a * 1e6 * s / f * (1 - l / 100)
    sample = (n - b) / 60 / (e / 100)
    return spread / sample * v / 1000


def steps(a: float, f: float, s: float, l: float, v: float, e: float, n: float, b: float) -> dict[str, float]:  # noqa: E741
    """Activities poured in and spread, counts of the sample per second, and its activity (Bq)."""
    poured, rate = a * 1e6 * s / f, (n - b) / 60
    return {"poured": poured, "spread": poured * (1 - l / 100), "rate": rate, "sample": rate / (e / 100)}


def check(a: float, f: float, s: float, l: float, v: float, e: float, n: float, b: float) -> float:  # noqa: E741
    """Bisection for the volume in which the sample would give the counter's reading."""
    if a <= 0:
        raise ValueError("no activity")

    def reading(litres: float) -> float:
        per_millilitre = a * 1_000_000 / f
        added = per_millilitre * s
        left = added - added * l * 0.01
        decays = left / (litres * 1000) * v * 60
        return b + decays * e * 0.01

    low, high = 0.0, 1.0
    while reading(high) > n:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reading(middle) > n else (low, middle)
    return (low + high) / 2
