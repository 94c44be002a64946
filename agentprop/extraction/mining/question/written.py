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


def _is_whole(answer: Any) -> bool:
    """Whether a number has no fraction, which would be told as one in lowest terms."""
    return not isinstance(answer, Fraction) or answer.denominator == 1


def _exceeds_one(answer: Any) -> bool:
    """Whether a number is an improper fraction, or has a whole part."""
    return not isinstance(answer, int | Fraction) or Fraction(answer) ** 2 > 1


_WISHES: tuple[tuple[str, re.Pattern[str], Callable[[Any], bool]], ...] = (
    ("a decimal", re.compile(r"\bas an? (?:\w+ )?decimal\b|\bto decimals?\b", re.IGNORECASE), _is_whole),
    ("a mixed number", re.compile(r"\bmixed (?:number|numeral)\b", re.IGNORECASE), _is_whole),
    ("more than 1", re.compile(r"\bimproper fraction\b", re.IGNORECASE), _exceeds_one),
)
"""What a question wants, the words for it, and whether a skill's answer is that: its fractions are in lowest terms."""
