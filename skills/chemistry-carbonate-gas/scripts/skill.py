"""Moles of carbon dioxide from impure chalk and an acid, one of which runs out."""

CHALK = 100.1


def solve(m: float, w: float, v: float, c: float) -> float:
    """The limiting reagent decides: one mole of carbonate or two moles of acid for each mole of gas."""
    if c <= 0:
        raise ValueError("no acid")
    return min(m * w / 100 / CHALK, v / 1000 * c / 2)


def steps(m: float, w: float, v: float, c: float) -> dict[str, float | str]:
    """Moles of carbonate, of acid, and of the gas that the acid could set free; the reagent that runs out."""
    carbonate, acid = m * w / 100 / CHALK, v / 1000 * c
    limiting = "the acid" if acid / 2 < carbonate else "the carbonate"
    return {"carbonate": carbonate, "acid": acid, "from_acid": acid / 2, "limiting": limiting}


def check(m: float, w: float, v: float, c: float) -> float:
    """Bisection for the largest extent of reaction that leaves no negative amount."""
    if c <= 0:
        raise ValueError("no acid")
    grams, litres = m * (w * 0.01), v * 0.001
    low, high = 0.0, grams / CHALK + litres * c
    for _ in range(80):
        extent = (low + high) / 2
        possible = grams - CHALK * extent >= 0 and litres * c - 2 * extent >= 0
        low, high = (extent, high) if possible else (low, extent)
    return low
