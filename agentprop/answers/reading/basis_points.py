"""Basis points as percents, beside an answer that is a share: `25 bps` is 0.25 %; beside `25` they are a count."""

from __future__ import annotations

import re

_BASIS_POINTS = re.compile(r"(?<=[\d.])\s?(?:\\text\s?\{\s*)?(?:basis[ -]points?|bps?)\b(?:\s*\})?")
_SHARE = re.compile(r"%|\bper ?cent\b|^[\s$-]*0?\.\d")


def in_percent(text: str, other: str) -> str:
    """The text with its basis points in percent, if the other text is a share."""
    if "b" not in text or not _SHARE.search(other):
        return text
    return _BASIS_POINTS.sub(r" \\% / 100", text)
