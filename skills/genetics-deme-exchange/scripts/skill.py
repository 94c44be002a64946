"""Allele frequency on an island that swaps animals with a larger population."""


def solve(q: float, f: float, r: float, m: float, n: float) -> float:
    """The weighted mean is kept; the difference shrinks by the same factor in every generation."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    mean = (q + r * f) / (1 + r)
    return mean + (q - mean) * float((1 - m / 100 * (1 + 1 / r)) ** n)


def steps(q: float, f: float, r: float, m: float, n: float) -> dict[str, float]:
    """The mean that stays, the factor of the difference in a generation, and the first distance from the mean."""
    mean = (q + r * f) / (1 + r)
    return {"mean": mean, "factor": 1 - m / 100 * (1 + 1 / r), "gap": q - mean}


def check(q: float, f: float, r: float, m: float, n: float) -> float:
    """Numbers of the three genotypes in both places: animals change places, then gametes unite at random."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    small, large = 1000.0, 1000.0 * r
    island, coast = _newborn(q, small), _newborn(f, large)
    for _ in range(int(n)):
        moved = small * m / 100
        out = [count * moved / small for count in island]
        back = [count * moved / large for count in coast]
        island = [count - away + new for count, away, new in zip(island, out, back, strict=True)]
        coast = [count - away + new for count, away, new in zip(coast, back, out, strict=True)]
        island, coast = _newborn(_share(island), small), _newborn(_share(coast), large)
    return _share(island)


def _newborn(q: float, size: float) -> list[float]:
    """AA, Aa and aa among the young."""
    return [size * (1 - q) ** 2, size * 2 * q * (1 - q), size * q * q]


def _share(counts: list[float]) -> float:
    """The part of a among the gametes of AA, Aa and aa."""
    return (counts[1] / 2 + counts[2]) / sum(counts)
