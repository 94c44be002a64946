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


@lru_cache(maxsize=65536)
def segments(wording: str) -> tuple[str | Hole, ...]:
    """Split a wording into text and holes; every `<identifier>` is a hole."""
    out: list[str | Hole] = []
    position, math = 0, False
    for found in re.finditer(r"<([A-Za-z_]\w*)>", wording):
        text = wording[position : found.start()]
        math ^= text.replace(r"\$", "").count("$") % 2 == 1
        out += [text] if text else []
        out.append(Hole(found[1], math))
        position = found.end()
    return (*out, wording[position:]) if wording[position:] else tuple(out)


def holes(wording: str) -> list[str]:
    """Names of the holes of a wording, in order."""
    return [part.name for part in segments(wording) if isinstance(part, Hole)]
