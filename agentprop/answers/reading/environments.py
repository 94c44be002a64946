"""LaTeX environments: matrices, determinants, values in pieces and systems of equations."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.arithmetic import determinant
from agentprop.answers.reading.cursor import Cursor
from agentprop.answers.reading.grammar import GIVEN, RELATIONS, words
from agentprop.answers.reading.nodes import (
    Cases,
    Collection,
    Family,
    Matrix,
    Node,
    Number,
    Relational,
    UnreadableAnswer,
    apply,
)

_MATRICES = frozenset(words(
    "matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix psmallmatrix bsmallmatrix array tabular"
))  # fmt: skip
_PIECES = frozenset(("cases", "dcases", "rcases"))
_OTHERWISE = frozenset(("otherwise", "else", "elsewhere"))
_LENGTHS = frozenset(("pt", "em", "ex", "mm", "cm", "in"))
_PARITY = {"even": 0, "odd": 1}
MAX_ROWS = 200


def environment(parser: Cursor, *, pieces: bool = False) -> Node:
    """A matrix, a determinant, a value in pieces, or the equations of a system; \\begin is taken already."""
    name = parser.name_in_braces().rstrip("*")
    if name in ("array", "tabular") and parser.sees("{"):
        parser.name_in_braces()
    if name in _PIECES or (pieces and name in _MATRICES):
        return _pieces(parser)
    if name not in _MATRICES:
        raise UnreadableAnswer(f"the environment {name!r} is not in the grammar")
    rows = _table(parser)
    if len({len(entries) for entries in rows}) != 1:
        raise UnreadableAnswer("the rows of a matrix differ in length")
    if name in ("array", "tabular") and len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    matrix = Matrix(tuple(rows))
    return determinant(matrix) if name == "vmatrix" else matrix


def _table(parser: Cursor) -> list[tuple[Node, ...]]:
    rows: list[tuple[Node, ...]] = []
    row = [parser.relation()]
    while not parser.accept("\\end"):
        if parser.accept("&"):
            row.append(parser.relation())
        elif _row_ends(parser):
            if parser.sees("\\end"):
                continue
            rows.append(tuple(row))
            row = [parser.relation()]
        else:
            raise UnreadableAnswer("a matrix is not closed")
        if len(rows) > MAX_ROWS:
            raise UnreadableAnswer(f"a matrix of more than {MAX_ROWS} rows")
    parser.name_in_braces()
    return [*rows, tuple(row)]


def _row_ends(parser: Cursor) -> bool:
    """A double backslash, with its extra space if any; \\cr."""
    if not parser.accept("\\\\", "\\cr"):
        return False
    if parser.sees("*"):
        parser.at += 1
    minus = parser.ahead(1).text == "-"
    number, unit, closing = (parser.ahead(k + minus) for k in (1, 2, 3))
    if parser.sees("[") and number.kind == "number" and unit.text in _LENGTHS and closing.text == "]":
        parser.at += 4 + minus
    return True


# -- values in pieces --------------------------------------------------------------------------------------------


def _pieces(parser: Cursor) -> Node:
    """Rows of a value and its condition; rows without one are the equations of a system."""
    stops, bars, parser.stops, parser.bars = parser.stops, parser.bars, frozenset(("\\\\", "&", "\\cr")), 0
    branches: list[tuple[Node, Node | None]] = []
    alone: list[Node] = []
    while not parser.accept("\\end"):
        _piece(parser, branches, alone)
        if len(branches) + len(alone) > MAX_ROWS:
            raise UnreadableAnswer(f"more than {MAX_ROWS} pieces")
        if not _row_ends(parser) and not parser.sees("\\end"):
            raise UnreadableAnswer("a system is not closed")
    parser.name_in_braces()
    parser.stops, parser.bars = stops, bars
    if alone and not branches:
        return alone[0] if len(alone) == 1 else Collection("bare", tuple(alone))
    if alone:
        raise UnreadableAnswer("a value in pieces without a condition")
    return Cases(tuple(branches))


def _piece(parser: Cursor, branches: list[tuple[Node, Node | None]], alone: list[Node]) -> None:
    value = _value_before_equals_sign(parser)
    parser.accept(",", ";", ".")
    if _otherwise(parser):
        branches.append((value, None))
    elif parser.sees("&", *GIVEN):
        while parser.accept("&", *GIVEN):
            pass
        branches.append((value, None if _otherwise(parser) else _condition(parser)))
    elif isinstance(value, Family) and len(value.conditions) == 1:
        branches.append((value.body, value.conditions[0]))
    elif not parser.sees("\\\\", "\\cr", "\\end"):
        branches.append((value, _condition(parser)))
    else:
        alone.append(value)
    parser.accept(",", ";", ".")


def _value_before_equals_sign(parser: Cursor) -> Node:
    """`x &= 1` aligns at its sign: the ampersand is no column then."""
    value = parser.relation()
    if parser.sees("&") and parser.ahead(1).text in RELATIONS and not isinstance(value, Relational):
        parser.at += 1
        op = RELATIONS[parser.take().text]
        parser.accept("&")
        return Relational(op, value, parser.relation())
    return value


def _otherwise(parser: Cursor) -> bool:
    mark = parser.at
    while parser.accept("&", "if"):
        pass
    if parser.token.kind == "word" and parser.token.text.lower() in _OTHERWISE:
        parser.at += 1
        return True
    parser.at = mark
    return False


def _condition(parser: Cursor) -> Node:
    """An inequality, several joined, or `n (is) even`."""
    parity = next((k for k in (1, 2) if parser.ahead(k).text in _PARITY and parser.token.kind == "word"), None)
    if parity is not None and (parity == 1 or parser.ahead(1).text == "is"):
        name = parser.argument()
        parser.at += parity - 1
        return even_or_odd(name, parser.take().text)
    return parser.sequence()


def even_or_odd(name: Node, parity: str) -> Node:
    """`n even` as a residue class."""
    return Relational("~", name, apply("class", Number(Fraction(_PARITY[parity])), Number(Fraction(2))))
