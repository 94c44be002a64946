"""A wording with holes + a text → every way in which the text fills the holes.

A template is a sequence of literal text, typed holes (numbers, letters, flavour words) and free holes, which take any
text up to the next literal. Dollars around a lone number are notation: `$7$` fills a hole that the writer fills with 7,
and the other way round.

    >>> from agentprop.skills import load
    >>> spec = load([])["combinatorics-fixed-points"].spec
    >>> filled = match(template("permutations of $<n>$ objects", spec), "permutations of 5 objects")
    >>> [(hole.name, text) for hole, text in next(filled)]
    [('n', '5')]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from agentprop.composition import grammar
from agentprop.skills import Hole, Spec, segments
from agentprop.skills.values import Parameter, pattern

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
        found = expression_of(expression).match(text, position)
        return () if found is None else (found.end(),)
    if not rest:
        return (len(text),)
    following = rest[0]
    if not isinstance(following, str):
        return ()
    return [m.start() for m in re.finditer(re.escape(following), text) if m.start() > position]


@lru_cache(maxsize=16384)
def expression_of(expression: str) -> re.Pattern[str]:
    """Compile a pattern once; a library has more of them than `re` keeps."""
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

    def expression(self, hole: Hole, lone: bool = False) -> str | None:
        """Regular expression of a hole's texts; those of a lone one include its dollars."""
        parameter = self.spec.parameters.get(hole.name)
        if parameter is not None:
            symbol = r"[A-Za-z]" if hole.math and not lone else r"\$[A-Za-z]\$|`\w+`"
            number = f"{_dollared(parameter)}|" if parameter.kind in NUMBERS and (lone or not hole.math) else ""
            return f"{number}{pattern(parameter, math=hole.math and not lone)}|{symbol}"
        words = self.spec.flavour.get(hole.name, ())
        return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) or None


@lru_cache(maxsize=32768)
def _cached_template(wording: str, name: str, holes: _TypedHoles) -> tuple[TemplatePart, ...]:
    def is_number(hole: Hole) -> bool:
        parameter = holes.spec.parameters.get(hole.name)
        return parameter is not None and parameter.kind in NUMBERS

    out: list[TemplatePart] = []
    for part, lone in _without_dollars(segments(wording), is_number):
        if isinstance(part, str):
            ordinal = grammar.ORDINAL.match(part) if out and not isinstance(out[-1], str) else None
            if (
                ordinal is not None
            ):  # behind a number; each is a hole of its own, for 1st and 2nd may stand side by side
                out += [ordinal[1]] if ordinal[1] else []
                out.append((Hole(f"ordinal {len(out)}", False), "st|nd|rd|th"))
            out.append(part[ordinal.end() :] if ordinal is not None else part)
        elif part.name.startswith("np_"):
            out.append((Hole(part.name.removeprefix("np_"), False), r"the (?s:.+?)(?=[.?]?\Z)"))
        else:
            out.append((part, holes.expression(part, lone)))
    return tuple(out)


def _without_dollars(
    parts: Sequence[str | Hole], is_number: Callable[[Hole], bool]
) -> Iterator[tuple[str | Hole, bool]]:
    """Yield the parts without the dollars around a number that stands alone in them, and whether it did."""
    texts, lone = list(parts), set[int]()
    for place in range(1, len(texts) - 1):
        match texts[place - 1 : place + 2]:
            case [str(before), Hole(math=True) as hole, str(after)] if is_number(hole):
                if before.endswith("$") and after.startswith("$") and (before != "$" or place == 1):
                    texts[place - 1], texts[place + 1] = before[:-1], after[1:]
                    lone.add(place)
    yield from ((part, place in lone) for place, part in enumerate(texts) if part != "")


def _dollared(p: Parameter) -> str:
    """Regular expression of a number inside dollars of its own; a unit may stand behind them."""
    unit = f" {re.escape(p.unit)}" if p.unit else ""
    return rf"\$(?:{pattern(p, math=True).replace(unit, '')})\${unit}"


def inline_variants(wording: str, ending: str) -> Iterator[str]:
    """Yield the wording with its last hole opened to a noun phrase, dollars dropped, if that hole occurs only there."""
    found = re.search(r"(?:^|(?<=\s))\$?<(\w+)>\$?(?=[.?]?$)", ending)
    if found is not None and len(re.findall(rf"<{found[1]}>", wording)) == 1:
        yield re.sub(rf"\$?<{found[1]}>\$?(?=[.?]?$)", f"<np_{found[1]}>", wording)


NUMBERS = frozenset({"integer", "rational", "decimal"})
"""Kinds of parameters around which dollars are notation."""
WORDED = frozenset({"facts", "question"})
"""Kinds of parameters whose texts are sentences of their own."""
_INTEGERS = {"low", "high", "value"}
_INTEGER = r"0|-?[1-9]\d{0,17}"


@lru_cache(maxsize=1024)
def _frame_parts(frame: str, code: bool) -> tuple[TemplatePart, ...]:
    variable = r"[A-Za-z]\w*" if code else r"[A-Za-z]"
    parts = _without_dollars(segments(frame), lambda hole: hole.name in _INTEGERS)

    def expression(hole: Hole, lone: bool) -> str | None:
        if hole.name in _INTEGERS:
            return rf"{_INTEGER}|\$(?:{_INTEGER})\$" if lone else _INTEGER
        return variable if hole.name == "var" else None

    return tuple(part if isinstance(part, str) else (part, expression(part, lone)) for part, lone in parts)


def matches(text: str, frames: Iterable[str], *, code: bool = False) -> Iterator[dict[str, str]]:
    """Yield hole → text for every frame and every way in which the text fits it."""
    for frame in frames:
        for raw in match(_frame_parts(frame, code), text):
            found: dict[str, str] = {}
            texts = ((hole.name, value.strip("$") if hole.name in _INTEGERS else value) for hole, value in raw)
            if all(found.setdefault(name, value) == value for name, value in texts):
                yield found
