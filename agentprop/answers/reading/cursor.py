"""A place in the tokens of one answer, and what every part of the parser needs from the others."""

from __future__ import annotations

from abc import ABC, abstractmethod

from agentprop.answers.reading.nodes import Node, UnreadableAnswer
from agentprop.answers.reading.tokens import Token

_DEGREES = ("\\circ", "\\degree", "o")


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
        self.bound: frozenset[str] = frozenset()
        """Names bound by a big operator here: an index i is not the imaginary unit."""

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, steps: int) -> Token:
        """The token so many places on; the end where there is none."""
        return self.tokens[min(self.at + steps, len(self.tokens) - 1)]

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
        """The text of a subscript or an environment: a braced group, or one token."""
        if not self.accept("{"):
            token = self.take()
            if token.text in ("(", "_", "^", "", ")", "}", "="):
                raise UnreadableAnswer("a subscript is missing")
            return token.text.lstrip("\\")
        parts: list[str] = []
        depth = 0
        while depth or not self.sees("}"):
            if self.token.kind == "end" or len(parts) > 40:
                raise UnreadableAnswer("an unclosed subscript")
            depth += self.sees("{") - self.sees("}")
            parts.append(self.take().text.lstrip("\\"))
        self.at += 1
        return "".join(parts)

    def degree_width(self) -> int:
        """How many tokens spell a degree sign here: \\degree, ^\\circ, ^{\\circ}, ^{o}."""
        if self.sees("\\degree"):
            return 1
        if not self.sees("^"):
            return 0
        if self.ahead(1).text in _DEGREES[:2]:
            return 2
        return 4 if self.ahead(1).text == "{" and self.ahead(2).text in _DEGREES and self.ahead(3).text == "}" else 0

    def prime_width(self) -> tuple[int, int]:
        """Tokens and strokes of a prime mark here: ', '', ^\\prime, ^{\\prime\\prime}, "."""
        if self.token.kind == "quote":
            return 1, 2
        if self.sees("'"):
            strokes = 1
            while strokes < 4 and self.ahead(strokes).text == "'":
                strokes += 1
            return strokes, strokes
        if not self.sees("^"):
            return 0, 0
        if self.ahead(1).text == "\\prime":
            return 2, 1
        strokes = 0
        while self.ahead(1).text == "{" and self.ahead(2 + strokes).text in ("\\prime", "'"):
            strokes += 1
        return (3 + strokes, strokes) if strokes and self.ahead(2 + strokes).text == "}" else (0, 0)

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

    @abstractmethod
    def argument(self, *, single_digit: bool = False) -> Node:
        """What a command or an exponent takes: a braced expression, a bracket, or one symbol."""
