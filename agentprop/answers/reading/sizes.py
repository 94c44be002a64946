"""Sizes: `2 x 3 matrix`, `10 ft by 12 ft`, `2 × 3 × 4` to the texts of their lengths, in order; none of them a product.

A cross multiplies as well, so it makes a size only if the question asks for one, a thing with rows and columns is
named, or every length has its unit; `by` always does.
"""

from __future__ import annotations

import re

_ASKED = frozenset(("dimension", "dimensions", "size"))
_THING = re.compile(r"[\s-]+(?:matrix|rectangle|grid|board|box|array|table)$", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
_LENGTH = r"(?:\d[\d.,/]*(?:\s?(?!by\b|x\b)[A-Za-z]{1,12}\.?)?|[a-z])"
_SIGN = r"\s*(?:\\times|\bby\b|(?<![A-Za-z])[xX](?![A-Za-z])|(?<=\d)[xX](?=\d))\s*"
_SIZE = re.compile(rf"{_LENGTH}(?:{_SIGN}{_LENGTH}){{1,3}}")
_MEASURED = re.compile(rf"\d[\d.,/]*\s?[a-z]{{1,6}}(?:{_SIGN}\d[\d.,/]*\s?[a-z]{{1,6}})+")
_BETWEEN = re.compile(_SIGN)


def lengths(text: str, question: frozenset[str]) -> list[str] | None:
    """The lengths of a size, the last one's unit with each; None where the text is none."""
    if len(text) > 80:
        return None
    plain = _THING.sub("", text)
    if not (plain != text or "by" in text or _ASKED & question or _MEASURED.fullmatch(text)):
        return None
    plain = _ARTICLE.sub("", plain, count=1) if plain != text else plain
    if _SIZE.fullmatch(plain) is None:
        return None
    found = _BETWEEN.split(plain)
    unit = found[-1].lstrip("0123456789.,/ ")
    if len(found[-1]) > 1 and unit and all(length[-1:].isdigit() for length in found[:-1]):
        return [f"{length} {unit}" for length in found[:-1]] + found[-1:]
    return found
