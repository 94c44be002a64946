"""Frequency of an allele after generations of mutation in both directions."""


def solve(q: float, u: float, v: float, n: float) -> float:
    """The deviation from the equilibrium shrinks by the same factor in every generation."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    balance = u / (u + v)
    return balance + (q - balance) * float((1 - (u + v) * 1e-4) ** n)


def steps(q: float, u: float, v: float, n: float) -> dict[str, float]:
    """The equilibrium, the first distance from it, and the factor by which this shrinks in a generation."""
    balance = u / (u + v)
    return {"balance": balance, "gap": q - balance, "factor": round(1 - (u + v) * 1e-4, 12)}


def check(q: float, u: float, v: float, n: float) -> float:
    """Both alleles counted from generation to generation, mutants moved across."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    recessive, dominant = q * 10_000.0, (1 - q) * 10_000.0
    for _ in range(int(n)):
        gained, lost = dominant * u / 10_000, recessive * v / 10_000
        recessive, dominant = recessive + gained - lost, dominant + lost - gained
    return recessive / (recessive + dominant)
