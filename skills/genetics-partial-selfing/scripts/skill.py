"""Share of recessive homozygotes after generations of partial self-fertilisation."""


def solve(q: float, s: float, n: float) -> float:
    """Recurrence for the inbreeding coefficient, then Wright's formula."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    inbreeding = 0.0
    for _ in range(int(n)):
        inbreeding = s / 200 * (1 + inbreeding)
    return q * q + inbreeding * q * (1 - q)


def steps(q: float, s: float, n: float) -> dict[str, float]:
    """The coefficient of inbreeding: its limit, and its value after the last generation."""
    limit = s / (200 - s)
    return {"limit": limit, "inbreeding": limit * (1 - float((s / 200) ** n))}


def check(q: float, s: float, n: float) -> float:
    """Three genotypes: selfed young by Mendel's ratios, the others from a pool of all gametes."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    plain, mixed, double = (1 - q) * (1 - q), 2 * q * (1 - q), q * q
    for _ in range(int(n)):
        gametes = {"A": plain + mixed / 2, "a": double + mixed / 2}
        selfed = (plain + mixed / 4, mixed / 2, double + mixed / 4)
        crossed = (gametes["A"] ** 2, 2 * gametes["A"] * gametes["a"], gametes["a"] ** 2)
        plain, mixed, double = ((s * x + (100 - s) * y) / 100 for x, y in zip(selfed, crossed, strict=True))
    return double
