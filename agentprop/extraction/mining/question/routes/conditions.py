"""Conditions, definitions by cases, and lists → Python."""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.tree import Letter, Node
from agentprop.extraction.mining.question.routes.arithmetic import Arithmetic


class Conditions(Arithmetic):
    """The part that writes what holds or does not, and what is put together."""

    def compare(self, tree: Node) -> str:
        left, right = (self.text(arg) for arg in tree.args)
        if tree.head == "=":
            return f"{self.either('equal', 'same_number')}({left}, {right})"
        if tree.head == "!=":
            return f"not {self.either('equal', 'same_number')}({left}, {right})"
        return f"{left} {tree.head} {right}"

    def both(self, tree: Node) -> str:
        return "(" + " and ".join(self.text(arg) for arg in tree.args) + ")" if tree.args else "True"

    def any_of(self, tree: Node) -> str:
        return "(" + " or ".join(self.text(arg) for arg in tree.args) + ")"

    def negated(self, tree: Node) -> str:
        return f"(not {self.text(tree.args[0])})"

    def true(self, tree: Node) -> str:
        return "True"

    def domain(self, tree: Node) -> str:
        sort = tree.args[1]
        assert isinstance(sort, Letter)
        return f"{self.either('within', 'plain_within')}({self.text(tree.args[0])}, {sort.name!r})"

    def cases(self, tree: Node) -> str:
        """`{cases}` as conditional expressions; nothing holds is no value."""
        text = "no_case()"
        pairs = list(zip(tree.args[::2], tree.args[1::2], strict=True))
        for value, condition in reversed(pairs):
            text = f"({self.text(value)} if {self.text(condition)} else {text})"
        return text

    def defined(self, tree: Node) -> str:
        return f"defined(lambda: {self.text(tree.args[0])})"

    def quoted(self, tree: Node) -> str:
        word = tree.args[0]
        assert isinstance(word, Letter)
        return repr(word.name)

    def matrix(self, tree: Node) -> str:
        return f"matrix({self.items(tree)})"

    def items(self, tree: Node) -> str:
        return "[" + ", ".join(self.text(arg) for arg in tree.args) + "]"

    def tuple_(self, tree: Node) -> str:
        return "(" + ", ".join(self.text(arg) for arg in tree.args) + ",)"
