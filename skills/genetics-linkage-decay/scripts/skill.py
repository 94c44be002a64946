"""Share of gametes that carry a recessive allele together with a linked marker after generations of random mating."""


def solve(q: float, x: float, y: float, c: float, n: float) -> float:
    """Linkage disequilibrium shrinks by the factor 1 - c in every generation, allele frequencies stay."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    together = q * x / 100
    marker = together + (1 - q) * y / 100
    return q * marker + (together - q * marker) * float((1 - c / 100) ** n)


def steps(q: float, x: float, y: float, c: float, n: float) -> dict[str, float]:
    """Shares of chromosomes with both alleles, with the marker, with both if these were independent, and the excess."""
    together = q * x / 100
    marker = together + (1 - q) * y / 100
    return {"together": together, "marker": marker, "independent": q * marker, "excess": together - q * marker}


def check(q: float, x: float, y: float, c: float, n: float) -> float:
    """Four gametes followed through every pairing, each pair making parental and exchanged gametes."""
    if not 0 < q < 1:
        raise ValueError("not a frequency")
    pool = {
        ("a", "m"): q * x / 100, ("a", "M"): q * (100 - x) / 100,
        ("A", "m"): (1 - q) * y / 100, ("A", "M"): (1 - q) * (100 - y) / 100,
    }  # fmt: skip
    for _ in range(int(n)):
        made = dict.fromkeys(pool, 0.0)
        for one, first in pool.items():
            for two, second in pool.items():
                pairs = first * second
                made[one] += pairs * (100 - c) / 200
                made[two] += pairs * (100 - c) / 200
                made[one[0], two[1]] += pairs * c / 200
                made[two[0], one[1]] += pairs * c / 200
        pool = made
    return pool["a", "m"]
