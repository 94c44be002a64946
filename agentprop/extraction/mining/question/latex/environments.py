"""Matrices, and definitions by cases."""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.extraction.mining.question.latex.cursor import Cursor
from agentprop.extraction.mining.question.latex.tree import Letter, Numeral, Tree, Unreadable, node


class Environments(Cursor):
    """The part of the parser that `\\begin` starts."""

    def environment(self, name: str) -> Tree:
        if name in ("pmatrix", "bmatrix", "matrix", "smallmatrix", "array"):
            return node("matrix", *self._rows(name))
        if name == "vmatrix":
            return node("det", node("matrix", *self._rows(name)))
        if name == "cases":
            return self.cases()
        raise Unreadable(f"the environment {name}")

    def _rows(self, name: str) -> Iterator[Tree]:
        row: list[Tree] = []
        while True:
            row.append(self.sum())
            if self.eat("&"):
                continue
            if self.eat("\\") and self.peek().kind != "end":
                yield node("row", *row)
                row = []
                continue
            if self.peek().kind == "end" and self.peek().text == name:
                self.at += 1
                yield node("row", *row)
                return
            raise Unreadable("a matrix that is not rectangular")

    def cases(self) -> Tree:
        """`{cases}`: values with conditions, `otherwise` as the word."""
        parts: list[Tree] = []
        while self.peek().kind != "end":
            parts.append(self.sum())
            self.eat(",")
            self.eat("&")
            parts.append(self._case_condition())
            self.eat(",", ".")
            self.eat("\\")
        self.at += 1
        return node("cases", *parts)

    def _case_condition(self) -> Tree:
        while self.peek().kind == "text" and self.peek().text.strip(", ") in ("if", "for", "when", ""):
            self.at += 1
        if self.peek().kind == "text" and self.peek().text.strip() in ("otherwise", "otherwise,", "else"):
            self.at += 1
            return node("true")
        self.eat("&")
        return self._described(self.statement())

    def _described(self, condition: Tree) -> Tree:
        """`n is odd` as the condition on n."""
        words = self.peek().text.strip(" .,") if self.peek().kind == "text" else ""
        described = {
            "is odd": node("not", node("divides", Numeral("2"), condition)),
            "is even": node("divides", Numeral("2"), condition),
            "is rational": node("domain", condition, Letter("rational")),
            "is irrational": node("domain", condition, Letter("irrational")),
            "is an integer": node("is_integer", condition),
            "is not an integer": node("not", node("is_integer", condition)),
            "is real": node("domain", condition, Letter("real")),
            "is not real": node("domain", condition, Letter("nonreal")),
            "is prime": node("is_prime", condition),
        }
        if words in described:
            self.at += 1
            return described[words]
        return condition
