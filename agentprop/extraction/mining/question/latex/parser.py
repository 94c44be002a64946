"""Tokens of a formula to its tree, by recursive descent; whatever is not understood refuses the formula.

What a letter before a bracket means depends on the question: `f` in `f(x + 1)` is a function where the question defines
one, and a letter that is usual for functions but not defined refuses the formula instead of being multiplied.

    2x^3 - \frac34  →  add(mul(2, pow(x, 3)), neg(div(3, 4)))
"""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.extraction.mining.question.latex.commands import Commands
from agentprop.extraction.mining.question.latex.lexer import LatexToken, plain_number
from agentprop.extraction.mining.question.latex.tree import (
    DOTS,
    Letter,
    Numeral,
    Tree,
    Unreadable,
    bare,
    multiplied,
    node,
    total,
)
from agentprop.extraction.mining.question.latex.vocabulary import FACTORS, FUNCTIONS, GREEK, RELATIONS, Names

MAX_DEPTH = 60


def parse(tokens: Sequence[LatexToken], numbers: dict[int, int], names: Names | None = None) -> Tree:
    """The tree of a formula; `numbers` gives the slot of the numeral that begins at an offset. Raises Unreadable."""
    parser = Parser(list(tokens), numbers, names or Names())
    tree = parser.statement()
    if parser.at < len(parser.tokens):
        raise Unreadable(f"formula goes on at “{parser.peek().text}”")
    return tree


