"""A wording with holes + a text → every way in which the text fills the holes.

A template is a sequence of literal text, typed holes (numbers, letters, flavour words) and free holes, which take any
text up to the next literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from agentprop.skills import Hole, Spec, segments
from agentprop.skills.values import pattern

TemplatePart = str | tuple[Hole, str | None]


def match(parts: tuple[TemplatePart, ...], text: str, position: int = 0) -> Iterator[tuple[tuple[Hole, str], ...]]:
    """Yield every way in which the rest of a text fits the parts. Typed holes match greedily, free ones in any way."""
    if not parts:
        if position == len(text):
            yield ()
        return
    first, rest = parts[0], parts[1:]
    if isinstance(first, str):
        if text.startswith(first, position):
            yield from match(rest, text, position + len(first))
        return
    hole, expression = first
    for end in _ends(expression, rest, text, position):
        for tail in match(rest, text, end):
            yield ((hole, text[position:end]), *tail)


def _ends(expression: str | None, rest: tuple[TemplatePart, ...], text: str, position: int) -> Iterable[int]:
    if expression is not None:
        found = _compiled(expression).match(text, position)
        return () if found is None else (found.end(),)
    if not rest:
        return (len(text),)
    following = rest[0]
    if not isinstance(following, str):
        return ()
    return [m.start() for m in re.finditer(re.escape(following), text) if m.start() > position]


@lru_cache(maxsize=16384)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def template(wording: str, spec: Spec) -> tuple[TemplatePart, ...]:
    """Split a wording of a skill into literals and holes, the holes typed by the skill's parameters."""
    return _cached_template(wording, spec.name, _TypedHoles(spec))


class _TypedHoles:
    """Regular expressions of a skill's holes, hashed by identity of the skill so that templates can be cached."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def __hash__(self) -> int:
        return id(self.spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TypedHoles) and other.spec is self.spec

    def expression(self, hole: Hole) -> str | None:
        if hole.name in self.spec.parameters:
            symbol = r"[A-Za-z]" if hole.math else r"\$[A-Za-z]\$|`\w+`"
            return f"{pattern(self.spec.parameters[hole.name], math=hole.math)}|{symbol}"
        words = self.spec.flavour.get(hole.name, ())
        return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) or None


@lru_cache(maxsize=32768)
def _cached_template(wording: str, name: str, holes: _TypedHoles) -> tuple[TemplatePart, ...]:
    out: list[TemplatePart] = []
    for part in segments(wording):
        if isinstance(part, str):
            out.append(part)
        elif part.name.startswith("np_"):
            out.append((Hole(part.name.removeprefix("np_"), False), r"the (?s:.+?)(?=[.?]?\Z)"))
        else:
            out.append((part, holes.expression(part)))
    return tuple(out)


def inline_variants(wording: str, ending: str) -> Iterator[str]:
    """Yield the wording with its last hole opened to a noun phrase, dollars dropped, if that hole occurs only there."""
    found = re.search(r"(?:^|(?<=\s))\$?<(\w+)>\$?(?=[.?]?$)", ending)
    if found is not None and len(re.findall(rf"<{found[1]}>", wording)) == 1:
        yield re.sub(rf"\$?<{found[1]}>\$?(?=[.?]?$)", f"<np_{found[1]}>", wording)


_INTEGERS = {"low", "high", "value"}
_INTEGER = r"0|-?[1-9]\d{0,17}"


@lru_cache(maxsize=1024)
def _frame_parts(frame: str, code: bool) -> tuple[TemplatePart, ...]:
    variable = r"[A-Za-z]\w*" if code else r"[A-Za-z]"
    return tuple(
        part
        if isinstance(part, str)
        else (part, _INTEGER if part.name in _INTEGERS else variable if part.name == "var" else None)
        for part in segments(frame)
    )


def matches(text: str, frames: Iterable[str], *, code: bool = False) -> Iterator[dict[str, str]]:
    """Yield hole → text for every frame and every way in which the text fits it."""
    for frame in frames:
        for raw in match(_frame_parts(frame, code), text):
            found: dict[str, str] = {}
            if all(found.setdefault(hole.name, value) == value for hole, value in raw):
                yield found
