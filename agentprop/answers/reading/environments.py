"""LaTeX environments: matrices, determinants, values in pieces and systems of equations."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.arithmetic import determinant
from agentprop.answers.reading.brackets import Brackets
from agentprop.answers.reading.grammar import GIVEN, RELATIONS
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

_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array", "tabular",
                       "psmallmatrix", "bsmallmatrix"))  # fmt: skip
_PIECES = frozenset(("cases", "dcases", "rcases"))
_OTHERWISE = frozenset(("otherwise", "else", "elsewhere"))
_LENGTHS = frozenset(("pt", "em", "ex", "mm", "cm", "in"))
_PARITY = {"even": 0, "odd": 1}
MAX_ROWS = 200


class Environments(Brackets):
    """The part of the parser that \\begin starts."""

    def environment(self, *, pieces: bool = False) -> Node:
        """A matrix, a determinant, a value in pieces, or the equations of a system; \\begin is taken already."""
        name = self.name_in_braces().rstrip("*")
        if name in ("array", "tabular") and self.sees("{"):
            self.name_in_braces()
        if name in _PIECES or (pieces and name in _MATRICES):
            return self._pieces()
        if name not in _MATRICES:
            raise UnreadableAnswer(f"the environment {name!r} is not in the grammar")
        rows = self._table()
        if len({len(entries) for entries in rows}) != 1:
            raise UnreadableAnswer("the rows of a matrix differ in length")
        matrix = Matrix(tuple(rows))
        return determinant(matrix) if name == "vmatrix" else matrix

    def _table(self) -> list[tuple[Node, ...]]:
        rows: list[tuple[Node, ...]] = []
        row = [self.relation()]
        while not self.accept("\\end"):
            if self.accept("&"):
                row.append(self.relation())
            elif self._row_ends():
                if self.sees("\\end"):
                    continue
                rows.append(tuple(row))
                row = [self.relation()]
            else:
                raise UnreadableAnswer("a matrix is not closed")
            if len(rows) > MAX_ROWS:
                raise UnreadableAnswer(f"a matrix of more than {MAX_ROWS} rows")
        self.name_in_braces()
        return [*rows, tuple(row)]

    def _row_ends(self) -> bool:
        """A double backslash, with its extra space if any; \\cr."""
        if not self.accept("\\\\", "\\cr"):
            return False
        if self.sees("*"):
            self.at += 1
        minus = self.ahead(1).text == "-"
        number, unit, closing = (self.ahead(k + minus) for k in (1, 2, 3))
        if self.sees("[") and number.kind == "number" and unit.text in _LENGTHS and closing.text == "]":
            self.at += 4 + minus
        return True

    # -- values in pieces --------------------------------------------------------------------------------------------

    def _pieces(self) -> Node:
        """Rows of a value and its condition; rows without one are the equations of a system."""
        stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(("\\\\", "&", "\\cr")), 0
        branches: list[tuple[Node, Node | None]] = []
        alone: list[Node] = []
        while not self.accept("\\end"):
            self._piece(branches, alone)
            if len(branches) + len(alone) > MAX_ROWS:
                raise UnreadableAnswer(f"more than {MAX_ROWS} pieces")
            if not self._row_ends() and not self.sees("\\end"):
                raise UnreadableAnswer("a system is not closed")
        self.name_in_braces()
        self.stops, self.bars = stops, bars
        if alone and not branches:
            return alone[0] if len(alone) == 1 else Collection("bare", tuple(alone))
        if alone:
            raise UnreadableAnswer("a value in pieces without a condition")
        return Cases(tuple(branches))

    def _piece(self, branches: list[tuple[Node, Node | None]], alone: list[Node]) -> None:
        value = self._value_before_equals_sign()
        self.accept(",", ";", ".")
        if self._otherwise():
            branches.append((value, None))
        elif self.sees("&", *GIVEN):
            while self.accept("&", *GIVEN):
                pass
            branches.append((value, None if self._otherwise() else self._condition()))
        elif isinstance(value, Family) and len(value.conditions) == 1:
            branches.append((value.body, value.conditions[0]))
        elif not self.sees("\\\\", "\\cr", "\\end"):
            branches.append((value, self._condition()))
        else:
            alone.append(value)
        self.accept(",", ";", ".")

    def _value_before_equals_sign(self) -> Node:
        """`x &= 1` aligns at its sign: the ampersand is no column then."""
        value = self.relation()
        if self.sees("&") and self.ahead(1).text in RELATIONS and not isinstance(value, Relational):
            self.at += 1
            op = RELATIONS[self.take().text]
            self.accept("&")
            return Relational(op, value, self.relation())
        return value

    def _otherwise(self) -> bool:
        mark = self.at
        while self.accept("&", "if"):
            pass
        if self.token.kind == "word" and self.token.text.lower() in _OTHERWISE:
            self.at += 1
            return True
        self.at = mark
        return False

    def _condition(self) -> Node:
        """An inequality, several joined, or `n (is) even`."""
        parity = next((k for k in (1, 2) if self.ahead(k).text in _PARITY and self.token.kind == "word"), None)
        if parity is not None and (parity == 1 or self.ahead(1).text == "is"):
            name = self.argument()
            self.at += parity - 1
            return even_or_odd(name, self.take().text)
        return self.sequence()


def even_or_odd(name: Node, parity: str) -> Node:
    """`n even` as a residue class."""
    return Relational("~", name, apply("class", Number(Fraction(_PARITY[parity])), Number(Fraction(2))))
