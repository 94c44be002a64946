"""Digit groups of all countries to plain digits: a text to the spellings it may stand for, the usual one first.

Joined where nothing else can be meant: `1 234 567`, `1'234'567`, `1.234.567`, `1.234,56`, `1{,}000`. A comma may also
separate values, so `1,234` and `12,34,567` keep their second spelling, and inside brackets the list comes first.
"""

from __future__ import annotations

import re

from agentprop.answers.reading.units import unit_named

_DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)")
_SPACE = r"(?:\\[,!;: ]|\\ | |~|,\\!\s?|,\\,\s?|\\,\\!)"
_SPACED = re.compile(rf"(?<![\d.,])\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)")
_SPACED_COMMA = re.compile(rf"(?<![\d.,])(\d{{1,3}}(?:{_SPACE}\d{{3}})+),(\d+)(?!\d|[,.]\d)")
_SWISS = re.compile(r"(?<![\d.,'])\d{1,3}(?:'\d{3})+(?![\d'])")
_EUROS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}\.\d{3}(?![\d.,])")
"""Of which there are no thousandths: `2.000 \\EUR`."""
_DOTTED = re.compile(
    r"(?<![\d.,])([1-9]\d{0,2}(?:\.\d{3}){2,}),(\d+)(?!\d|[,.]\d)"
    r"|(?<![\d.,])([1-9]\d{0,2}\.\d{3}),(\d\d?|\d{4,})(?!\d|[,.]\d)|(?<![\d.,])([1-9]\d{0,2}(?:\.\d{3}){2,})(?!\d|[,.]\d)"
)
_INDIAN = re.compile(r"(?<![\d.,])(\d{1,2}(?:,\d{2})+,\d{3})(?!\d|,\d)")
_THOUSANDS = re.compile(r"(?<![\d.,])([1-9]\d{0,2}(?:,\d{3})+)(?!\d|,\d)")
_COMMA_MEASURE = re.compile(
    r"(?P<before>(?:\\?\$|\\(?:EUR|GBP|JPY|INR|USD))?\s*)(?P<sign>[-+]?)"
    r"(?:0,(?P<share>\d{3,}|0\d)(?!\d)|(?P<whole>\d{1,3}(?:[. ]\d{3})+|\d+),(?P<decimals>\d{1,2}(?!\d)))"
    r"(?P<after>\s*(?:\\degree\s*[CF]?|\S{0,12}))"
)
_COMMA_LIST = re.compile(r"-?\d+(?:,\d+)?(?:\s*;\s*-?\d+,\d+)+")
_CURRENCIES = frozenset(("$", "EUR", "GBP", "JPY", "INR", "USD", "Euro", "CHF"))
_BRACKETED = re.compile(r"[\[({]")
_UNION = re.compile(r"\\cup|\\cap|\)\s*U\s*\(|\([^()\[\]]*\]|\[[^()\[\]]*\)")
"""Signs that brackets are intervals: their commas separate ends."""
_SPACED_COMMAS = re.compile(r",\s|\\[,;: ]")


def spellings(text: str) -> list[str]:
    """The text with digit groups joined, and as it stands where a comma may separate values instead."""
    if "," in text and (spelled := _measured(text)) is not None:
        return [spelled, text] if ";" in text else [spelled]
    if not ("," in text or "." in text or " " in text or "'" in text or "\\" in text or "~" in text):
        return [text]
    plain = _DECIMAL_COMMA.sub(_decimal_or_group, text) if "{,}" in text else text
    plain = _SWISS.sub(_digits, plain) if "'" in plain else plain
    plain = _EUROS.sub(_digits, plain) if "EUR" in plain else plain
    plain = _DOTTED.sub(_european, plain) if "." in plain else plain
    if " " in plain or "\\" in plain or "~" in plain:
        plain = _SPACED_COMMA.sub(lambda m: f"{_digits(m[1])}.{m[2]}", plain) if "," in plain else plain
        plain = _SPACED.sub(_digits, plain)
    if "," not in plain:
        return [plain]
    indian = _INDIAN.sub(_digits, plain)
    if indian != plain:
        return [plain, indian]
    joined = _THOUSANDS.sub(_digits, plain)
    if joined == plain:
        return [plain]
    if _UNION.search(plain):
        return [plain]
    if not _BRACKETED.search(plain):
        return [joined] if _surely_grouped(plain) else [joined, plain]
    if _surely_grouped(plain):
        return [joined]
    return [joined, plain] if _SPACED_COMMAS.search(plain) else [plain, joined]


def _measured(text: str) -> str | None:
    """`12,50 \\EUR`, `0,625`, `1,5; 2,3` with decimal points; None where a comma may separate values as well."""
    if ";" in text and _COMMA_LIST.fullmatch(text):
        return text.replace(",", ".").replace(";", ",")
    match = _COMMA_MEASURE.fullmatch(text)
    if match is None:
        return None
    before, after = match["before"].strip(), match["after"].strip()
    if not (before or after or match["share"]):
        return None
    known = after.startswith("\\degree") or after.lstrip("\\") in (*_CURRENCIES, "%") or unit_named(after)
    if after and not known:
        return None
    return (
        f"{match['sign']}{before}{_digits(match['whole'] or '0')}.{match['decimals'] or match['share']}{match['after']}"
    )


def _surely_grouped(text: str) -> bool:
    """No list would write an item as 000 or 045."""
    return ",0" in text and not re.search(r",0(?!\d\d)", text)


def _digits(match: re.Match[str] | str) -> str:
    return re.sub(r"[^\d]", "", match if isinstance(match, str) else match[0])


def _european(match: re.Match[str]) -> str:
    whole, decimals = match[1] or match[3] or match[5], match[2] or match[4]
    return f"{_digits(whole)}.{decimals}" if decimals else _digits(whole)


def _decimal_or_group(match: re.Match[str]) -> str:
    following = match.string[match.end() : match.end() + 4]
    return "" if re.match(r"\d{3}(?!\d)", following) else "."