class Parser(Commands):
    """Statements, sums, products, factors, numbers and brackets."""

    # --- statements ---

    def statement(self) -> Tree:
        """An expression, or a chain of relations, possibly with a modulus behind it."""
        sides, signs = [self.side()], []
        while (sign := self._relation()) is not None:
            signs.append(sign)
            sides.append(self.side())
        modulus = self._modulus()
        if not signs:
            return sides[0] if modulus is None else node("residue", sides[0], modulus)
        parts = [self._related(sign, a, b, modulus) for sign, a, b in zip(signs, sides, sides[1:], strict=False)]
        return parts[0] if len(parts) == 1 else node("and", *parts)

    def _relation(self) -> str | None:
        token = self.peek()
        if token.kind == "text" and token.text in ("is", "equals"):
            self.at += 1
            return "="
        if token.kind not in ("symbol", "command"):
            return None
        if token.text == "not" and self.peek(1).text in ("=", "equiv"):
            self.at += 2
            return "!="
        if token.text in ("in", "mid", "nmid"):
            self.at += 1
            return token.text
        if token.text in RELATIONS:
            self.at += 1
            return RELATIONS[token.text]
        return None

    def _related(self, sign: str, left: Tree, right: Tree, modulus: Tree | None) -> Tree:
        if sign == "mid":
            return node("divides", left, right)
        if sign == "nmid":
            return node("not", node("divides", left, right))
        if sign == "cong" or (sign == "=" and modulus is not None):
            if modulus is None:
                raise Unreadable("congruence without a modulus")
            return node("cong", left, right, modulus)
        if modulus is not None:
            raise Unreadable("modulus behind an order")
        return node(sign, left, right)

    def _modulus(self) -> Tree | None:
        if self.eat("pmod", "mod"):
            return self.group() if self.sees("{") else self.sum()
        if self.sees("(") and self.peek(1).text in ("mod", "pmod", "modulo", "bmod"):
            self.at += 2
            tree = self.sum()
            self.need(")")
            return tree
        return None

    def side(self) -> Tree:
        if self.at >= len(self.tokens):
            raise Unreadable("a formula with an empty side")
        return self.sum()

    # --- sums and products ---

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("formula nested too deep")
        terms = [self.first_term()]
        while (term := self.next_term(terms)) is not None:
            terms.append(term)
        self.depth -= 1
        return total(terms)

    def first_term(self) -> Tree:
        if self.eat("-"):
            return node("neg", self.product())
        if self.eat("pm"):
            return node("plus_minus", self.product())
        self.eat("+")
        return DOTS if self.dots() else self.product()

    def next_term(self, terms: list[Tree]) -> Tree | None:
        if self.sees("pm", "mp"):
            self.at += 1
            terms[:] = [node("plus_minus", total(list(terms)), self.product())]
            return self.next_term(terms)
        if self.dots():
            return DOTS
        if self.eat("+"):
            if self.dots():
                return DOTS
            return node("neg", self.product()) if self.eat("-") else self.product()
        if self.eat("-"):
            if self.dots():
                return DOTS
            return self.product() if self.eat("-") else node("neg", self.product())
        return None

    def product(self) -> Tree:
        factors = [self.operated()]
        while (factor := self._next_factor(factors)) is not None:
            factors.append(factor)
        return multiplied(factors)

    def _next_factor(self, factors: list[Tree]) -> Tree | None:
        times = self.sees("cdot", "times") or (self.sees("*") and "*" not in self.names.operators)
        if times:
            self.at += 1
            return DOTS if self.dots() else self._signed()
        if self.sees("/", "div"):
            self.at += 1
            divisor = self._signed()
            factors[:] = [node("div", multiplied(list(factors)), divisor)]
            return self._next_factor(factors)
        if (
            self.sees("ldots")
            and len(factors) > 1
            and (self.peek(1).text in ("cdot", "times", "(", "*") or self.peek(1).kind in ("number", "letter"))
        ):
            self.at += 1
            return DOTS
        return self.operated() if self._starts() else None

    def _signed(self) -> Tree:
        if self.eat("-"):
            return node("neg", self.operated())
        self.eat("+")
        return self.operated()

    def operated(self) -> Tree:
        """A factor, or an operation of the question's own between factors, taken from the left."""
        if self._is_operator():
            sign = self.take().text
            return node("operate", Letter(sign), self.factor())
        tree = self.factor()
        while self._is_operator():
            sign = self.take().text
            if not self._starts() and not self.sees("-"):
                tree = node("operate", Letter(sign), tree)
                continue
            right = node("neg", self.factor()) if self.eat("-") else self.factor()
            tree = node("operate", Letter(sign), tree, right)
        return tree

    def _is_operator(self) -> bool:
        return self.peek().kind in ("symbol", "command") and self.peek().text in self.names.operators

    def _starts(self) -> bool:
        """Whether a factor begins here, so that it multiplies what stands before."""
        kind, text = self.peek().kind, self.peek().text
        if kind in ("number", "letter"):
            return True
        if kind == "begin":
            return True
        if kind == "symbol":
            return text in ("(", "[", "{") or (text == "|" and self.bars == 0)
        if kind == "command":
            return text in FACTORS or text in FUNCTIONS or text in GREEK or (text == "vert" and self.bars == 0)
        return False

    # --- factors ---

    def factor(self) -> Tree:
        return self._postfixed(self.base())

    def _postfixed(self, tree: Tree) -> Tree:
        while True:
            if self.sees("^"):
                tree = self._raised(tree)
            elif self.sees("!"):
                self.at += 1
                tree = node("factorial", tree)
            elif self.sees("circ") and "circ" not in self.names.operators:
                self.at += 1
                tree = node("degrees", tree)
            elif self.sees("%"):
                self.at += 1
                tree = node("percent", tree)
            elif self.sees("_") and _has_digits(tree):
                self.at += 1
                tree = node("base", bare(tree), self.group())
            elif self.peek().kind == "text" and self.peek().text in ("th", "st", "nd", "rd"):
                raise Unreadable("an ordinal inside a formula")
            else:
                return tree

    def _raised(self, tree: Tree) -> Tree:
        self.need("^")
        if self.eat("circ"):
            return node("degrees", tree)
        if self.sees("{") and self.sees("circ", ahead=1) and self.sees("}", ahead=2):
            self.at += 3
            return node("degrees", tree)
        if self.eat("prime") or self.sees("'"):
            raise Unreadable("a prime")
        return node("pow", tree, self.group())

    def group(self) -> Tree:
        """`{…}`, or the one token that LaTeX takes as an argument."""
        if self.eat("{"):
            if self.eat("}"):
                raise Unreadable("an empty group")
            tree = self.sum()
            self.need("}")
            return tree
        token = self.take()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "letter":
            return Letter(token.text)
        if token.kind == "command":
            self.at -= 1
            return self.base()
        raise Unreadable(f"argument missing before “{token.text or 'the end'}”")

    def base(self) -> Tree:
        token = self.take()
        if token.kind == "number":
            return self._numeral(token)
        if token.kind == "letter":
            return self.letter(token.text)
        if token.kind == "begin":
            return self.environment(token.text)
        if token.kind == "symbol":
            return self._bracketed(token.text)
        if token.kind == "command":
            return self.command(token.text)
        raise Unreadable(f"“{token.text or 'the end'}” in a formula")

    # --- numbers ---

    def _numeral(self, token: LatexToken) -> Tree:
        if self.sees("frac") and token.text.isdigit():
            mixed = self._mixed(token)
            if mixed is not None:
                return mixed
        if self.sees(".") and self.sees("overline", ahead=1):
            self.at += 2
            return self._repeating(self.number(token), None)
        if "." in token.text and self.sees("overline"):
            self.at += 1
            return self._repeating(None, token)
        return self.number(token)

    def _mixed(self, token: LatexToken) -> Tree | None:
        """`4\\frac12` is four and a half; before anything but a proper fraction of numerals it multiplies."""
        start = self.at
        self.need("frac")
        try:
            top, bottom = self.group(), self.group()
        except Unreadable:
            top = bottom = Letter("")
        if isinstance(top, Numeral) and isinstance(bottom, Numeral) and _below(top, bottom):
            return node("mixed", self.number(token), top, bottom)
        self.at = start
        return None

    def _repeating(self, whole: Numeral | None, token: LatexToken | None) -> Tree:
        """`0.1\\overline{6}`: whole part, digits that do not repeat, digits that do."""
        self.need("{")
        digits = self.take()
        if digits.kind != "number" or not plain_number(digits.text).isdigit():
            raise Unreadable("a bar over something else than digits")
        self.need("}")
        repeated = self.number(digits)
        if token is not None:
            return node("repeating", Numeral(token.text, self.numbers.get(token.start, -1)), repeated)
        assert whole is not None
        return node("repeating", whole, repeated)

    # --- brackets ---

    def _bracketed(self, text: str) -> Tree:
        if text in ("(", "["):
            return self._round(text)
        if text == "{":
            tree = self.sum()
            if self.eat("over"):
                tree = node("div", tree, self.sum())
            if self.eat("choose"):
                tree = node("binom", tree, self.sum())
            self.need("}")
            return tree
        if text == "|":
            return self.absolute("|")
        if text == "." and self.eat("overline"):
            return self._repeating(Numeral("0"), None)
        raise Unreadable(f"“{text or 'the end'}” in a formula")

    def _round(self, opening: str) -> Tree:
        bars, self.bars = self.bars, 0
        items = [self.sum()]
        while self.eat(",", ";"):
            items.append(self.sum())
        self.bars = bars
        if len(items) == 1 and not isinstance(items[0], Numeral):
            relation = self._relation()
            if relation is not None:
                raise Unreadable("a relation in brackets")
        if not self.sees(")", "]"):
            raise Unreadable(f"an open bracket before “{self.peek().text or 'the end'}”")
        closing = self.take().text
        if len(items) == 1:
            return node("paren", items[0])
        if len(items) == 2 and (opening == "[" or closing == "]"):
            return node(f"interval{opening}{closing}", *items)
        return node("tuple", *items)


def _has_digits(tree: Tree) -> bool:
    inner = bare(tree)
    return isinstance(inner, Numeral) and inner.text.isdigit()


def _below(top: Numeral, bottom: Numeral) -> bool:
    return top.text.isdigit() and bottom.text.isdigit() and int(top.text) < int(bottom.text)
