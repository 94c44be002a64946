"""Three remainders and a lower bound to the smallest integer that has them."""


def solve(p: int, r: int, q: int, s: int, t: int, u: int, n: int) -> int:
    """Merge the congruences by modular inverses, then lift the solution above the bound."""
    x, period = r, p
    for modulus, remainder in ((q, s), (t, u)):
        x += period * ((remainder - x) * pow(period, -1, modulus) % modulus)
        period *= modulus
    return n + 1 + (x - n - 1) % period


def steps(p: int, r: int, q: int, s: int, t: int, u: int, n: int) -> dict[str, int | str]:
    """The two mergers, each with its inverse and its multiplier, the least solution, and the first one that counts."""
    inverse = pow(p, -1, q)
    j = (s - r) * inverse % q
    pair, both = r + p * j, p * q
    both_inverse = pow(both, -1, t)
    k = (u - pair) * both_inverse % t
    least, period = pair + both * k, both * t
    laps = (n - least) // period + 1
    added = rf"{laps} \cdot {period}" if laps > 1 else str(period)
    return {
        "inverse": inverse,
        "j": j,
        "pair": pair,
        "both": both,
        "both_inverse": both_inverse,
        "k": k,
        "least": least,
        "period": period,
        "way": f"${least} + {added}$, that is, " if laps else "",
    }


def check(p: int, r: int, q: int, s: int, t: int, u: int, n: int) -> int:
    """Count upwards from the bound until all three remainders are right."""
    candidate = n + 1
    while candidate % p != r or candidate % q != s or candidate % t != u:
        candidate += 1
    return candidate
