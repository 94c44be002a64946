"""Tokens to a tree, by precedence climbing over a fixed grammar; names outside the white-list are unreadable."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.arithmetic import combine, multiplied, transposed, ungrouped
from agentprop.answers.reading.atoms import Atoms
from agentprop.answers.reading.grammar import CLOSERS, INFIX, MODULO, POWER, PRODUCT, RELATIONS, SUM, WHOLE
from agentprop.answers.reading.measures import feet_and_inches, read_quantity, read_unit
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Node,
    Number,
    Quantity,
    Symbol,
    UnreadableAnswer,
    apply,
    is_scalar,
)
from agentprop.answers.reading.relations import relation, restates, sequence
from agentprop.answers.reading.tokens import tokenize

MAX_NESTING = 60
"""Open brackets, exponents and roots at once."""


class Parser(Atoms):
    """One pass over the tokens of one answer.

    `units` reads trailing unit words as units; without it they are products of variables. `tight` reads 1/2x as 1/(2x)
    instead of from left to right; `ambiguous` tells afterwards whether that would matter. A parser consumes every token
    or raises `UnreadableAnswer`.
    """

    def answer(self) -> Node:
        """The whole text: one value, or several separated by commas, semicolons, `and`, `or`."""
        node = self.sequence()
        if self.token.kind != "end":
            raise UnreadableAnswer(f"cannot go on at {self.token.text!r}")
        return node

    def sequence(self) -> Node:
        return sequence(self)

    def relation(self) -> Node:
        return relation(self)

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, level: int) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise UnreadableAnswer(f"nested deeper than {MAX_NESTING}")
        left = self.prefix(level)
        while True:
            left = self.postfix(left)
            if level == WHOLE and self.units and (quantity := read_quantity(self, left)) is not None:
                left = quantity
                continue
            if level <= SUM and (share := self._percent_sign()):
                left = combine("/", left, Number(Fraction(share)))
                continue
            infix = self._infix()
            if infix is None:
                if level < PRODUCT and self.starts_factor():
                    left = combine("*", left, self._implicit_factor())
                    continue
                break
            head, power, width = infix
            if power <= level and not (head == "^" and power == level):
                break
            self.at += width
            left = self._combine(head, left, power)
        self.nesting -= 1
        return left

    def _infix(self) -> tuple[str, int, int] | None:
        token = self.token
        if token.kind in ("string", "end", "number") or token.text in self.stops:
            return None
        if token.text == "%":
            return ("mod", 30, 1)
        if token.text == "\\angle":
            return ("phasor", 35, 1)
        if token.text == ":" and restates(self):
            return None
        found = INFIX.get(token.text)
        return (*found, 1) if found else None

    def _combine(self, head: str, left: Node, power: int) -> Node:
        if head == "^":
            return self._raised(left)
        right = self.expression(power)
        if head == "/" and self.starts_factor():
            self.ambiguous = True
            while self.tight and self.starts_factor():
                right = combine("*", right, self._implicit_factor())
        match head:
            case "-" if isinstance(left, Constant) and isinstance(right, Collection) and right.kind == "set":
                return combine("minus", left, right)
            case "-":
                return combine("+", left, combine("neg", right))
            case "ratio":
                if not (is_scalar(right) and (is_scalar(left) or isinstance(left, Collection))):
                    raise UnreadableAnswer("a ratio of things that are no numbers")
                items = left.items if isinstance(left, Collection) and left.kind == "ratio" else (left,)
                return Collection("ratio", (*items, right))
            case "floordiv":
                return combine("floor", combine("/", left, right))
            case "times" | "dot":
                return multiplied(left, right, head)
            case "phasor":
                turn = apply("+", apply("cos", right), apply("*", Constant("i"), apply("sin", right)))
                return combine("*", left, turn)
            case "pm" | "mp":
                return self._plus_or_minus(head, left, right)
            case _:
                return combine(head, left, right)

    def _plus_or_minus(self, head: str, left: Node, right: Node) -> Node:
        """±, also between two measures of one kind."""
        match left, right:
            case Quantity(a, unit, certain), Quantity(b, other, _) if unit == other:
                return Quantity(apply(head, a, b), unit, certain)
        return apply(head, ungrouped(left), ungrouped(right))

    def _raised(self, base: Node) -> Node:
        """A power, or the transpose of a matrix; of a matrix's name it is written as the power T."""
        braced = self.sees("{") and self.ahead(2).text == "}"
        mark = self.ahead(1 if braced else 0).text
        if mark in ("\\top", "\\intercal") or (mark in ("T", "t", "\\prime") and not is_scalar(base)):
            self.at += 3 if braced else 1
            return combine("^", base, Symbol("T")) if is_scalar(base) else transposed(base)
        return combine("^", base, self.exponent())

    def exponent(self) -> Node:
        if self.sees("{"):
            return self.argument()
        return self.expression(POWER)

    def starts_factor(self) -> bool:
        """The next token begins a factor without a sign of multiplication."""
        token, before = self.token, self.tokens[self.at - 1]
        if token.kind in ("end", "string", "quote") or token.text in self.stops:
            return False
        if token.kind == "number":
            return before.text in (")", "}", "\\rfloor", "\\rceil", "!", "]") or before.kind in ("word", "command")
        if token.kind == "op":
            if token.text == "(" and self.ahead(1).text in MODULO:
                return False
            return token.text in ("(", "{", "[") or (token.text == "|" and self.bars == 0)
        if token.text in ("\\mid", "\\vert", "\\|") and self.bars:
            return False
        return (
            token.text not in CLOSERS
            and token.text not in RELATIONS
            and token.text not in INFIX
            and token.text not in ("\\pmod", "\\not", "\\angle", "is", "are", "\\cr", "\\qquad")
        )

    def _implicit_factor(self) -> Node:
        if self.sees("...", "\\ldots", "\\dots", "\\cdots"):
            raise UnreadableAnswer("an unfinished value")
        if self.sees("["):
            self.at += 1
            stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(), 0
            inner = self.expression(WHOLE)
            self.expect("]")
            self.stops, self.bars = stops, bars
            inner = self.postfix(inner)
            return self._raised_in_brackets(inner)
        return self.expression(PRODUCT)

    def _raised_in_brackets(self, inner: Node) -> Node:
        if self.accept("^", "**"):
            return self._raised(inner)
        return inner

    def prefix(self, level: int) -> Node:
        """A value with the signs in front of it."""
        if self.accept("-"):
            return combine("neg", self.expression(max(PRODUCT, level)))
        if self.accept("+"):
            return self.expression(max(PRODUCT, level))
        if self.accept("\\pm"):
            return apply("pm", Number(Fraction(0)), ungrouped(self.expression(max(PRODUCT, level))))
        if self.accept("\\mp"):
            return apply("mp", Number(Fraction(0)), ungrouped(self.expression(max(PRODUCT, level))))
        return self.atom()

    # -- behind a value ----------------------------------------------------------------------------------------------

    def postfix(self, node: Node) -> Node:
        while True:
            if self.sees("!") and self.ahead(1).text == "!" and self.ahead(1).glued:
                self.at += 2
                node = combine("factorial2", node)
            elif self.accept("!"):
                node = combine("factorial", node)
            elif self._degree_sign():
                node = combine("degrees", self._with_minutes(node))
            elif isinstance(node, Symbol) and self.sees("_") and self.tokens[self.at - 1].text == "}":
                self.at += 1
                node = Symbol(f"{node.name}_{self.name_in_braces()}")
            elif isinstance(node, Number) and self.units and (length := feet_and_inches(self, node)) is not None:
                node = length
            elif not self._percent_ends_value() and (share := self._percent_sign()):
                node = combine("/", node, Number(Fraction(share)))
            else:
                return node

    def _degree_sign(self) -> bool:
        width = self.degree_width()
        follower = self.ahead(width)
        if width == 0 or (follower.text in ("C", "F", "K", "Celsius", "Fahrenheit") and self.units):
            return False
        self.at += width
        return True

    def _with_minutes(self, degrees: Node) -> Node:
        """The degrees with the minutes and seconds of arc that follow them."""
        for strokes, share in ((1, 60), (2, 3600)):
            mark = self.at
            if self.token.kind != "number":
                return degrees
            part = self.atom()
            width, found = self.prime_width()
            if found != strokes or not isinstance(part, Number):
                self.at = mark
                continue
            self.at += width
            degrees = combine("+", degrees, Number(part.value / share))
        return degrees

    def _percent_ends_value(self) -> bool:
        """In `100/3 %` the sign belongs to the quotient, in `5% * 20` to the 5."""
        follower = self.ahead(1)
        return follower.kind == "end" or follower.text in CLOSERS or follower.text in RELATIONS

    def _percent_sign(self) -> int:
        """100 or 1000 where the sign stands here, and 0 where it does not."""
        if self.accept("percent", "percentage", "\\%"):
            return 100
        if self.accept("\\permille", "\\permil"):
            return 1000
        if not self.sees("%"):
            return 0
        follower = self.ahead(1)
        if follower.kind == "number" or follower.text in ("(", "-"):
            return 0
        self.at += 1
        return 100


def is_unit(text: str) -> bool:
    """The whole text is a unit, such as `cm`, `m/s^2`, `square metres`."""
    try:
        parser = Parser(tokenize(text))
        return read_unit(parser) is not None and parser.token.kind == "end"
    except UnreadableAnswer:
        return False
