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


def steps(p: int, q: int, c: int, d: int, n: int, m: int) -> dict[str, int | str]:
    """The power of x, and the coefficients of its remainder and of that of half the power."""
    index, half = n - 1, (n - 1) // 2
    return {
        "index": index,
        "half": half,
        "last_step": "one more squaring and a factor $x$" if index % 2 else "one more squaring",
        "half_linear": solve(0, 1, c, d, half + 1, m),
        "half_constant": solve(1, 0, c, d, half + 1, m),
        "linear": solve(0, 1, c, d, n, m),
        "constant": solve(1, 0, c, d, n, m),
    }


def check(p: int, q: int, c: int, d: int, n: int, m: int) -> int:
    """Step through the remainders of the sequence one term at a time."""
    term, following = p % m, q % m
    for _ in range(n - 1):
        term, following = following, (c * following + d * term) % m
    return term
