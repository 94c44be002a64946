"""A weight, an exponent and a degree to one coefficient of (1 + x + c x^2)^n."""

from math import comb


def solve(c: int, n: int, k: int) -> int:
    """Choose the factors that give c x^2, then those that give x."""
    return sum(c**j * comb(n, j) * comb(n - j, k - 2 * j) for j in range(min(n, k // 2) + 1))


def steps(c: int, n: int, k: int) -> dict[str, int | str]:
    """The possible numbers j of factors that give c x^2, the contribution of the largest j, and those of all."""
    possible = range(max(0, k - n), min(n, k // 2) + 1) or range(1)
    terms = [c**j * comb(n, j) * comb(n - j, k - 2 * j) for j in possible]
    return {
        "possible": ", ".join(map(str, possible)),
        "last": possible[-1],
        "top": terms[-1],
        "terms": " + ".join(map(str, terms)),
    }


def check(c: int, n: int, k: int) -> int:
    """Multiply the polynomial out, one factor at a time."""
    coefficients = [1]
    for _ in range(n):
        longer = [0] * (len(coefficients) + 2)
        for degree, coefficient in enumerate(coefficients):
            longer[degree] += coefficient
            longer[degree + 1] += coefficient
            longer[degree + 2] += c * coefficient
        coefficients = longer
    return coefficients[k] if k < len(coefficients) else 0
