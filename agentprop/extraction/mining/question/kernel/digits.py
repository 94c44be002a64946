"""Digits of whole numbers and decimals. Each question has two functions that go about it differently."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.bounds import DIGITS
from agentprop.extraction.mining.question.kernel.exact import whole
from agentprop.extraction.mining.question.kernel.limits import Undefined, step
from agentprop.extraction.mining.question.kernel.plain import plain_whole, rational_near


def digits_of(value: Any, base: Any = 10) -> list[int]:
    """The digits of a whole number in a base, the leading one first."""
    n, base, found = abs(whole(value)), whole(base), []
    if not 2 <= base <= 100:
        raise Undefined("such a base")
    while n:
        n, digit = divmod(n, base)
        found.append(digit)
    return found[::-1] or [0]


def plain_digits_of(value: Any, base: Any = 10) -> list[int]:
    """The digits from the highest power of the base down."""
    n, base = abs(plain_whole(value)), plain_whole(base)
    if base == 10:
        return [int(character) for character in str(n)]
    if not 2 <= base <= 100:
        raise Undefined("such a base")
    power, found = 1, []
    while power * base <= n:
        power *= base
    while power:
        found.append(n // power)
        n, power = n % power, power // base
    return found


def written_in(value: Any, base: Any) -> str:
    """A whole number as a numeral of a base, with the base below."""
    return numeral(digits_of(value, base), base, whole(value) < 0)


def plain_written_in(value: Any, base: Any) -> str:
    """The same from the other digits."""
    return numeral(plain_digits_of(value, base), base, plain_whole(value) < 0)


def numeral(found: list[int], base: Any, negative: bool) -> str:
    """Digits as text; in base ten a number is written without its base, and is no such text."""
    if whole(base) > len(DIGITS) or base == 10:
        raise Undefined("such a base")
    return ("-" if negative else "") + "".join(DIGITS[digit] for digit in found) + f"_{{{whole(base)}}}"


def is_palindrome(n: Any) -> bool:
    """Whether the digits read the same from behind."""
    found = digits_of(n)
    return found == found[::-1]


def decimal_digit(value: Any, place: Any) -> int:
    """The digit at a place behind the decimal point of a positive rational number."""
    value, place = Fraction(value), whole(place)
    if place < 1 or value < 0:
        raise Undefined("no such place")
    return int(value.numerator * pow(10, place, value.denominator * 10) // value.denominator % 10)


def plain_decimal_digit(value: Any, place: Any) -> int:
    """The same by long division."""
    value, place = Fraction(rational_near(value)), plain_whole(place)
    if place < 1 or value < 0:
        raise Undefined("no such place")
    rest, digit = value.numerator % value.denominator, 0
    step(place // 10)
    for _ in range(place):
        digit, rest = divmod(rest * 10, value.denominator)
    return digit
