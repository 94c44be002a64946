"""Digits to exact fractions: decimals, scientific notation, repeating decimals and other bases, within size limits."""

from __future__ import annotations

import re
from fractions import Fraction

from agentprop.answers.reading.nodes import UnreadableAnswer

MAX_DIGITS = 20_000
MAX_LITERAL_EXPONENT = 10_000
MAX_BASED = 1_000

DIGITS = re.compile(r"[0-9A-Z]+")
_BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "sixteen": 16, "twenty": 20, "thirty-six": 36, "bin": 2, "binary": 2, "oct": 8, "octal": 8,
    "dec": 10, "decimal": 10, "hex": 16, "hexadecimal": 16, "ternary": 3, "duodecimal": 12, "b": 2, "h": 16, "d": 10,
}  # fmt: skip


def literal(text: str) -> Fraction:
    """Digits with an optional point and exponent, exactly, within the caps."""
    if text.isdigit() and len(text) < 4000:
        return Fraction(int(text))
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
    if not block.isdigit():
        raise UnreadableAnswer("a repeating block must be digits")
    decimals = len(prefix.partition(".")[2])
    tail = Fraction(_integer(block), 10 ** len(block) - 1) / Fraction(10) ** decimals
    return literal(prefix) + tail


def repeating_between_dots(prefix: str, digits: list[tuple[str, bool]]) -> Fraction:
    """Dots stand above the first and the last digit of the block, or above its only one, and nothing follows it."""
    dotted = [number for number, (_, dot) in enumerate(digits) if dot]
    if len(dotted) not in (1, 2) or dotted[-1] != len(digits) - 1 or not all(d.isdigit() for d, _ in digits):
        raise UnreadableAnswer("dots that mark no repeating block")
    before = "".join(digit for digit, _ in digits[: dotted[0]])
    return repeating(prefix + before, "".join(digit for digit, _ in digits[dotted[0] :]))


def continued(text: str) -> Fraction:
    """0.333... repeats its last block, which must have been shown at least twice, a single digit three times."""
    decimals = text.partition(".")[2]
    for size in range(1, len(decimals) // 2 + 1):
        times = 3 if size == 1 else 2
        block = decimals[-size:]
        if len(decimals) >= size * times and decimals.endswith(block * times):
            return repeating(text, block)
    raise UnreadableAnswer("an unfinished decimal")


def base_named(text: str) -> int:
    """2 to 36, in digits or in words; 0 for anything else."""
    found = int(text) if text.isdigit() and len(text) < 4 else _BASES.get(text.lower(), 0)
    return found if 2 <= found <= 36 else 0


def in_base(digits: str, base: int) -> int | None:
    """The number that the digits spell in a base; None where they do not."""
    if not base or len(digits) > MAX_BASED or any(int(digit, 36) >= base for digit in digits):
        return None
    return int(digits, base)
