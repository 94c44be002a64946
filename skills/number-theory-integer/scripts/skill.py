"""Integers 1, ..., box: what facts about one of them leave open."""

from math import gcd, isqrt

from object_kinds import answer, bounded, told_apart

DIRECT = ("n",)
SAME = {}


def members(box):
    """The family."""
    return list(range(1, box + 1))


def _factors(n):
    """(prime, exponent) pairs."""
    found, p = [], 2
    while p * p <= n:
        e = 0
        while n % p == 0:
            n //= p
            e += 1
        if e:
            found.append((p, e))
        p += 1
    return [*found, (n, 1)] if n > 1 else found


def _divisors(n):
    total = 1
    for _, e in _factors(n):
        total *= e + 1
    return total


def _sigma(n):
    total = 1
    for p, e in _factors(n):
        total *= (p ** (e + 1) - 1) // (p - 1)
    return total


def _totient(n):
    for p, _ in _factors(n):
        n -= n // p
    return n


def _digits(n):
    total = 0
    while n:
        n, last = divmod(n, 10)
        total += last
    return total


def _squares(n):
    """By Fermat and Jacobi: a prime 1 mod 4, or an odd power of 2, keeps both squares positive."""
    factors = _factors(n)
    if any(p % 4 == 3 and e % 2 for p, e in factors):
        return False
    return any(p % 4 == 1 or (p == 2 and e % 2 == 1) for p, e in factors)


PORTS = {
    "n": lambda n: n,
    "divisors": _divisors,
    "sigma": _sigma,
    "totient": _totient,
    "digits": _digits,
    "sevenths": lambda n: n % 7 or None,
    "elevenths": lambda n: n % 11 or None,
    "squares": _squares,
    "squarefree": lambda n: all(e == 1 for _, e in _factors(n)),
}

LETTERS = {
    "n": lambda n: n,
    "counts": lambda n: _product(f"({e} + 1)" for _, e in _factors(n)),
    "sums": lambda n: _product(f"({' + '.join(str(p**k) for k in range(e + 1))})" for p, e in _factors(n)),
    "shares": lambda n: _product([str(n), *(rf"(1 - \frac{{1}}{{{p}}})" for p, _ in _factors(n))]),
    "digits": lambda n: " + ".join(str(n)),
    "split": lambda n: _split(n),
}

BOUNDS = {
    "sigma": lambda told: told,
    "totient": lambda told: 2 * told * told,
}


def solve(box, facts, question):
    """Prime factors: every port is a formula over them."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT, _shown)


def _product(factors):
    """A product, whose factors are in brackets; a single one needs none."""
    factors = [*factors]
    return factors[0].strip("()") if len(factors) == 1 else r" \cdot ".join(factors) or "1"


def _is_square(n):
    return n > 0 and isqrt(n) ** 2 == n


def _split(n):
    """Two positive squares that add up to n, or that there are none."""
    for a in range(1, isqrt(n) + 1):
        if _is_square(n - a * a):
            return f"{n} = {a}^2 + {isqrt(n - a * a)}^2"
    return rf"{n} \ne a^2 + b^2 \text{{ for all }} a, b \ge 1"


def _shown(n):
    factors = _factors(n)
    powers = _product(str(p) if e == 1 else f"{p}^{e}" for p, e in factors)
    return f"${n}$" if powers in (str(n), "1") else f"${n} = {powers}$"


# --- the other route: the definitions ---


def _dividing(n):
    return [d for d in range(1, n + 1) if n % d == 0]


def _two_squares(n):
    return any(isqrt(n - a * a) ** 2 == n - a * a for a in range(1, n) if n - a * a > 0)


COUNTED = {
    "n": lambda n: n,
    "divisors": lambda n: len(_dividing(n)),
    "sigma": lambda n: sum(_dividing(n)),
    "totient": lambda n: sum(1 for k in range(1, n + 1) if gcd(k, n) == 1),
    "digits": lambda n: sum(int(digit) for digit in str(n)),
    "sevenths": lambda n: n - 7 * (n // 7),
    "elevenths": lambda n: n - 11 * (n // 11),
    "squares": _two_squares,
    "squarefree": lambda n: not any(n % (k * k) == 0 for k in range(2, isqrt(n) + 1)),
}


def check(box, facts, question):
    """Definitions: every fact is counted out for every integer of the range."""
    found = [n for n in range(1, box + 1)]
    return answer(found, facts, question, COUNTED)
