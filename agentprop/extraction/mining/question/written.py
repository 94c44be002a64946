"""How a question wants its answer written → whether answers to other numbers can be written so."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

ROUNDED = re.compile(
    r"\bnearest\b|\bround(?:ed|ing)?\b|\bdecimal places?\b|\bsignificant\b|\bapproximat", re.IGNORECASE
)
"""Words of a question whose answer is to be rounded."""


def unwritable(question: str, answers: Sequence[Any]) -> str | None:
    """What the question wants of its answer that some of the answers cannot give, or None."""
    for wanted, asks, gives in _WISHES:
        if asks.search(question) and not all(map(gives, answers)):
            return wanted
    return None


def _ends(answer: Any) -> bool:
    """Whether a number has finitely many decimal places."""
    if not isinstance(answer, Fraction):
        return True
    rest = answer.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _exceeds_one(answer: Any) -> bool:
    """Whether a number is an improper fraction, or has a whole part."""
    return not isinstance(answer, int | Fraction) or Fraction(answer) ** 2 > 1


_WISHES: tuple[tuple[str, re.Pattern[str], Callable[[Any], bool]], ...] = (
    ("a decimal that ends", re.compile(r"\bas an? (?:\w+ )?decimal\b", re.IGNORECASE), _ends),
    ("more than 1", re.compile(r"\bimproper fraction\b|\bmixed (?:number|numeral)\b", re.IGNORECASE), _exceeds_one),
)
