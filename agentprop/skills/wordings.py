"""A wording → its text and its holes, the places for values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Hole:
    """A place for a value in a wording."""

    name: str
    """Parameter, flavour, or `subject`."""
    math: bool
    """It stands inside a formula: `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]` or an environment of formulas."""


_DELIMITER = re.compile(
    r"\\[$\\]|\$\$?|\\[\[\]()]|\\(?P<edge>begin|end)\{(?:align|eqnarray|gather|equation|alignat|multline)\*?\}"
)
_CLOSING = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}


@lru_cache(maxsize=65536)
def segments(wording: str) -> tuple[str | Hole, ...]:
    """Split a wording into text and holes; every `<identifier>` is a hole."""
    out: list[str | Hole] = []
    position, closing = 0, ""
    for found in re.finditer(r"<([A-Za-z_]\w*)>", wording):
        text = wording[position : found.start()]
        closing = _closing(text, closing)
        out += [text] if text else []
        out.append(Hole(found[1], closing != ""))
        position = found.end()
    return (*out, wording[position:]) if wording[position:] else tuple(out)


def _closing(text: str, closing: str) -> str:
    r"""What closes the formula that is open behind a text, "" outside of formulas; `closing` is that before it.

    >>> _closing(r"for \$5, if $$x = ", ""), _closing("$ and $", "$"), _closing("5$", "$")
    ('$$', '$', '')
    """
    for found in _DELIMITER.finditer(text):
        mark = "end" if found["edge"] == "end" else found.group()
        if not closing:
            closing = "end" if found["edge"] == "begin" else _CLOSING.get(mark, "")
        elif mark == closing:  # `$$` in `$a$$b$` closes one formula and opens another
            closing = ""
    return closing


_IF_NEGATIVE = re.compile(r"\{if (not )?negative:([^{}]*)\}")


def worded(wording: str, negative: bool) -> str:
    """A wording for data that may have negative elements, or has none: clauses that would be idle are left out.

    >>> text = "<xs>{if negative:, signs ignored,} in base <b>"
    >>> worded(text, True), worded(text, False)
    ('<xs>, signs ignored, in base <b>', '<xs> in base <b>')
    """
    if "{if " not in wording:
        return wording
    return _IF_NEGATIVE.sub(lambda found: found[2] if (found[1] is None) == negative else "", wording)


def tellings(wording: str) -> tuple[str, ...]:
    """The texts of a wording: for data with negative elements, and for data without, if these differ."""
    return tuple(dict.fromkeys(worded(wording, negative) for negative in (True, False)))


@lru_cache(maxsize=1 << 14)
def holes(wording: str) -> tuple[str, ...]:
    """Names of the holes of a wording, in order."""
    return tuple(part.name for part in segments(wording) if isinstance(part, Hole))
