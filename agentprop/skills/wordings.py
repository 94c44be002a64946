"""A wording → its text and the holes where values go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Hole:
    """A place in a wording where a value goes."""

    name: str
    """Parameter, flavour, or `subject`."""
    math: bool
    """Whether it stands inside `$…$`."""


@lru_cache(maxsize=65536)
def segments(wording: str) -> tuple[str | Hole, ...]:
    """A wording cut into text and holes; every `<identifier>` is a hole."""
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
