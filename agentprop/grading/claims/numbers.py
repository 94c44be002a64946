"""Numbers as texts: the same but for rounding, the noise of floating point, or percent."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

NOISE = Decimal("1e-9")
"""Relative difference that floating point explains."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_GROUPS = re.compile(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))")


def plain_number(text: str) -> Decimal | None:
    """The number that a text is, with a currency sign, a unit of words or a percent sign around it; None for others.

    >>> plain_number("$1,250.50")
    Decimal('1250.50')
    >>> plain_number("2/3") is None
    True
    """
    bare = _GROUPS.sub("", text.replace("\\\\%", "").replace("%", "").replace("\\\\$", "").replace("$", "")).strip()
    match = _NUMBER.match(bare)
    if match is None or re.search(r"[^A-Za-z .°]", bare[match.end() :]):
        return None
    try:
        return Decimal(match[0])
    except InvalidOperation:
        return None


def same_when_rounded(value: str, gold: str) -> bool:
    """Whether a number is another one to the places in which that is written.

    >>> same_when_rounded("3.14159", "3.14"), same_when_rounded("18.000000000000004", "18")
    (True, True)
    >>> same_when_rounded("3.6", "4")
    False
    """
    left, right = plain_number(value), plain_number(gold)
    if left is None or right is None:
        return False
    places = _places(gold)
    step = Decimal(1).scaleb(-places) if places else Decimal(0)
    return abs(left - right) <= max(step / 2, NOISE * max(abs(left), abs(right)))


def nearly(value: str, gold: str) -> bool:
    """Whether two numbers may be one: off by a unit of the last place, or one of them in percent."""
    left, right = plain_number(value), plain_number(gold)
    if left is None or right is None:
        return False
    step = Decimal(1).scaleb(-_places(gold)) if _places(gold) else Decimal(0)
    return abs(left - right) <= step or left * 100 == right or left == right * 100


def _places(text: str) -> int:
    match = re.search(r"\d\.(\d+)", _GROUPS.sub("", text))
    return len(match[1]) if match else 0
