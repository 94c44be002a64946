"""A place among the tokens of a formula, and what can be read from there; `Parser` says how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from agentprop.extraction.mining.question.latex.lexer import LatexToken, plain_number
from agentprop.extraction.mining.question.latex.tree import Numeral, Tree, Unreadable
from agentprop.extraction.mining.question.latex.vocabulary import Names

_END = LatexToken("symbol", "", -1, -1)


@dataclass
class Cursor(ABC):
    """One pass over the tokens of one formula."""

    tokens: list[LatexToken]
    numbers: dict[int, int]
    """Offset of a numeral to its slot."""
    names: Names
    at: int = 0
    bars: int = 0
    """Bars that are open."""
    depth: int = 0
    """Sums in sums."""

    def peek(self, ahead: int = 0) -> LatexToken:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else _END

    def take(self) -> LatexToken:
        token = self.peek()
        self.at += 1
        return token

    def sees(self, *texts: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind in ("symbol", "command") and token.text in texts and token.text != ""

    def eat(self, *texts: str) -> bool:
        if self.sees(*texts):
            self.at += 1
            return True
        return False

    def need(self, *texts: str) -> None:
        if not self.eat(*texts):
            raise Unreadable(f"“{texts[0]}” missing before “{self.peek().text or 'the end'}”")

    def number(self, token: LatexToken) -> Numeral:
        return Numeral(plain_number(token.text), self.numbers.get(token.start, -1))

    def dots(self) -> bool:
        return self.eat("ldots")

    # --- what the parser reads ---

    @abstractmethod
    def statement(self) -> Tree:
        """Read an expression, or a chain of relations."""

    @abstractmethod
    def sum(self) -> Tree:
        """Read terms and signs."""

    @abstractmethod
    def first_term(self) -> Tree:
        """Read the first term of a sum."""

    @abstractmethod
    def product(self) -> Tree:
        """Read factors."""

    @abstractmethod
    def factor(self) -> Tree:
        """Read a base and what stands behind it."""

    @abstractmethod
    def group(self) -> Tree:
        """Read a group in braces, or the one token that LaTeX takes as an argument."""

    @abstractmethod
    def base(self) -> Tree:
        """Read the smallest part of a formula."""

    @abstractmethod
    def next_term(self, terms: list[Tree]) -> Tree | None:
        """Read the next term of a sum; None if none follows."""
