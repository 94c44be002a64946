"""A place in the tokens of one answer, and what every part of the parser needs from the others."""

from __future__ import annotations

from abc import ABC, abstractmethod

from agentprop.answers.reading.nodes import Node, UnreadableAnswer
from agentprop.answers.reading.tokens import Token


class Cursor(ABC):
    """Looks at, takes and expects tokens; the abstract methods are the levels of the grammar."""

    def __init__(self, tokens: list[Token], *, units: bool = True, tight: bool = False) -> None:
        self.tokens = [*tokens, Token("end", "")]
        self.at = 0
        self.nesting = 0
        self.units = units
        self.tight = tight
        self.ambiguous = False
        self.bars = 0
        self.stops: frozenset[str] = frozenset()

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def accept(self, *texts: str) -> bool:
        if self.token.kind not in ("string", "end") and self.token.text in texts:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise UnreadableAnswer(f"expected {text!r}, found {self.token.text or 'the end'!r}")

    def sees(self, *texts: str) -> bool:
        return self.token.kind != "string" and self.token.text in texts

    def name_in_braces(self) -> str:
        if not self.accept("{"):
            return self.take().text.lstrip("\\")
        parts = []
        while not self.sees("}"):
            if self.token.kind == "end":
                raise UnreadableAnswer("an unclosed subscript")
            parts.append(self.take().text.lstrip("\\"))
        self.at += 1
        return "".join(parts)

    def degree_width(self) -> int:
        """How many tokens spell a degree sign here: \\degree, ^\\circ, ^{\\circ}, ^o."""
        if self.sees("\\degree"):
            return 1
        if not self.sees("^"):
            return 0
        following = [token.text for token in self.tokens[self.at + 1 : self.at + 4]]
        if following and following[0] in ("\\circ", "\\degree"):
            return 2
        return 4 if following[:1] == ["{"] and following[1:] == ["\\circ", "}"] else 0

    @abstractmethod
    def sequence(self) -> Node:
        """Values separated by commas, semicolons, `and`, `or`."""

    @abstractmethod
    def relation(self) -> Node:
        """One value, equation or inequality."""

    @abstractmethod
    def expression(self, level: int) -> Node:
        """Everything that binds tighter than `level`."""

    @abstractmethod
    def postfix(self, node: Node) -> Node:
        """The node with its factorials, degree and percent signs."""

    @abstractmethod
    def atom(self) -> Node:
        """One value up to its first operator."""

    @abstractmethod
    def exponent(self) -> Node:
        """What stands after ^."""
