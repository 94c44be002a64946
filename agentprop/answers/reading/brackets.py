"""Whatever stands in brackets: groups, tuples, lists, sets, intervals, absolute values and vectors."""

from __future__ import annotations

from agentprop.answers.reading.arithmetic import combine, determinant
from agentprop.answers.reading.cursor import Cursor
from agentprop.answers.reading.environments import environment
from agentprop.answers.reading.grammar import CURRENCY_SIGNS, PRODUCT, TIMES, WHOLE
from agentprop.answers.reading.measures import money, rate
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Family,
    Interval,
    Matrix,
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
    UnreadableAnswer,
    Words,
    apply,
    operation,
    symbols,
)

_BARS = {"|": ("|",), "\\|": ("\\|",), "\\vert": ("\\vert", "|"), "\\mid": ("\\mid", "|"), "\\Vert": ("\\Vert",),
         "\\lvert": ("\\rvert",), "\\lVert": ("\\rVert",)}  # fmt: skip
_SEPARATORS = ("|", "\\mid", "\\vert")


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
        """The value that a bracket or another sign opens; the opener is taken already."""
        match opener:
            case "(" | "[" | "]":
                return self._round_or_square(opener)
            case "{" | "\\{":
                return self._braces("}" if opener == "{" else "\\}")
            case "\\langle":
                return Collection("vector", items_of(self.within("\\rangle")))
            case "\\lfloor":
                return combine("floor", self.within("\\rfloor"))
            case "\\lceil":
                return combine("ceil", self.within("\\rceil"))
            case "...":
                return Constant("ellipsis")
        if opener in _BARS:
            return self._absolute(_BARS[opener])
        if opener in CURRENCY_SIGNS:
            return self._money(CURRENCY_SIGNS[opener])
        raise UnreadableAnswer(f"a value cannot start with {opener!r}")

    def _money(self, currency: str) -> Node:
        amount = self.expression(PRODUCT)
        while self.accept(*TIMES):
            amount = combine("*", amount, self.expression(PRODUCT))
        return rate(self, money(amount, currency))

    def _absolute(self, closers: tuple[str, ...]) -> Node:
        self.bars += 1
        stops, self.stops = self.stops, self.stops | set(closers)
        inner = self.expression(WHOLE)
        self.stops = stops
        if not self.accept(*closers):
            raise UnreadableAnswer(f"expected {closers[0]!r}")
        self.bars -= 1
        if isinstance(inner, Matrix):
            return determinant(inner)
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
        items = items_of(inner)
        if (opener, closer) == ("(", ")"):
            return Collection("tuple", items) if len(items) > 1 or trailing_comma else inner
        if (opener, closer) == ("[", "]"):
            return inner if isinstance(inner, Matrix) else Collection("list", items)
        if len(items) != 2:
            raise UnreadableAnswer("brackets that do not match")
        return Interval(items[0], items[1], opener == "[", closer == "]")

    # -- braces ------------------------------------------------------------------------------------------------------

    def _braces(self, closer: str) -> Node:
        if self.accept(closer):
            return Collection("set", ())
        if closer == "\\}" and self.sees("\\begin"):
            return self._open_system(closer)
        stops, self.stops = self.stops, frozenset((":", *_SEPARATORS))
        items = [self.relation()]
        if self.accept(*_SEPARATORS) or (self.sees(":") and not isinstance(items[0], Words | Number)):
            self.accept(":")
            self.stops = frozenset()
            condition = self.sequence()
            self.expect(closer)
            self.stops = stops
            return _builder(items[0], condition)
        found = self._rest_of_braces(items, closer)
        self.stops = stops
        return found

    def _rest_of_braces(self, items: list[Node], closer: str) -> Node:
        pairs = self.sees(":")
        while not self.accept(closer):
            if not self.accept(",", ";", ":"):
                raise UnreadableAnswer("a brace is not closed")
            if not self.sees(closer):
                items.append(self.relation())
        if pairs:
            entries = (Collection("tuple", tuple(items[k : k + 2])) for k in range(0, len(items), 2))
            return Collection("dict", tuple(entries))
        return items[0] if closer == "}" and len(items) == 1 else Collection("set", tuple(items))

    def _open_system(self, closer: str) -> Node:
        """`\\left\\{\\begin{array} … \\end{array}\\right.`: a value in pieces, or a system."""
        self.at += 1
        node = environment(self, pieces=True)
        self.accept(closer)
        return node


def items_of(node: Node) -> tuple[Node, ...]:
    """The values of a bare list, or the one value."""
    return node.items if isinstance(node, Collection) and node.kind == "bare" else (node,)


def _builder(head: Node, condition: Node) -> Node:
    """{x in R : condition} is the set of what fulfils it; with another head it is the family of its values."""
    conditions = (
        condition.args if isinstance(condition, Operation) and condition.head in ("and", "comma") else (condition,)
    )
    match head:
        case Symbol():
            return operation("set", condition)
        case Relational("in", Symbol(name), _) if head.right == Constant("reals"):
            return operation("set", condition if name in symbols(condition) else head)
        case Relational("in", Symbol(), _):
            return operation("set", operation("and", head, *conditions))
        case Relational():
            raise UnreadableAnswer("a set description beyond the grammar")
    return Family(head, tuple(item for part in conditions for item in items_of(part)))
