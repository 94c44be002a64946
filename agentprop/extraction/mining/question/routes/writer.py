"""Leaves of a tree, and nodes that one function of the kernel computes → Python; other nodes are of other modules."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from agentprop.extraction.mining.question.exponential import in_exponents
from agentprop.extraction.mining.question.heads import HEADS
from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree, Unreadable

Route = Literal["solve", "check"]


@dataclass
class RouteWriter(ABC):
    """Writes one tree on one route."""

    route: Route
    names: Mapping[int, str]
    bound: dict[str, str] = field(default_factory=dict)
    it: list[str] = field(default_factory=list)
    modulus: str | None = None
    unknowns: bool = False
    strict: bool = False
    floats: bool = False

    @property
    @abstractmethod
    def special(self) -> Mapping[str, Callable[[Self, Node], str]]:
        """Heads that are written in a way of their own."""

    def text(self, tree: Tree) -> str:
        if isinstance(tree, Numeral):
            return self._number(tree)
        if isinstance(tree, Letter):
            return self._symbol(tree.name)
        special = self.special.get(tree.head)
        if special is not None:
            return special(self, tree)
        return self._call(tree)

    def _number(self, tree: Numeral) -> str:
        text = self.names.get(tree.slot) or literal(tree.text)
        if self.floats or (self.route == "check" and "." in tree.text):
            return f"float({text})"
        return f"residue({text}, {self.modulus})" if self.modulus else text

    def _symbol(self, name: str) -> str:
        if name not in self.bound:
            raise Unreadable(f"{name} is not known")
        return self.bound[name]

    def _call(self, tree: Node) -> str:
        head = HEADS.get(tree.head)
        if head is None:
            raise Unreadable(f"no meaning for {tree.head}")
        name = head.solve if self.route == "solve" else head.check
        if head.takes == "letters":
            return self._of_letters(name, tree)
        if head.takes == "curve":
            return f"{name}({self.function(['x', 'y'], tree.args[1])})"
        arguments = ", ".join(self.text(arg) for arg in tree.args)
        return f"{name}([{arguments}])" if head.takes == "list" else f"{name}({arguments})"

    def _of_letters(self, name: str, tree: Node) -> str:
        """name(how many letters, functions of them)."""
        letters, *expressions = tree.args
        assert isinstance(letters, Node)
        names = [one.name for one in letters.args if isinstance(one, Letter)]
        return f"{name}({len(names)}, {', '.join(self.function(names, one) for one in expressions)})"

    def function(self, names: list[str], tree: Tree) -> str:
        """A lambda over letters; an equation is left minus right."""
        outer, before = dict(self.bound), self.unknowns
        self.bound |= {name: identifier(name) for name in names}
        self.unknowns = True
        text = f"lambda {', '.join(self.bound[name] for name in names)}: {self.difference(tree)}"
        self.bound, self.unknowns = outer, before
        return text

    def difference(self, tree: Tree) -> str:
        if isinstance(tree, Node) and tree.head == "=":
            exponents = in_exponents(tree) if self.route == "solve" else None
            if exponents is not None:
                return self.text(exponents)
            return f"{self.text(tree.args[0])} - {self.factor(tree.args[1])}"
        return self.text(tree)

    def factor(self, tree: Tree) -> str:
        text = self.text(tree)
        return f"({text})" if text.startswith("-") else text

    def either(self, solve: str, check: str) -> str:
        return solve if self.route == "solve" else check

    def other_route(self) -> Self:
        return type(self)("check", self.names, dict(self.bound), list(self.it))


def literal(text: str) -> str:
    """A numeral as Python writes the number exactly."""
    if "." not in text:
        return str(int(text))
    whole, _, digits = text.partition(".")
    return f"Fraction({int((whole or '0') + digits)}, {10 ** len(digits)})"


def identifier(name: str) -> str:
    """A symbol's name in Python, apart from all names of the kernel."""
    return "u_" + re.sub(r"\W", "_", name)
