"""Plain numbers in their commonest notations to fractions, without a parser: what most answers are, in microseconds."""

from __future__ import annotations

import re
from fractions import Fraction

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?:"
    r"(?P<whole>\d{1,40}|[1-9]\d{0,2}(?:,\d{3}){1,10})(?P<decimals>\.\d{1,40})?(?:\s*/\s*(?P<bottom>[1-9]\d{0,40}))?"
    r"|\\[dt]?frac\{(?P<inner>-?)(?P<top>\d{1,40})\}\{(?P<under>[1-9]\d{0,40})\})"
)


def plain_number(text: str) -> Fraction | None:
    """The value of `-12`, `1,234.5`, `3/4`, `$\\frac{3}{4}$`; None for all else, numbers in other notations too."""
    if len(text) > 120:
        return None
    core = text.strip()
    if core.startswith("\\boxed{") and core.endswith("}"):
        core = core[7:-1].strip()
    if core[:1] == "$" == core[-1:] and len(core) > 2:
        core = core[1:-1].strip()
    match = _NUMBER.fullmatch(core)
    if match is None:
        return None
    whole = match["whole"]
    if whole is None:
        value = Fraction(int(match["top"]), int(match["under"]))
        value = -value if match["inner"] else value
    elif match["decimals"]:
        if match["bottom"]:
            return None
        value = Fraction(
            int((whole + match["decimals"]).replace(",", "").replace(".", "")), 10 ** (len(match["decimals"]) - 1)
        )
    else:
        value = Fraction(int(whole.replace(",", "")), int(match["bottom"] or 1))
    return -value if match["sign"] == "-" else value
