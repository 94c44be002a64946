"""Numbers and units as the LaTeX package siunitx sets them: `\\SI{5}{\\kilo\\meter}` is `5 kilometer`."""

from __future__ import annotations

import re

_SET = re.compile(
    r"\\(?:num\s*(?:\[[^\[\]]*\])?\{(?P<number>[^{}]*)\}|(?:SI|qty)\s*(?:\[[^\[\]]*\])?\{(?P<value>[^{}]*)\}"
    r"\s*\{(?P<unit>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|(?:si|unit)\s*\{(?P<alone>[^{}]*)\})"
)
_PREFIX = re.compile(r"\\(pico|nano|micro|milli|centi|deci|hecto|kilo|mega|giga|tera)\s*\\")
_NAMES = {
    "per": "/",
    "squared": "^2",
    "cubed": "^3",
    "degreeCelsius": "^\\circ C",
    "celsius": "^\\circ C",
    "percent": "\\%",
}
_NAME = re.compile(r"\\([A-Za-z]+)\s*")


def without_siunitx(text: str) -> str:
    """The text with what the package sets written out; any other text as it is."""
    return _SET.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    value = found["number"] or found["value"] or ""
    unit = _PREFIX.sub(r" \1", found["unit"] or found["alone"] or "")
    unit = _NAME.sub(lambda name: f" {_NAMES.get(name[1], name[1])}", unit)
    return f"{value} {re.sub(r' (?=[/^])|(?<=/) ', '', unit).strip()}".strip()
