"""Texts of any length → texts that fit on a page, and settings → settings without secrets."""

from __future__ import annotations

import re
from typing import Any

_SECRET = re.compile(r"(^|_)(api_?key|key|secret|password|authorization|headers?|credentials?|token)$", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")

STATEMENT, MESSAGE, NOTE, LABEL = 6_000, 12_000, 600, 120
"""Most characters of a statement or answer, of a step, of a sentence, and of a name."""


def clip(text: str | None, limit: int) -> str | None:
    """Cut a text to its beginning; None stays None."""
    if text is None or len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def shareable(value: Any, name: str = "") -> Any:
    """Remove possible secrets from JSON: values of names such as `api_key`, and logins in addresses."""
    if _SECRET.search(name) and value not in (None, "", [], {}):
        return "(left out)"
    if isinstance(value, dict):
        return {key: shareable(held, str(key)) for key, held in value.items()}
    if isinstance(value, list):
        return [shareable(held) for held in value]
    return _LOGIN.sub("", value) if isinstance(value, str) else value
