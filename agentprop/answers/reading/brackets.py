"""Whatever stands in brackets: tuples, lists, sets, intervals, absolute values, vectors and matrices."""

from __future__ import annotations

from agentprop.answers.reading.cursor import Cursor
from agentprop.answers.reading.grammar import PRODUCT, TIMES, WHOLE
from agentprop.answers.reading.measures import money
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Interval,
    Matrix,
    Node,
    Number,
    Relational,
    Symbol,
    UnreadableAnswer,
    Words,
    apply,
)


class Brackets(Cursor):
    """The part of the parser that an opening bracket starts."""

    def within(self, closer: str) -> Node:
        """The value inside a bracket just opened; stops set outside do not hold inside."""
        stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(), 0
        inner = self.sequence()
        self.expect(closer)
        self.stops, self.bars = stops, bars
        return inner

    def bracket(self, opener: str) -> Node:
        match opener:
            case "(" | "[" | "]":
                return self._round_or_square(opener)
            case "{" | "\\{":
                return self._braces("}" if opener == "{" else "\\}")
            case "\\langle":
                return Collection("vector", _items(self.within("\\rangle")))
            case "\\lfloor":
                return apply("floor", self.within("\\rfloor"))
            case "\\lceil":
                return apply("ceil", self.within("\\rceil"))
            case "\\lvert":
                return apply("abs", self.within("\\rvert"))
            case "|" | "\\|" | "\\vert":
                return self._absolute(opener)
            case "...":
                return Constant("ellipsis")
            case "$":
                return self._money()
            case _:
                raise UnreadableAnswer(f"a value cannot start with {opener!r}")

    def _money(self) -> Node:
        amount = self.expression(PRODUCT)
        while self.accept(*TIMES):
            amount = apply("*", amount, self.expression(PRODUCT))
        return money(amount)

    def _absolute(self, bar: str) -> Node:
        self.bars += 1
        stops, self.stops = self.stops, self.stops | {bar}
        inner = self.expression(WHOLE)
        self.stops = stops
        self.expect(bar)
        self.bars -= 1
        return apply("abs", inner)

    def _round_or_square(self, opener: str) -> Node:
        if self.accept(")" if opener == "(" else "]"):
            return Collection("tuple" if opener == "(" else "list", ())
        stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(), 0
        inner = self.sequence()
        trailing_comma = self.tokens[self.at - 1].text == ","
        closer = self.take().text
        self.stops, self.bars = stops, bars
        if closer not in (")", "]", "["):
            raise UnreadableAnswer("a bracket is not closed")
        items = _items(inner)
        if (opener, closer) == ("(", ")"):
            return Collection("tuple", items) if len(items) > 1 or trailing_comma else inner
        if (opener, closer) == ("[", "]"):
            return Collection("list", items)
        if len(items) != 2:
            raise UnreadableAnswer("brackets that do not match")
        return Interval(items[0], items[1], opener == "[", closer == "]")

    def _braces(self, closer: str) -> Node:
        if self.accept(closer):
            return Collection("set", ())
        stops, self.stops = self.stops, frozenset((":", "|", "\\mid"))
        items = [self.relation()]
        if self.accept("|", "\\mid") or (self.sees(":") and not isinstance(items[0], Words | Number)):
            self.accept(":")
            self.stops = frozenset()
            condition = self.sequence()
            self.expect(closer)
            self.stops = stops
            return _builder(items[0], condition)
        pairs = self.sees(":")
        while not self.accept(closer):
            if not self.accept(",", ";", ":"):
                raise UnreadableAnswer("a brace is not closed")
            if not self.sees(closer):
                items.append(self.relation())
        self.stops = stops
        if pairs:
            return Collection(
                "dict", tuple(Collection("tuple", tuple(items[k : k + 2])) for k in range(0, len(items), 2))
            )
        return items[0] if closer == "}" and len(items) == 1 else Collection("set", tuple(items))

    def _matrix(self) -> Node:
        environment = self.name_in_braces()
        if environment in ("array", "tabular") and self.sees("{"):
            self.name_in_braces()
        if environment == "cases" or not environment.endswith(("matrix", "array")):
            raise UnreadableAnswer(f"the environment {environment!r} is not in the grammar")
        rows: list[tuple[Node, ...]] = []
        row = [self.relation()]
        while not self.accept("\\end"):
            if self.accept("&"):
                row.append(self.relation())
            elif self.accept("\\\\"):
                if self.sees("\\end"):
                    continue
                rows.append(tuple(row))
                row = [self.relation()]
            else:
                raise UnreadableAnswer("a matrix is not closed")
        self.name_in_braces()
        rows.append(tuple(row))
        if len({len(entries) for entries in rows}) != 1:
            raise UnreadableAnswer("the rows of a matrix differ in length")
        return apply("det", Matrix(tuple(rows))) if environment == "vmatrix" else Matrix(tuple(rows))


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Collection) and node.kind == "bare" else (node,)


def _builder(head: Node, condition: Node) -> Node:
    """{x in R : condition} is the condition itself, the restriction to the reals being understood."""
    if isinstance(head, Symbol) or (
        isinstance(head, Relational) and head.op == "in" and head.right == Constant("reals")
    ):
        return condition
    raise UnreadableAnswer("a set description beyond the grammar")
