"""LaTeX commands: fractions, roots, sets, sums, limits and integrals."""

from __future__ import annotations

from collections.abc import Callable

from agentprop.extraction.mining.question.latex.letters import Letters
from agentprop.extraction.mining.question.latex.tree import (
    DOTS,
    Letter,
    Numeral,
    Tree,
    Unreadable,
    multiplied,
    node,
    symbols,
    total,
)
from agentprop.extraction.mining.question.latex.vocabulary import FUNCTIONS, GREEK, LISTED


class Commands(Letters):
    """The part of the parser that a backslash starts."""

    def command(self, name: str) -> Tree:
        if name in FUNCTIONS:
            return self.function(name)
        if name in GREEK:
            return self._greek(name)
        if name in LISTED:
            return self._listed(name)
        reader = _READERS.get(name)
        if reader is None:
            raise Unreadable(f"“\\{name}” in a formula")
        return reader(self)

    def _greek(self, name: str) -> Tree:
        if name in self.names.functions:
            return self.function_letter(name)
        subscript = self.subscript()
        return Letter(f"{name}_{subscript}" if subscript else name)

    def _listed(self, name: str) -> Tree:
        if not self.eat("(", "["):
            raise Unreadable(f"{name} without a bracket")
        items = [self.sum()]
        while self.eat(","):
            items.append(self.sum())
        self.need(")", "]")
        return node(name, *items)

    def _frac(self) -> Tree:
        return node("div", self.group(), self.group())

    def _binom(self) -> Tree:
        return node("binom", self.group(), self.group())

    def _sqrt(self) -> Tree:
        degree: Tree = Numeral("2")
        if self.eat("["):
            degree = self.sum()
            self.need("]")
        return node("root", self.group(), degree)

    def _root_of(self) -> Tree:
        """`\\root 3 \\of {x}`."""
        degree = self.group()
        self.need("of")
        return node("root", self.group(), degree)

    def _floor(self) -> Tree:
        tree = self.sum()
        self.need("rfloor")
        return node("floor", tree)

    def _ceil(self) -> Tree:
        tree = self.sum()
        self.need("rceil")
        return node("ceil", tree)

    def _set(self) -> Tree:
        if self.peek().kind == "begin" and self.peek().text == "array":
            self.at += 1
            return self.cases()
        bars, self.bars = self.bars, 0
        items = []
        if not self.sees("}"):
            items.append(DOTS if self.dots() else self.sum())
            while self.eat(","):
                items.append(DOTS if self.dots() else self.sum())
        self.bars = bars
        self.need("}")
        if len(items) == 1:
            return node("braces", items[0])
        return node("set", *items)

    def absolute(self, closing: str) -> Tree:
        self.bars += 1
        tree = self.sum()
        self.bars -= 1
        self.need(closing)
        return node("abs", tree)

    def _vertical(self) -> Tree:
        return self.absolute("vert")

    def _norm(self) -> Tree:
        tree = self.sum()
        self.need("Vert")
        return node("norm", tree)

    def _overline(self) -> Tree:
        self.need("{")
        if self.peek().kind == "letter" and self.peek(1).kind == "letter":
            name = self.take().text + self.take().text
            self.need("}")
            return Letter(name)
        tree = self.sum()
        self.need("}")
        return node("conj", tree)

    def _det(self) -> Tree:
        return node("det", self.factor())

    def _bound(self, head: str) -> Tree:
        """`\\sum_{k=1}^{n} …` and `\\prod`."""
        variable = low = high = None
        for _ in range(2):
            if self.eat("_"):
                self.need("{")
                variable = self.take().text
                self.need("=")
                low = self.sum()
                self.need("}")
            elif self.eat("^"):
                high = self.group()
        if variable is None or low is None or high is None:
            raise Unreadable(f"a {head} without bounds")
        body = self.product() if not self.sees("-") else self.first_term()
        return node(head, Letter(variable), low, high, self._with_more(variable, body) if head == "sum" else body)

    def _with_more(self, index: str, body: Tree) -> Tree:
        """A sum's body with the terms behind it that use its index: no brackets stand in `\\sum a_k + b_k`."""
        terms = [body]
        while self.sees("+", "-"):
            before = self.at
            term = self.next_term(terms)
            if term is None or index not in symbols(term):
                self.at = before
                break
            terms.append(term)
        return total(terms)

    def _sum_sign(self) -> Tree:
        return self._bound("sum")

    def _product_sign(self) -> Tree:
        return self._bound("product")

    def _limit(self) -> Tree:
        self.need("_")
        self.need("{")
        variable = self.take().text
        self.need("to")
        point, side = self._limit_point()
        self.need("}")
        return node("limit", Letter(variable), point, Letter(side), self.sum())

    def _limit_point(self) -> tuple[Tree, str]:
        point = node("neg", self.product()) if self.eat("-") else self.product_without_power()
        side = "both"
        if self.eat("^"):
            braced = self.eat("{")
            side = "right" if self.eat("+") else "left"
            if side == "left":
                self.need("-")
            if braced:
                self.need("}")
        return point, side

    def product_without_power(self) -> Tree:
        factors = [self.base()]
        while self.tight():
            factors.append(self.base())
        if self.sees("/"):
            self.at += 1
            return node("div", multiplied(factors), self.base())
        return multiplied(factors)

    def _integral(self) -> Tree:
        low = high = None
        for _ in range(2):
            if self.eat("_"):
                low = self._bound_of_integral()
            elif self.eat("^"):
                high = self._bound_of_integral()
        stop = self._differential()
        body = self._until(stop)
        self.at = stop + 1 + (self.tokens[stop].text == "mathrmd")
        variable = Letter(self.take().text)
        if (low is None) != (high is None):
            raise Unreadable("an integral with one bound")
        if low is None or high is None:
            return node("antiderivative", variable, body)
        return node("integral", variable, low, high, body)

    def _bound_of_integral(self) -> Tree:
        if self.eat("{"):
            tree = self.sum()
            self.need("}")
            return tree
        return node("neg", self.group()) if self.eat("-") else self.group()

    def _differential(self) -> int:
        """Where the `d` of `dx` stands: the last one of the tokens that a letter follows."""
        for place in range(len(self.tokens) - 2, self.at - 1, -1):
            if self.tokens[place].text == "d" and self.tokens[place + 1].kind == "letter":
                return place
        raise Unreadable("an integral without a differential")

    def _until(self, stop: int) -> Tree:
        inner = type(self)(self.tokens[self.at : stop], self.numbers, self.names)
        if not inner.tokens:
            return Numeral("1")
        tree = inner.sum()
        if inner.at < len(inner.tokens):
            raise Unreadable(f"an integrand goes on at “{inner.peek().text}”")
        return tree


_READERS: dict[str, Callable[[Commands], Tree]] = {
    "frac": Commands._frac,
    "binom": Commands._binom,
    "sqrt": Commands._sqrt,
    "root": Commands._root_of,
    "pi": lambda parser: node("pi"),
    "infty": lambda parser: node("infinity"),
    "lfloor": Commands._floor,
    "lceil": Commands._ceil,
    "{": Commands._set,
    "vert": Commands._vertical,
    "Vert": Commands._norm,
    "overline": Commands._overline,
    "det": Commands._det,
    "sum": Commands._sum_sign,
    "prod": Commands._product_sign,
    "lim": Commands._limit,
    "int": Commands._integral,
}
