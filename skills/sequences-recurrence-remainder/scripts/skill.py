"""A two-term recurrence, an index and a modulus to the remainder of that term."""


def solve(p: int, q: int, c: int, d: int, n: int, m: int) -> int:
    """Raise the polynomial x to the power n - 1 modulo x^2 - c x - d, then insert the first two terms."""
    constant, linear = 1, 0
    for bit in bin(n - 1)[2:]:
        square = linear * linear
        constant, linear = (constant * constant + d * square) % m, (2 * constant * linear + c * square) % m
        if bit == "1":
            constant, linear = d * linear % m, (constant + c * linear) % m
    return (constant * p + linear * q) % m


def check(p: int, q: int, c: int, d: int, n: int, m: int) -> int:
    """Step through the remainders of the sequence one term at a time."""
    term, following = p % m, q % m
    for _ in range(n - 1):
        term, following = following, (c * following + d * term) % m
    return term
