"""Least value of (x - w)^2 + u y^2 + v z^2 for real numbers with a x + b y + c z = n."""

from fractions import Fraction


def solve(a: int, b: int, c: int, u: int, v: int, w: int, n: int) -> Fraction:
    """Cauchy's inequality after the shift of x."""
    return (n - a * w) ** 2 / _factor(a, b, c, u, v)


def steps(a: int, b: int, c: int, u: int, v: int, w: int, n: int) -> dict[str, object]:
    """The condition's right side after the shift, Cauchy's other factor, and the best y and z."""
    right, factor = n - a * w, _factor(a, b, c, u, v)
    return {
        "shifted_right_side": right,
        "other_factor": factor,
        "best_y": right * Fraction(b, u) / factor,
        "best_z": right * Fraction(c, v) / factor,
    }


def _factor(a: int, b: int, c: int, u: int, v: int) -> Fraction:
    return a * a + Fraction(b * b, u) + Fraction(c * c, v)


def check(a: int, b: int, c: int, u: int, v: int, w: int, n: int) -> Fraction:
    """Lagrange: eliminate in 2 (x - w) = s a, 2 u y = s b, 2 v z = s c and a x + b y + c z = n; then insert."""
    rows = [[2, 0, 0, -a, 2 * w], [0, 2 * u, 0, -b, 0], [0, 0, 2 * v, -c, 0], [a, b, c, 0, n]]
    matrix = [[Fraction(entry) for entry in row] for row in rows]
    for i in range(4):
        matrix[i] = [entry / matrix[i][i] for entry in matrix[i]]
        for r in range(4):
            if r != i:
                matrix[r] = [x - matrix[r][i] * y for x, y in zip(matrix[r], matrix[i], strict=True)]
    x, y, z = matrix[0][4], matrix[1][4], matrix[2][4]
    return (x - w) ** 2 + u * y * y + v * z * z
