"""Binary logarithm of x^k y from log_b x + log_c y = p and log_c x + log_b y = q."""

from fractions import Fraction


def solve(b: int, c: int, p: int, q: int, k: int) -> Fraction:
    """Cramer's rule for the binary logarithms of x and y."""
    u, v = _logarithms(b, c, p, q)
    return k * u + v


def steps(b: int, c: int, p: int, q: int, k: int) -> dict[str, object]:
    """The exponents of both bases and the binary logarithms of both numbers."""
    u, v = _logarithms(b, c, p, q)
    return {"base_exponents": [_exponent(b), _exponent(c)], "log_x": u, "log_y": v}


def _logarithms(b: int, c: int, p: int, q: int) -> tuple[Fraction, Fraction]:
    first, second = Fraction(1, _exponent(b)), Fraction(1, _exponent(c))
    determinant = first * first - second * second
    return (p * first - q * second) / determinant, (q * first - p * second) / determinant


def _exponent(power: int) -> int:
    return power.bit_length() - 1


def check(b: int, c: int, p: int, q: int, k: int) -> Fraction:
    """Sum of the equations: (1/i + 1/j)(u + v) = p + q; difference: (1/i - 1/j)(u - v) = p - q."""
    i = next(e for e in range(1, 64) if 2**e == b)
    j = next(e for e in range(1, 64) if 2**e == c)
    whole = Fraction((p + q) * i * j, i + j)
    gap = Fraction((p - q) * i * j, j - i)
    return ((k + 1) * whole + (k - 1) * gap) / 2
