"""Amount of carbon dioxide from an electrolysis with a carbon anode."""

FARADAY = 96485.0


def steps(i: float, t: float, x: float) -> dict:
    """Electrons in moles, electrons per molecule of gas on average, gas in moles."""
    electrons, mean = i * t * 3600 / FARADAY, 4 - 2 * x / 100
    return {"electrons": electrons, "mean_electrons": mean, "gas": electrons / mean}


def solve(i: float, t: float, x: float) -> float:
    """Share of the dioxide in the gas."""
    return steps(i, t, x)["gas"] * (1 - x / 100)


def check(i: float, t: float, x: float) -> float:
    """Bisection for the dioxide: with its share of monoxide it must take up the charge."""

    def charge(dioxide: float) -> float:
        monoxide = dioxide * x / (100 - x)
        oxide = 2 * dioxide + monoxide
        return oxide * 2 * 96485

    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if charge(middle) < i * t * 60 * 60 else (low, middle)
    return (low + high) / 2
