"""Carriers of a recessive allele after generations in which its homozygotes died before flowering."""

from fractions import Fraction
from math import isqrt


def solve(k: int, n: int, m: int) -> int:
    """The reciprocal of the allele frequency grows by one in every generation."""
    root = isqrt(k)
    if root * root != k or root < 2:
        raise ValueError("not the square of a whole number")
    inverse = root + n
    carriers, rest = divmod(2 * (inverse - 1) * m, inverse * inverse)
    if rest:
        raise ValueError("not a whole number of carriers")
    return carriers


def steps(k: int, n: int, m: int) -> dict[str, int]:
    """The reciprocal of the allele frequency, at the beginning and at the end."""
    return {"root": isqrt(k), "inverse": isqrt(k) + n}


def check(k: int, n: int, m: int) -> int:
    """Genotypes in exact fractions: homozygotes dropped, gametes of the others united at random."""
    allele = next((Fraction(1, d) for d in range(2, k + 1) if d * d == k), None)
    if allele is None:
        raise ValueError("not the square of a whole number")
    healthy, carrier = (1 - allele) ** 2, 2 * allele * (1 - allele)
    for _ in range(n):
        breeding = healthy + carrier
        gamete = carrier / 2 / breeding
        healthy, carrier = (1 - gamete) * (1 - gamete), 2 * gamete * (1 - gamete)
    if (m * carrier).denominator != 1:
        raise ValueError("not a whole number of carriers")
    return int(m * carrier)
