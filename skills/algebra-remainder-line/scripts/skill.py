"""Value at c of the remainder of x^j + x^k modulo x^2 - a x + b."""


def solve(a: int, b: int, j: int, k: int, c: int) -> int:
    """Reduce both powers to linear terms and insert c."""
    (u, v), (s, t) = _reduced(a, b, j), _reduced(a, b, k)
    return (u + s) * c + v + t


def steps(a: int, b: int, j: int, k: int, c: int) -> dict[str, object]:
    """The linear remainders of both powers, as slope and constant, and their sum."""
    (u, v), (s, t) = _reduced(a, b, j), _reduced(a, b, k)
    return {"high_power": [u, v], "low_power": [s, t], "slope": u + s, "constant": v + t}


def _reduced(a: int, b: int, power: int) -> tuple[int, int]:
    slope, constant = 0, 1
    for _ in range(power):
        slope, constant = a * slope + constant, -b * slope
    return slope, constant


def check(a: int, b: int, j: int, k: int, c: int) -> int:
    """Divide at length, from the leading coefficient down."""
    coefficients = [0] * (max(j, k) + 1)
    coefficients[j] += 1
    coefficients[k] += 1
    for top in range(len(coefficients) - 1, 1, -1):
        lead = coefficients[top]
        coefficients[top - 1] += a * lead
        coefficients[top - 2] -= b * lead
    return coefficients[1] * c + coefficients[0]
