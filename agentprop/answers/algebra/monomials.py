"""Sums of terms over canonical atoms, in which many identities become equality of plain data.

A term is a rational coefficient times powers of atoms: primes (for roots), variables, pi, exponentials of terms,
logarithms, inverse or fractional powers of sums, and functions left alone. Variables are taken to be positive, which
lets powers distribute; a caller that means all reals asks once for each choice of signs.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd, lcm
from typing import Any

from agentprop.answers.algebra.rationals import UndefinedValue

Atom = tuple[Any, ...]
Monomial = tuple[tuple[Atom, Fraction], ...]
Poly = dict[Monomial, Fraction]

MAX_TERMS = 1_500
MAX_EXPANDED = 24
"""Largest whole power of a sum that is multiplied out."""

MAX_FOLDED = 2_000
"""Largest power of a prime kept inside a coefficient; larger ones stay symbolic, as in 9^9^9."""

MAX_TRIAL = 20_000
"""Primes up to here are divided out of radicands; a cofactor beyond stays in one piece."""

MINUS_ONE: Atom = ("n", -1)
PI: Atom = ("pi",)
HALF = Fraction(1, 2)


class NoForm(Exception):
    """Outside what is normalised, or too many terms."""


def one(coefficient: Fraction = Fraction(1)) -> Poly:
    return {(): coefficient} if coefficient else {}


def of_atom(atom: Atom, exponent: Fraction = Fraction(1)) -> Poly:
    return _term({atom: exponent}, Fraction(1))


IMAGINARY: Poly = {((MINUS_ONE, HALF),): Fraction(1)}


def key(poly: Poly) -> tuple[Any, ...]:
    return tuple(sorted(poly.items(), key=repr))


def add(left: Poly, right: Poly, scale: Fraction = Fraction(1)) -> Poly:
    total = dict(left)
    for monomial, coefficient in right.items():
        value = total.get(monomial, Fraction(0)) + coefficient * scale
        if value:
            total[monomial] = value
        else:
            total.pop(monomial, None)
    return _collect_giants(total) if any(map(_has_giant, total)) else total


def multiply(left: Poly, right: Poly) -> Poly:
    if len(left) * len(right) > MAX_TERMS * 20:
        raise NoForm
    total: Poly = {}
    for m, a in left.items():
        for n, b in right.items():
            total = _accumulate(total, _term(_merged(m, n), a * b))
    if len(total) > MAX_TERMS:
        raise NoForm
    return total


def _accumulate(total: Poly, addend: Poly) -> Poly:
    for monomial, coefficient in addend.items():
        value = total.get(monomial, Fraction(0)) + coefficient
        if value:
            total[monomial] = value
        else:
            total.pop(monomial, None)
    return total


def _merged(left: Monomial, right: Monomial) -> dict[Atom, Fraction]:
    exponents = dict(left)
    for atom, exponent in right:
        exponents[atom] = exponents.get(atom, Fraction(0)) + exponent
    return exponents


def _term(exponents: dict[Atom, Fraction], coefficient: Fraction) -> Poly:
    """One term with whole powers of numbers folded into its coefficient and whole powers of sums multiplied out."""
    kept: dict[Atom, Fraction] = {}
    sums: list[tuple[Poly, int]] = []
    for atom, exponent in exponents.items():
        if atom == MINUS_ONE:
            turn = exponent % 2
            if turn >= 1:
                coefficient, turn = -coefficient, turn - 1
            exponent = turn
        elif atom[0] == "n":
            coefficient, exponent = _folded(atom[1], exponent, coefficient)
        elif atom[0] == "p" and 1 <= exponent <= MAX_EXPANDED:
            sums.append((dict(atom[1]), floor(exponent)))
            exponent -= floor(exponent)
        if exponent:
            kept[atom] = exponent
    result: Poly = {tuple(sorted(kept.items(), key=repr)): coefficient}
    for poly, times in sums:
        for _ in range(times):
            result = multiply(result, poly)
    return result


def _folded(prime: int, exponent: Fraction, coefficient: Fraction) -> tuple[Fraction, Fraction]:
    whole = floor(exponent)
    if abs(whole) <= MAX_FOLDED:
        return coefficient * Fraction(prime) ** whole, exponent - whole
    while coefficient and coefficient.numerator % prime == 0:
        coefficient, exponent = coefficient / prime, exponent + 1
    while coefficient.denominator % prime == 0:
        coefficient, exponent = coefficient * prime, exponent - 1
    return coefficient, exponent


def _has_giant(monomial: Monomial) -> bool:
    return any(atom[0] == "n" and abs(exponent) > MAX_FOLDED for atom, exponent in monomial)


def _collect_giants(total: Poly) -> Poly:
    """3·3^E and 3^(E+1) are the same term: fold coefficients into giant powers until nothing changes."""
    while True:
        again: Poly = {}
        for monomial, coefficient in total.items():
            again = _accumulate(again, _term(dict(monomial), coefficient))
        if again == total:
            return again
        total = again


def power(base: Poly, exponent: Fraction) -> Poly:
    if exponent == 0:
        return one()
    if not base:
        if exponent < 0:
            raise UndefinedValue("division by zero")
        return {}
    if len(base) == 1:
        [(monomial, coefficient)] = base.items()
        return _power_of_term(monomial, coefficient, exponent)
    return _power_of_sum(base, exponent)


def _power_of_term(monomial: Monomial, coefficient: Fraction, exponent: Fraction) -> Poly:
    if exponent.denominator == 1:
        whole = {atom: e * exponent for atom, e in monomial}
        return multiply(_term(whole, Fraction(1)), _power_of_number(coefficient, exponent))
    if not all(map(is_positive, monomial)):
        loose = {atom: e for atom, e in monomial if not is_positive((atom, e))}
        rest = {atom: e * exponent for atom, e in monomial if is_positive((atom, e))}
        opaque = of_atom(
            ("p", key({tuple(sorted(loose.items(), key=repr)): Fraction(1 if coefficient > 0 else -1)})), exponent
        )
        return multiply(multiply(_term(rest, Fraction(1)), opaque), _power_of_number(abs(coefficient), exponent))
    return multiply(
        _term({atom: e * exponent for atom, e in monomial}, Fraction(1)), _power_of_number(coefficient, exponent)
    )


def is_positive(factor: tuple[Atom, Fraction]) -> bool:
    atom = factor[0]
    if atom[0] in ("s", "pi"):
        return True
    if atom[0] == "n":
        return bool(atom[1] > 0)
    if atom[0] == "ln":
        return isinstance(atom[1], int)
    return atom[0] == "exp" and not any(inner == MINUS_ONE or inner[0] == "f" for inner, _ in atom[1])


def _power_of_number(value: Fraction, exponent: Fraction) -> Poly:
    sign: Poly = one()
    if value < 0:
        if exponent.denominator % 2 == 1:
            sign = one(Fraction(-1 if exponent.numerator % 2 else 1))
        else:
            sign = of_atom(MINUS_ONE, exponent)
        value = -value
    powers: dict[Atom, Fraction] = {}
    for prime, times in factors(value):
        powers[("n", prime)] = times * exponent
    return multiply(sign, _term(powers, Fraction(1)))


@lru_cache(maxsize=1024)
def factors(value: Fraction) -> tuple[tuple[int, int], ...]:
    """Prime powers of a positive rational, as far as trial division goes."""
    found: dict[int, int] = {}
    for number, sign in ((value.numerator, 1), (value.denominator, -1)):
        if number.bit_length() > 20_000:
            raise NoForm
        divisor = 2
        while divisor * divisor <= number and divisor < MAX_TRIAL:
            while number % divisor == 0:
                number //= divisor
                found[divisor] = found.get(divisor, 0) + sign
            divisor += 1 if divisor == 2 else 2
        if number > 1:
            found[number] = found.get(number, 0) + sign
    return tuple(sorted(found.items()))


def _power_of_sum(base: Poly, exponent: Fraction) -> Poly:
    content, common, inner = _primitive(base)
    if exponent.denominator == 1 and inner[min(inner, key=repr)] < 0:
        inner = {monomial: -coefficient for monomial, coefficient in inner.items()}
        content = -content
    outer = multiply(_power_of_number(content, exponent), _power_of_term(common, Fraction(1), exponent))
    if exponent > MAX_EXPANDED:
        return multiply(outer, {(((("p", key(inner))), exponent),): Fraction(1)})
    return multiply(outer, of_atom(("p", key(inner)), exponent))


def _primitive(poly: Poly) -> tuple[Fraction, Monomial, Poly]:
    """poly = content · common monomial · inner, with coprime whole coefficients inside."""
    numerators = gcd(*(coefficient.numerator for coefficient in poly.values()))
    content = Fraction(numerators, lcm(*(coefficient.denominator for coefficient in poly.values())))
    shared: dict[Atom, Fraction] = {}
    for atom in {factor[0] for monomial in poly for factor in monomial if is_positive(factor)}:
        if atom[0] == "n":
            continue
        least = min(dict(monomial).get(atom, Fraction(0)) for monomial in poly)
        if least:
            shared[atom] = least
    divisor = tuple((atom, -exponent) for atom, exponent in shared.items())
    inner: Poly = {}
    for monomial, coefficient in poly.items():
        inner = _accumulate(inner, _term(_merged(monomial, divisor), coefficient / content))
    return content, tuple(sorted(shared.items(), key=repr)), inner


def exponential(poly: Poly) -> Poly:
    result = one()
    for monomial, coefficient in poly.items():
        result = multiply(result, _exp_of_term(monomial, coefficient))
    return result


def _exp_of_term(monomial: Monomial, coefficient: Fraction) -> Poly:
    if len(monomial) == 1 and monomial[0][0][0] == "ln" and monomial[0][1] == 1:
        argument = monomial[0][0][1]
        return power(one(Fraction(argument)) if isinstance(argument, int) else dict(argument), coefficient)
    if dict(monomial) == {PI: Fraction(1), MINUS_ONE: HALF}:
        return of_atom(MINUS_ONE, coefficient)
    return of_atom(("exp", monomial), coefficient)


def logarithm(poly: Poly) -> Poly:
    if not poly:
        raise UndefinedValue("logarithm of zero")
    if len(poly) > 1:
        content, common, inner = _primitive(poly)
        return add(logarithm({common: content}), of_atom(("ln", key(inner))))
    [(monomial, coefficient)] = poly.items()
    if coefficient < 0 or not all(map(is_positive, monomial)):
        return of_atom(("ln", key(poly)))
    total: Poly = {}
    for prime, times in factors(coefficient):
        total = add(total, of_atom(("ln", prime)), Fraction(times))
    for atom, exponent in monomial:
        total = add(total, _log_of_atom(atom), exponent)
    return total


def _log_of_atom(atom: Atom) -> Poly:
    if atom[0] == "exp":
        return {atom[1]: Fraction(1)}
    return of_atom(("ln", atom[1] if atom[0] == "n" else key(of_atom(atom))))


def numerator(poly: Poly) -> Poly:
    """The poly with every denominator multiplied out: zero where the poly is, as far as normal forms can tell."""
    for _ in range(12):
        lowest: dict[Atom, Fraction] = {}
        for monomial in poly:
            for atom, exponent in monomial:
                if exponent < 0 and atom[0] != "n":
                    lowest[atom] = min(exponent, lowest.get(atom, Fraction(0)))
        if not lowest:
            return poly
        for atom, exponent in lowest.items():
            factor = dict(atom[1]) if atom[0] == "p" else {((atom, Fraction(1)),): Fraction(1)}
            for _ in range(min(ceil(-exponent), MAX_EXPANDED)):
                poly = multiply(poly, _lifted(factor, atom))
    return poly


def _lifted(factor: Poly, atom: Atom) -> Poly:
    """Multiply by the atom itself, so that its powers cancel before anything is expanded."""
    return {((atom, Fraction(1)),): Fraction(1)} if atom[0] == "p" else factor


def is_zero(poly: Poly) -> bool:
    return not numerator(poly)


def proportional(left: Poly, right: Poly) -> bool:
    """right = c · left for a rational c other than zero."""
    if not left or not right or left.keys() != right.keys():
        return not left and not right
    some = next(iter(left))
    ratio = right[some] / left[some]
    return all(right[monomial] == ratio * coefficient for monomial, coefficient in left.items())
