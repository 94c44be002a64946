"""Frequency of a recessive allele after generations of selection against its homozygotes."""


def solve(q: float, s: float, n: float) -> float:
    """The recurrence for the allele frequency under random mating, applied n times."""
    loss = s / 100
    for _ in range(int(n)):
        q = q * (1 - loss * q) / (1 - loss * q * q)
    return q


def steps(q: float, s: float, n: float) -> dict[str, object]:
    """The frequencies among the newborns of each generation, and the first of them and the last but one."""
    course = [solve(q, s, done) for done in range(1, int(n))]
    return {"first": course[0], "course": course, "before": course[-1]}


MENDEL = {
    ("AA", "AA"): (4, 0, 0), ("AA", "Aa"): (2, 2, 0), ("AA", "aa"): (0, 4, 0),
    ("Aa", "Aa"): (1, 2, 1), ("Aa", "aa"): (0, 2, 2), ("aa", "aa"): (0, 0, 4),
}  # fmt: skip


def check(q: float, s: float, n: float) -> float:
    """Genotypes followed through survival, every pair of parents and Mendel's ratios for its young."""
    newborn = {"AA": (1 - q) * (1 - q), "Aa": 2 * q * (1 - q), "aa": q * q}
    for _ in range(int(n)):
        alive = {"AA": newborn["AA"], "Aa": newborn["Aa"], "aa": newborn["aa"] * (100 - s) / 100}
        everybody = sum(alive.values())
        young = [0.0, 0.0, 0.0]
        for mother, many in alive.items():
            for father, more in alive.items():
                quarters = MENDEL.get((mother, father)) or MENDEL[(father, mother)]
                pairs = many * more / everybody**2
                young = [count + pairs * part / 4 for count, part in zip(young, quarters, strict=True)]
        newborn = dict(zip(("AA", "Aa", "aa"), young, strict=True))
    return newborn["aa"] + newborn["Aa"] / 2
