"""Expected number of red grandchildren of a double heterozygote whose red children are selfed."""

from fractions import Fraction
from itertools import product

RED = {
    "if it has A or B or both": {(True, True), (True, False), (False, True)},
    "only if it has both A and B": {(True, True)},
    "only if it has A but not B": {(True, False)},
    "if it has B or lacks A": {(True, True), (False, True), (False, False)},
}
CHILD = {2: Fraction(1, 4), 1: Fraction(1, 2), 0: Fraction(1, 4)}
SHOWS = {2: Fraction(1), 1: Fraction(3, 4), 0: Fraction(0)}


def solve(n: int, k: int, rule: str) -> int:
    """Loci are independent: chances of the dominant phenotype after selfing, multiplied and summed over children."""
    share = Fraction(0)
    for first, second in product(CHILD, repeat=2):
        if (first > 0, second > 0) in RED[rule]:
            for has in RED[rule]:
                chances = (SHOWS[x] if there else 1 - SHOWS[x] for x, there in zip((first, second), has, strict=True))
                one, two = chances
                share += CHILD[first] * CHILD[second] * one * two
    total = n * k * share
    if total.denominator != 1:
        raise ValueError("not a whole number of plants")
    return int(total)


def steps(n: int, k: int, rule: str) -> dict[str, object]:
    """The red genotypes after the first selfing, with their chances of red offspring, and the weighted sum of these."""
    names = {2: ("AA", "BB"), 1: ("Aa", "Bb"), 0: ("aa", "bb")}
    kinds, terms, weighted = [], [], Fraction(0)
    for first, second in product(CHILD, repeat=2):
        if (first > 0, second > 0) in RED[rule]:
            count = int(16 * CHILD[first] * CHILD[second])
            chance = sum(
                ((SHOWS[first] if a else 1 - SHOWS[first]) * (SHOWS[second] if b else 1 - SHOWS[second]))
                for a, b in RED[rule]
            )
            kinds.append(f"{count} {names[first][0]}{names[second][1]} ({chance})")
            part = rf"\frac{{{chance.numerator}}}{{{chance.denominator}}}"
            terms.append(str(count) if chance == 1 else rf"{count} \cdot {part}")
            weighted += count * chance
    return {"kinds": ", ".join(kinds), "terms": " + ".join(terms), "weighted": weighted}


def _is_red(rule: str, plant: str) -> bool:
    """Colour of a genotype such as AaBb."""
    a, b = "A" in plant, "B" in plant
    if rule.endswith("or both"):
        return not (not a and not b)
    if rule.startswith("if"):
        return b or not a
    return a and (b if "both" in rule else not b)


def _selfed(plant: str) -> list[str]:
    """The sixteen equally likely offspring of a self-pollinated plant."""
    gametes = [x + y for x in plant[:2] for y in plant[2:]]
    return [one[0] + two[0] + one[1] + two[1] for one in gametes for two in gametes]


def check(n: int, k: int, rule: str) -> int:
    """Every pairing of gametes, twice over, counted one by one."""
    red = sum(_is_red(rule, young) for child in _selfed("AaBb") if _is_red(rule, child) for young in _selfed(child))
    plants, rest = divmod(n * k * red, 256)
    if rest:
        raise ValueError("not a whole number of plants")
    return plants
