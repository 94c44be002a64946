"""A worked solution's text to its equations, in the order they are written.

Three notations are read: calculator annotations `<<48/2=24>>`, formulas between dollar signs or in display mode
(`$3\\cdot 4 = 12$`), and bare arithmetic in prose (`5 + 7 = 12`). An equation is kept when both sides are arithmetic
and exactly equal; rounded results (`10/3 = 3.33`) are dropped, so nothing downstream rests on them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from agentprop.extraction.mining.expression import Binary, Expression, NotArithmetic, evaluate, parse, plain

NEAR = 60
"""Characters between an equation in prose and its annotation."""
MAX_EQUATIONS = 40
"""A longer solution is not a word problem's."""

_ANNOTATION = re.compile(r"<<([^<>]{1,200})>>")
_RUN = re.compile(r"[\d.,$%()\[\]+\-*/^\s=]{3,400}")
_BEFORE = re.compile(r"^(?:[\s,+*/^%=]|\.(?!\d))+")
_AFTER = " \t\n.,+*/^="


@dataclass(frozen=True)
class Equation:
    """Sides that have one value; the value may be used by later equations."""

    sides: tuple[Expression, ...]
    """The sides that compute something, in order; never empty."""
    value: Fraction
    """Their common value."""
    start: int
    """Offset in the solution's text."""


def equations(solution: str) -> list[Equation]:
    """All exact equations of a solution, in order; at most `MAX_EQUATIONS`."""
    found = [*_annotated(solution), *_written(solution)] or _bare(solution)
    return _once(sorted(found, key=lambda equation: equation.start))[:MAX_EQUATIONS]


def _once(found: Sequence[Equation]) -> list[Equation]:
    """An equation that is written and annotated at one place is one: `48/2 = <<48/2=24>>24`."""
    kept: list[Equation] = []
    for equation in found:
        near = [one for one in kept[-2:] if equation.start - one.start < NEAR and one.value == equation.value]
        if not any({*one.sides} & {*equation.sides} or _alike(one, equation) for one in near):
            kept.append(equation)
    return kept


def _alike(one: Equation, other: Equation) -> bool:
    """Whether two equations compute with the same numbers, in whatever order."""
    return any(_numbers(a) == _numbers(b) for a in one.sides for b in other.sides)


def _numbers(tree: Expression) -> list[Fraction]:
    if isinstance(tree, Binary):
        return sorted([*_numbers(tree.left), *_numbers(tree.right)])
    return [tree.value]


def _annotated(solution: str) -> list[Equation]:
    return [
        equation
        for match in _ANNOTATION.finditer(solution)
        if (equation := _chain(match.group(1), match.start())) is not None
    ]


def _bare(solution: str) -> list[Equation]:
    """A solution that is one expression, as in `( 84 / 7 )`."""
    try:
        side = parse(solution.strip().rstrip(_AFTER))
        return [Equation((side,), evaluate(side), 0)] if isinstance(side, Binary) else []
    except NotArithmetic:
        return []


def _written(solution: str) -> list[Equation]:
    """Runs of arithmetic characters around an equals sign, annotations blanked out so that offsets stay."""
    bare = _ANNOTATION.sub(lambda match: " " * len(match.group()), solution)
    found = []
    for start, line in _lines(bare):
        for match in _RUN.finditer(plain(line)):
            if "=" in match.group() and (equation := _chain(match.group(), start + match.start())) is not None:
                found.append(equation)
    return found


def _lines(text: str) -> list[tuple[int, str]]:
    lines, offset = [], 0
    for line in text.splitlines(keepends=True):
        lines.append((offset, line.replace("&", " ")))
        offset += len(line)
    return lines


def _chain(text: str, start: int) -> Equation | None:
    """`a+b = c+d = 7` as one equation: sides with the value that most of the chain agrees on, the last side's."""
    sides = [side for part in text.split("=") if (side := _side(part)) is not None]
    if len(sides) < 2:
        return None
    try:
        value = evaluate(sides[-1])
        computing = tuple(side for side in sides if isinstance(side, Binary) and evaluate(side) == value)
    except NotArithmetic:
        return None
    return Equation(computing, value, start) if computing else None


def _side(text: str) -> Expression | None:
    """One side, forgiving the punctuation of the prose around it."""
    text = _BEFORE.sub("", text).rstrip(_AFTER)
    for candidate in (text, text.strip("- "), text.strip("-() ")):
        try:
            return parse(candidate)
        except NotArithmetic:
            continue
    return None
