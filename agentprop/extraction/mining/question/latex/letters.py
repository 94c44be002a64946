"""Letters, functions of the question and functions that everybody knows, with their arguments."""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.environments import Environments
from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    multiplied,
    node,
)
from agentprop.extraction.mining.question.latex.vocabulary import GREEK, INVERSES, NEVER_PRODUCTS


class Letters(Environments):
    """The part of the parser that a name starts."""

    def letter(self, name: str) -> Tree:
        if name in self.names.functions:
            return self.function_letter(name)
        if name in NEVER_PRODUCTS and (self.sees("(") or self._inverse_ahead()):
            raise Unreadable(f"the function {name} is not defined")
        subscript = self.subscript()
        symbol = Letter(f"{name}_{subscript}") if subscript else Letter(name)
        if symbol.name in self.names.functions:
            return self.function_letter(symbol.name)
        return symbol

    def function_letter(self, name: str) -> Tree:
        subscript = "" if "_" in name else self.subscript()
        symbol = Letter(f"{name}_{subscript}") if subscript else Letter(name)
        if self._inverse_ahead():
            self.need("^")
            self.group()
            return node("inverse", symbol, *self._arguments())
        if self.sees("^"):
            start = self.at
            self.need("^")
            exponent = self.group()
            if self.sees("("):
                if isinstance(bare(exponent), Numeral):
                    raise Unreadable(f"{name}^n(x) may be a power or an iteration")
                raise Unreadable(f"an exponent on the function {name}")
            self.at = start
            return symbol
        if self.sees("("):
            return node("apply", symbol, *self._arguments())
        return symbol

    def _inverse_ahead(self) -> bool:
        """`^{-1}(`: an inverse function."""
        texts = [self.peek(ahead).text for ahead in range(6)]
        return texts[:5] == ["^", "{", "-", "1", "}"] and texts[5] == "("

    def _arguments(self) -> list[Tree]:
        self.need("(")
        found = [self.sum()]
        while self.eat(","):
            found.append(self.sum())
        self.need(")")
        return found

    def subscript(self) -> str:
        if not self.eat("_"):
            return ""
        if not self.eat("{"):
            return self.take().text
        parts = []
        while not self.sees("}"):
            if self.at >= len(self.tokens):
                raise Unreadable("an open subscript")
            parts.append(self.take().text)
        self.need("}")
        return "".join(parts)

    def function(self, name: str) -> Tree:
        base = power = None
        for _ in range(2):
            if name == "log" and base is None and self.eat("_"):
                base = self.group()
            elif power is None and self.eat("^"):
                power = self.group()
        argument = self._function_argument()
        if name == "log":
            tree = node("log", base or Numeral("10"), argument)
        elif name == "lg":
            tree = node("log", Numeral("10"), argument)
        else:
            tree = node(name, argument)
        if power is None:
            return tree
        if power == node("neg", Numeral("1")) or (isinstance(power, Node) and _is_minus_one(power)):
            if f"arc{name}" not in INVERSES:
                raise Unreadable(f"{name} to the minus one")
            return node(f"arc{name}", argument)
        return node("pow", tree, power)

    def _function_argument(self) -> Tree:
        """A bracket, or the tight product up to a sign or the next function."""
        if self.sees("(", "["):
            inner = self.base()
            return node("pow", inner, self._power_behind()) if self.sees("^") else inner
        if self.eat("-"):
            return node("neg", self._function_argument())
        factors = [self.factor()]
        while self.tight():
            factors.append(self.factor())
        tree = multiplied(factors)
        if self.sees("/") and self.peek(1).kind == "number":
            self.at += 1
            tree = node("div", tree, self.factor())
        return tree

    def _power_behind(self) -> Tree:
        raise Unreadable("a power behind the bracket of a function")

    def tight(self) -> bool:
        kind, text = self.peek().kind, self.peek().text
        return kind in ("letter", "number") or (kind == "command" and (text in GREEK or text in ("pi", "frac", "sqrt")))


def _is_minus_one(tree: Node) -> bool:
    inner = tree.args[0] if tree.head == "neg" else None
    return isinstance(inner, Numeral) and inner.text == "1"
