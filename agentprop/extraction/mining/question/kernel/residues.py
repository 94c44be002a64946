"""Residue classes and remainders. Each question has two functions that go about it differently."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.bounds import MOST_INTEGERS, PRIMES
from agentprop.extraction.mining.question.kernel.exact import whole
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step
from agentprop.extraction.mining.question.kernel.plain import plain_whole


class Residue:
    """A residue class: sums, products and powers stay below the modulus."""

    __slots__ = ("modulus", "value")

    def __init__(self, value: Any, modulus: int) -> None:
        if isinstance(value, Fraction):
            value = value.numerator * inverse_modulo(value.denominator, modulus)
        self.value = whole(value) % modulus
        self.modulus = modulus

    def with_(self, other: Any) -> int:
        return other.value if isinstance(other, Residue) else Residue(other, self.modulus).value

    def __add__(self, other: Any) -> Residue:
        return Residue(self.value + self.with_(other), self.modulus)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Residue:
        return Residue(self.value - self.with_(other), self.modulus)

    def __rsub__(self, other: Any) -> Residue:
        return Residue(self.with_(other) - self.value, self.modulus)

    def __mul__(self, other: Any) -> Residue:
        return Residue(self.value * self.with_(other), self.modulus)

    __rmul__ = __mul__

    def __neg__(self) -> Residue:
        return Residue(-self.value, self.modulus)


def modulus_of(value: Any) -> int:
    """A modulus: a positive whole number."""
    modulus = whole(value)
    if modulus < 1:
        raise Undefined("a modulus that is not positive")
    return modulus


def residue(value: Any, modulus: Any) -> Residue:
    """The class of a number."""
    return Residue(value, modulus_of(modulus))


def residue_power(base: Residue, exponent: Any) -> Residue:
    """A power of a class; negative exponents by the inverse."""
    exponent = whole(exponent)
    if exponent < 0:
        return residue_power(Residue(inverse_modulo(base.value, base.modulus), base.modulus), -exponent)
    return Residue(pow(base.value, exponent, base.modulus), base.modulus)


def residue_div(top: Residue, bottom: Residue) -> Residue:
    """A quotient of classes."""
    return top * inverse_modulo(bottom.value, bottom.modulus)


def residue_factorial(n: Any, modulus: Any) -> Residue:
    """The class of n!."""
    n, modulus = whole(n), modulus_of(modulus)
    if n < 0 or n > MOST_INTEGERS:
        raise Undefined("such a factorial")
    total = 1 % modulus
    for factor in range(2, min(n, modulus) + 1):
        total = total * factor % modulus
    return Residue(total if n < modulus else 0, modulus)


def from_residues(function: Callable[[int], Residue]) -> int:
    """The whole number that arithmetic modulo several primes comes to; a further prime confirms it."""
    value, product = 0, 1
    for prime in PRIMES[:-1]:
        missing = (function(prime).value - value) * pow(product, -1, prime) % prime
        value, product = value + product * missing, product * prime
    value -= product if value > product // 2 else 0
    if value % PRIMES[-1] != function(PRIMES[-1]).value:
        raise NotExact("too large a number, or not a whole one")
    return value


def inverse_modulo(value: int, modulus: int) -> int:
    """The inverse of a class by Euclid's algorithm."""
    if math.gcd(value, modulus) != 1:
        raise Undefined("no inverse")
    return pow(value, -1, modulus)


def inverse_by_search(value: Any, modulus: Any) -> int:
    """The inverse, by trying."""
    value, modulus = plain_whole(value), plain_whole(modulus)
    for candidate in range(modulus):
        step()
        if value * candidate % modulus == 1 % modulus:
            return candidate
    raise Undefined("no inverse")


def class_value(value: Residue) -> int:
    """The least non-negative member of a class."""
    return value.value


def remainder(value: Any, modulus: Any) -> int:
    """The remainder of a whole number, never negative."""
    return whole(value) % modulus_of(modulus)


def plain_remainder(value: Any, modulus: Any) -> int:
    """The remainder as what is left when the greatest multiple below is taken away."""
    value, modulus = plain_whole(value), plain_whole(modulus)
    if modulus < 1:
        raise Undefined("a modulus that is not positive")
    return int(value - modulus * (value // modulus))


def quotient(value: Any, divisor: Any) -> int:
    """The whole part of a quotient of whole numbers."""
    if divisor == 0:
        raise Undefined("division by zero")
    return whole(value) // whole(divisor)
