"""Digits to exact fractions: decimals, scientific notation and repeating decimals, within size limits."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.nodes import UnreadableAnswer

MAX_DIGITS = 20_000
MAX_LITERAL_EXPONENT = 10_000


def literal(text: str) -> Fraction:
    """Digits with an optional point and exponent, exactly, within the caps."""
    mantissa, _, exponent = text.replace("_", "").lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 9 or abs(int(exponent or 0)) > MAX_LITERAL_EXPONENT:
        raise UnreadableAnswer("a number beyond the size limits")
    whole, _, decimals = mantissa.partition(".")
    return Fraction(_integer(whole + decimals) if whole + decimals else 0) * Fraction(10) ** (
        int(exponent or 0) - len(decimals)
    )


def _integer(digits: str) -> int:
    """int() without the interpreter's limit on digits: split in halves, each below it."""
    if len(digits) <= 4000:
        return int(digits)
    middle = len(digits) // 2
    return int(_integer(digits[:middle]) * 10 ** (len(digits) - middle) + _integer(digits[middle:]))


def repeating(prefix: str, block: str) -> Fraction:
    """0.1 followed by the block 6 forever is 1/6."""
    decimals = len(prefix.partition(".")[2])
    tail = Fraction(_integer(block), 10 ** len(block) - 1) / Fraction(10) ** decimals
    return literal(prefix) + tail


def continued(text: str) -> Fraction:
    """0.333... repeats its last block, which must have been shown at least twice, a single digit three times."""
    decimals = text.partition(".")[2]
    for size in range(1, len(decimals) // 2 + 1):
        times = 3 if size == 1 else 2
        block = decimals[-size:]
        if len(decimals) >= size * times and decimals.endswith(block * times):
            return repeating(text, block)
    raise UnreadableAnswer("an unfinished decimal")
