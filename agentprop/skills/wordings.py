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
    """It stands inside `$…$`."""


_DISPLAYS = r"(?:align|alignat|eqnarray|equation|gather|multline)\*?"
_BORDER = re.compile(rf"\\\$|\$\$?|\\\[|\\\]|\\(?:begin|end)\{{{_DISPLAYS}\}}")
"""Where formulas begin and end."""
_CLOSED_BY = {"$": "$", "$$": "$$", "\\[": "\\]"}


@lru_cache(maxsize=65536)
def segments(wording: str) -> tuple[str | Hole, ...]:
    r"""Split a wording into text and holes; every `<identifier>` is a hole.

    >>> [part.math for part in segments(r"<a> and $<b>$, $$<c>$$ and \[<d>\]") if isinstance(part, Hole)]
    [False, True, True, True]
    """
    out: list[str | Hole] = []
    position, border = 0, ""
    for found in re.finditer(r"<([A-Za-z_]\w*)>", wording):
        text = wording[position : found.start()]
        border = _open_border(text, border)
        out += [text] if text else []
        out.append(Hole(found[1], bool(border)))
        position = found.end()
    return (*out, wording[position:]) if wording[position:] else tuple(out)


def _open_border(text: str, border: str) -> str:
    """What will end the formula that the end of a text is in, or nothing; `border` is the same of its beginning."""
    for found in _BORDER.finditer(text):
        mark = found[0]
        if not border:
            border = _CLOSED_BY.get(mark, mark.replace("begin", "end") if mark.startswith("\\begin") else "")
        elif mark == border:
            border = ""
    return border  # `$$` between two formulas of one `$` each ends one and begins the other


def holes(wording: str) -> list[str]:
    """Names of the holes of a wording, in order."""
    return [part.name for part in segments(wording) if isinstance(part, Hole)]
