"""A worked solution's text to its equations, in the order they are written.

Four notations are read: calculator annotations `<<48/2=24>>`, formulas between dollar signs or in display mode
(`$3\\cdot 4 = 12$`), bare arithmetic in prose, units forgiven (`5 km + 7 km = 12 km`), and linear equations in one
letter (`3c + c = 80`), which come to a number by being solved. An equation is kept when both sides are arithmetic and
exactly equal; rounded results (`10/3 = 3.33`) are dropped, so nothing downstream rests on them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from agentprop.extraction.mining.expression import (
    NUMBER,
    Binary,
    Expression,
    Leaf,
    NotArithmetic,
    Unknown,
    evaluate,
    parse,
    plain,
)

NEAR = 60
"""Characters between an equation in prose and its annotation."""
MAX_EQUATIONS = 40
"""A longer solution is not a word problem's."""

_ANNOTATION = re.compile(r"<<([^<>]{1,200})>>")
_RUN = re.compile(r"[\d.,$%()\[\]+\-*/^\s=]{3,400}")
_WITH_LETTER = re.compile(r"(?:(?<![A-Za-z])[A-Za-z](?![A-Za-z'’])|[\d.,$%()\[\]+\-*/^\s=]){4,400}")
_BEFORE = re.compile(r"^(?:[\s,+*/^%=]|\.(?!\d))+")
_AFTER = " \t\n.,+*/^="
_ARROW = re.compile(r"=+>|-+>|⇒|→|∴|∵|&gt;")
_CURRENCY = re.compile(r"\bRs\.?\s?(?=\d)", re.IGNORECASE)
_SHARE_OF = re.compile(r"(?<=%)\s+of\s(?=\$?\d)")
_UNIT = re.compile(
    r"(?<=[\d)%])(?:\s[a-z]{2,12}|\s?(?:km|cm|mm|kg|hrs?|mph|m|g|h))(?:/[a-z]{1,8})?\.?(?=\s*[-+*/=)÷×]|\sx\s?[\d(])"
)
"""The unit of a number that a calculation goes on behind."""


@dataclass(frozen=True)
class Equation:
    """Sides that have one value; the value may be used by later equations."""

    sides: tuple[Expression, ...]
    """The sides that compute something, in order; of a linear equation both sides."""
    value: Fraction
    """Their common value; of a linear equation the letter's."""
    start: int
    """Offset in the solution's text."""
    letter: str = ""
    """The unknown of a linear equation."""


def equations(solution: str) -> list[Equation]:
    """All exact equations of a solution, in order; at most `MAX_EQUATIONS`."""
    found = [*_annotated(solution), *_written(solution)] or _bare(solution)
    return _once(sorted(found, key=lambda equation: equation.start))[:MAX_EQUATIONS]


def _once(found: Sequence[Equation]) -> list[Equation]:
    """An equation that is written and annotated at one place is one: `48/2 = <<48/2=24>>24`."""
    kept: list[Equation] = []
    for equation in found:
        near = [
            one
            for one in kept[-2:]
            if equation.start - one.start < NEAR and one.value == equation.value and one.letter == equation.letter
        ]
        if not any({*one.sides} & {*equation.sides} or _alike(one, equation) for one in near):
            kept.append(equation)
    return kept


def _alike(one: Equation, other: Equation) -> bool:
    """Whether two equations compute with the same numbers, in whatever order."""
    return any(_numbers(a) == _numbers(b) for a in one.sides for b in other.sides)


def _numbers(tree: Expression) -> list[Fraction]:
    if isinstance(tree, Binary):
        return sorted([*_numbers(tree.left), *_numbers(tree.right)])
    return [tree.value] if isinstance(tree, Leaf) else []


def _annotated(solution: str) -> list[Equation]:
    return [
        equation
        for match in _ANNOTATION.finditer(solution)
        if (equation := _chain(match.group(1), match.start())) is not None
    ]


def is_expression(solution: str) -> bool:
    """Whether a solution is one expression and no text, with its value or without: `(7 - 3) * 2 = 8`."""
    computed, _, result = solution.partition("=")
    return bool(_bare(computed)) and (not result or re.fullmatch(rf"\s*-?(?:{NUMBER})\s*", result) is not None)


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
    bare = _ARROW.sub(lambda match: ";" * len(match.group()), bare)
    bare = _SHARE_OF.sub(lambda match: " *".ljust(len(match.group())), bare)
    for forgiven in (_CURRENCY, _UNIT):
        bare = forgiven.sub(lambda match: " " * len(match.group()), bare)
    found = []
    for start, line in _lines(bare):
        text = plain(line)
        for match in _RUN.finditer(text):
            if "=" in match.group() and (equation := _chain(match.group(), start + match.start())) is not None:
                found.append(equation)
        for match in _WITH_LETTER.finditer(text):
            if (
                match.group().count("=") == 1
                and (equation := _linear(match.group(), start + match.start())) is not None
            ):
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
    if "%" in text and (counted := _chain(text.replace("%", ""), start)) is not None:
        return counted  # 3/12 · 100% = 25%: percentages counted as numbers
    sides = [side for part in text.split("=") if (side := _side(part)) is not None]
    if len(sides) < 2:
        return None
    try:
        value = evaluate(sides[-1])
        computing = tuple(side for side in sides if isinstance(side, Binary) and evaluate(side) == value)
    except NotArithmetic:
        return None
    return Equation(computing, value, start) if computing else None


def _linear(text: str, start: int) -> Equation | None:
    """`3c + c = 80` with the value of c."""
    sides = [_side(part) for part in text.split("=")]
    letters = {name for side in sides if side is not None for name in _letters(side)}
    left, right = sides
    if left is None or right is None or len(letters) != 1 or isinstance(left, Unknown):
        return None
    left, right = _multiplied_out(left, right)
    right, left = _multiplied_out(right, left)
    try:
        (a, b), (c, d) = _line(left), _line(right)
    except NotArithmetic:
        return None
    return Equation((left, right), (d - b) / (a - c), start, letters.pop()) if a != c else None


def _multiplied_out(left: Expression, right: Expression) -> tuple[Expression, Expression]:
    """`14/10 = 15/x` as 14/10·x = 15."""
    if isinstance(right, Binary) and right.operator == "/" and _letters(right.right):
        return Binary("*", left, right.right), right.left
    return left, right


def _letters(tree: Expression) -> set[str]:
    if isinstance(tree, Binary):
        return _letters(tree.left) | _letters(tree.right)
    return {tree.name} if isinstance(tree, Unknown) else set()


def _line(tree: Expression) -> tuple[Fraction, Fraction]:
    """(a, b) of a·x + b. Raises NotArithmetic for what is not linear."""
    if isinstance(tree, Leaf):
        return Fraction(0), tree.value
    if isinstance(tree, Unknown):
        return Fraction(1), Fraction(0)
    (a, b), (c, d) = _line(tree.left), _line(tree.right)
    if tree.operator in ("+", "-"):
        sign = 1 if tree.operator == "+" else -1
        return a + sign * c, b + sign * d
    if tree.operator == "*" and not (a and c):
        return a * d + b * c, b * d
    if tree.operator == "/" and not c and d:
        return a / d, b / d
    raise NotArithmetic("not linear")


def _side(text: str) -> Expression | None:
    """One side, forgiving the punctuation of the prose around it."""
    text = _BEFORE.sub("", text).rstrip(_AFTER)
    for candidate in (text, text.strip("- "), text.strip("-() ")):
        try:
            return parse(candidate)
        except NotArithmetic:
            continue
    return None
