"""Concentration of a competitive inhibitor that leaves a share of an enzyme's rate."""


def steps(k: float, i: float, s: float, t: float, p: float) -> dict:
    """Share of the greatest rate that is to remain, and the apparent Michaelis constant that leaves it."""
    share = p / 100 * s / (k + s)
    apparent = t * (1 - share) / share
    if apparent <= k:
        raise ValueError("no inhibitor is needed")
    return {"share": share, "apparent": apparent}


def solve(k: float, i: float, s: float, t: float, p: float) -> float:
    """The apparent constant is the true one times 1 + concentration over dissociation constant."""
    return i * (steps(k, i, s, t, p)["apparent"] / k - 1)


def check(k: float, i: float, s: float, t: float, p: float) -> float:
    """Bisection for the inhibitor: free enzyme, enzyme with substrate and enzyme with inhibitor must add up to all."""

    def occupied(substrate: float, inhibitor: float) -> float:
        free, with_substrate, with_inhibitor = 1.0, substrate / k, inhibitor / i
        return with_substrate / (free + with_substrate + with_inhibitor)

    wanted = occupied(s, 0.0) * 0.01 * p
    if occupied(t, 0.0) <= wanted:
        raise ValueError("no inhibitor is needed")
    low, high = 0.0, 1.0
    while occupied(t, high) > wanted:
        low, high = high, 2 * high
    for _ in range(55):
        middle = (low + high) / 2
        low, high = (middle, high) if occupied(t, middle) > wanted else (low, middle)
    return (low + high) / 2
