"""Texts in turn, as prose lists them."""

from __future__ import annotations

from collections.abc import Sequence


def in_prose(texts: Sequence[str]) -> str:
    """Join texts by commas, and the last one by "and".

    >>> in_prose(["a", "b", "c"]), in_prose(["a"]), in_prose([])
    ('a, b and c', 'a', '')
    """
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)
