"""Tokens to a tree, by precedence climbing over a fixed grammar; names outside the white-list are unreadable."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.atoms import Atoms
from agentprop.answers.reading.grammar import CLOSERS, INFIX, MODULO, POWER, PRODUCT, RELATIONS, SUM, WHOLE
from agentprop.answers.reading.measures import read_quantity
from agentprop.answers.reading.nodes import (
    Collection,
    Node,
    Number,
    Relational,
    Symbol,
    UnreadableAnswer,
    apply,
    is_closed,
)

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
        items, joints = [self.relation()], set()
        while self.sees(",", ";", "and", "or", "\\&", "&", "\\land", "\\wedge", "\\lor", "\\vee"):
            joints.add(self.take().text)
            if self.sees("and", "or"):
                joints.add(self.take().text)
            if self.token.kind == "end":
                break
            items.append(self.relation())
        if len(items) == 1:
            return items[0]
        if (
            joints <= {"and", ",", "\\land", "\\wedge"}
            and joints & {"and", "\\land", "\\wedge"}
            and _inequalities(items)
        ):
            return apply("and", *items)
        return Collection("bare", tuple(items))

    def relation(self) -> Node:
        first = self.expression(WHOLE)
        chain: list[tuple[str, Node]] = []
        while (op := self._relation_op()) is not None:
            if op == "approx":
                approximation = self.expression(WHOLE)
                if isinstance(first, Symbol) and not chain:
                    chain.append(("=", approximation))
                continue
            chain.append((op, self.expression(WHOLE)))
        if not chain:
            return self._congruence(first)
        lefts = [first, *(node for _, node in chain[:-1])]
        parts = [Relational(op, left, right) for left, (op, right) in zip(lefts, chain, strict=True)]
        if len(parts) == 1 and parts[0].op == "=" and is_closed(first) and is_closed(chain[0][1]):
            return chain[0][1]
        if len(parts) == 1:
            return Relational(parts[0].op, parts[0].left, self._congruence(parts[0].right))
        if all(part.op == "=" for part in parts):
            return _equal_chain(lefts, chain[-1][1])
        return apply("and", *parts)

    def _relation_op(self) -> str | None:
        token = self.token
        if token.kind in ("string", "end") or token.text in self.stops:
            return None
        op = RELATIONS.get(token.text)
        if op is None or op == ":":
            return None
        self.take()
        return op

    def _congruence(self, node: Node) -> Node:
        """`a (mod n)` and `a \\pmod n` are residue classes."""
        if self.accept("\\pmod"):
            return apply("class", node, self.argument())
        if self.sees("(") and self.tokens[self.at + 1].text in MODULO:
            self.at += 2
            modulus = self.expression(20)
            self.expect(")")
            return apply("class", node, modulus)
        return node

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
            if level <= SUM and self._percent_sign():
                left = apply("/", left, Number(Fraction(100)))
                continue
            infix = self._infix()
            if infix is None:
                if level < PRODUCT and self.starts_factor():
                    left = apply("*", left, self._implicit_factor())
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
        found = INFIX.get(token.text)
        return (*found, 1) if found else None

    def _combine(self, head: str, left: Node, power: int) -> Node:
        if head == "^":
            return apply("^", left, self.exponent())
        right = self.expression(power)
        if head == "/" and self.starts_factor():
            self.ambiguous = True
            while self.tight and self.starts_factor():
                right = apply("*", right, self._implicit_factor())
        match head:
            case "-":
                return apply("+", left, apply("neg", right))
            case "pm" | "mp":
                return apply(head, left, right)
            case "/":
                return apply("/", left, right)
            case "ratio":
                items = left.items if isinstance(left, Collection) and left.kind == "ratio" else (left,)
                return Collection("ratio", (*items, right))
            case "floordiv":
                return apply("floor", apply("/", left, right))
            case _:
                return apply(head, left, right)

    def exponent(self) -> Node:
        if self.sees("{"):
            return self.argument()
        return self.expression(POWER)

    def starts_factor(self) -> bool:
        token, before = self.token, self.tokens[self.at - 1]
        if token.kind in ("end", "string") or token.text in self.stops:
            return False
        if token.kind == "number":
            return before.text in (")", "}", "\\rfloor", "\\rceil") or before.kind in ("word", "command")
        if token.kind == "op":
            if token.text == "(" and self.tokens[self.at + 1].text in MODULO:
                return False
            return token.text in ("(", "{", "[") or (token.text == "|" and self.bars == 0)
        return (
            token.text not in CLOSERS
            and token.text not in RELATIONS
            and token.text not in INFIX
            and (token.text != "\\pmod")
        )

    def _implicit_factor(self) -> Node:
        if self.sees("["):
            self.at += 1
            inner = self.expression(WHOLE)
            self.expect("]")
            return self.postfix(inner)
        return self.expression(PRODUCT)

    def prefix(self, level: int) -> Node:
        if self.accept("-"):
            return apply("neg", self.expression(max(PRODUCT, level)))
        if self.accept("+"):
            return self.expression(max(PRODUCT, level))
        if self.accept("\\pm"):
            return apply("pm", Number(Fraction(0)), self.expression(max(PRODUCT, level)))
        if self.accept("\\mp"):
            return apply("mp", Number(Fraction(0)), self.expression(max(PRODUCT, level)))
        return self.atom()

    def postfix(self, node: Node) -> Node:
        while True:
            if self.sees("!") and self.tokens[self.at + 1].text == "!" and self.tokens[self.at + 1].glued:
                self.at += 2
                node = apply("factorial2", node)
            elif self.accept("!"):
                node = apply("factorial", node)
            elif self._degree_sign():
                node = apply("degrees", node)
            elif not self._percent_ends_value() and self._percent_sign():
                node = apply("/", node, Number(Fraction(100)))
            else:
                return node

    def _degree_sign(self) -> bool:
        width = self.degree_width()
        follower = self.tokens[self.at + width]
        if width == 0 or (follower.text in ("C", "F", "K", "Celsius", "Fahrenheit") and self.units):
            return False
        self.at += width
        return True

    def _percent_ends_value(self) -> bool:
        """In `100/3 %` the sign belongs to the quotient, in `5% * 20` to the 5."""
        follower = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return follower.kind == "end" or follower.text in CLOSERS or follower.text in RELATIONS

    def _percent_sign(self) -> bool:
        if self.sees("percent", "\\%"):
            self.at += 1
            return True
        if not self.sees("%"):
            return False
        follower = self.tokens[self.at + 1]
        if follower.kind == "number" or follower.text in ("(", "-"):
            return False
        self.at += 1
        return True


def _equal_chain(links: list[Node], last: Node) -> Node:
    """`A = 2·3 = 6` says A = 6, `a = b = 3` says both, `2 + 3 = 4 + 1 = 5` says 5."""
    names = [link for link in links if isinstance(link, Symbol)]
    if len(names) > 1:
        return Collection("bare", tuple(Relational("=", name, last) for name in names))
    return Relational("=", links[0], last) if isinstance(links[0], Symbol | Collection) else last


def _inequalities(items: list[Node]) -> bool:
    return all(isinstance(item, Relational) and item.op in ("<", "<=", ">", ">=", "!=") for item in items)
