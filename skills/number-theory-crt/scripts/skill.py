"""Three remainders and a lower bound to the smallest integer that has them."""


def solve(p: int, r: int, q: int, s: int, t: int, u: int, n: int) -> int:
    """Merge the congruences by modular inverses, then lift the solution above the bound."""
    x, period = r, p
    for modulus, remainder in ((q, s), (t, u)):
        x += period * ((remainder - x) * pow(period, -1, modulus) % modulus)
        period *= modulus
    return n + 1 + (x - n - 1) % period


def check(p: int, r: int, q: int, s: int, t: int, u: int, n: int) -> int:
    """Count upwards from the bound until all three remainders are right."""
    candidate = n + 1
    while candidate % p != r or candidate % q != s or candidate % t != u:
        candidate += 1
    return candidate
