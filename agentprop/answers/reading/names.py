"""The name in front of a value: `mean = 4`, `the area is 12`, `P(win) = 1/3`, `f(x) = x^2`, `[ABC] = 12`.

A name is looked for where an item starts and only up to a sign of equality; what is no name is left for the grammar.
"""

from __future__ import annotations

from agentprop.answers.reading.atoms import Atoms
from agentprop.answers.reading.grammar import CONSTANTS, FUNCTIONS, GIVEN, GREEK
from agentprop.answers.reading.nodes import Node, Symbol, operation

IS = frozenset(("is", "are", "was", "were", "equals"))
_EQUAL = frozenset(("=", ":", "\\approx", "\\colon"))
_ARTICLES = frozenset(("the", "a", "an", "its", "their", "this", "that"))
_NAMING_FUNCTIONS = frozenset(("max", "min", "lcm", "gcd", "det", "factorial"))
_NOT_IN_NAMES = GIVEN | frozenset((
    "and", "or", "not", "no", "never", "neither", "mod", "U", "in", "choose", "cannot", "whether", "unless", "maybe", "perhaps",
    "might", "could", "may", "think", "guess", "wrong", "incorrect", "false", "impossible", "doubt", "nobody", "than",
))  # fmt: skip
_OF_NUMBERS = frozenset("fghFGHPpqruvTLMNSVARCDEQUWyst") | GREEK
_OF_EVENTS = frozenset(("P", "E", "Pr", "Var", "Cov", "Corr", "Prob", "V"))
_OPERATORS = frozenset(("+", "*", "/", "^", "=", "<", ">", "\\cdot", "\\times", "\\frac", "\\sqrt", "\\pm"))
GENERIC = frozenset((
    "answer", "final answer", "correct answer", "result", "final result", "solution", "unique solution", "general solution",
    "solution set", "only solution", "required value", "value", "number",
))  # fmt: skip
"""Names that say nothing about the value; it is read as if it stood alone."""

MAX_NAME = 14
"""Tokens of the longest name."""


class Names(Atoms):
    """The part of the parser that reads what a value is called."""

    def named(self) -> Node | None:
        """The name here with its sign of equality taken; None, and nothing taken, where there is none."""
        mark = self.at
        for form in (self._spelled_name, self._called_name, self._bracketed_name):
            name = form()
            if name is not None:
                return name
            self.at = mark
        return None

    def _equality(self, *, colon: bool = True) -> bool:
        """Take the sign of equality, and all of `is equal to`."""
        if self.token.kind == "word" and self.token.text in IS:
            self.at += 1
            if self.sees("equal") and self.ahead(1).text == "to":
                self.at += 2
            self.accept("=", ":")
            return True
        if self.token.text not in _EQUAL or (self.token.text == ":" and not colon):
            return False
        self.at += 1
        return True

    def _spelled_name(self) -> Node | None:
        spelled: list[str] = []
        while self.token.kind == "word" and self.token.text not in IS and len(spelled) < MAX_NAME:
            if self.token.text in _NOT_IN_NAMES:
                return None
            spelled.append(self.take().text)
        if not spelled or any(word in FUNCTIONS and word not in _NAMING_FUNCTIONS for word in spelled):
            return None
        verb = self.token.kind == "word"
        alone = len(spelled) == 1
        short = alone and (len(spelled[0]) <= 3 or spelled[0] in CONSTANTS)
        if short and not verb and spelled[0] not in _NAMING_FUNCTIONS:
            return None
        if not self._equality():
            return None
        if alone and len(spelled[0]) == 1:
            return Symbol(spelled[0])
        kept = [word.casefold() for word in spelled if word.casefold() not in _ARTICLES]
        return Symbol(" ".join(kept or [word.casefold() for word in spelled]))

    def _called_name(self) -> Node | None:
        head = self._head()
        if head is None or not self.sees("("):
            return None
        start = self.at
        depth = 0
        while not (depth == 1 and self.sees(")")):
            depth += self.sees("(") - self.sees(")")
            if self.token.kind == "end" or self.at - start > 4 * MAX_NAME or depth == 0:
                return None
            self.at += 1
        inside = self.tokens[start + 1 : self.at]
        self.at += 1
        while self.sees("'"):
            self.at += 1
        if not inside or not self._equality(colon=False):
            return None
        arguments = [token.text.lstrip("\\") for token in inside[::2]]
        if all(token.text == "," for token in inside[1::2]) and all(_is_variable(token.text) for token in inside[::2]):
            return operation("call", Symbol(head), *map(Symbol, arguments))
        if head.partition("_")[0] not in _OF_EVENTS and (
            any(token.text in _OPERATORS for token in inside) or head[0] not in _OF_NUMBERS
        ):
            return None
        return Symbol(f"{head}({''.join(token.text.lstrip(chr(92)) for token in inside)})")

    def _head(self) -> str | None:
        """The function's own name: a letter or a word, with subscripts and primes."""
        token = self.take()
        word = token.text.lstrip("\\")
        if token.kind not in ("word", "command") or (word in FUNCTIONS) or (token.kind == "command" and word not in GREEK):
            return None
        if token.kind == "word" and len(word) > 1 and word not in _OF_EVENTS and len(word) <= 3:
            return None
        while self.sees("_", "'", "^"):
            if self.sees("^"):
                if [self.ahead(k).text for k in range(1, 5)] != ["{", "-", "1", "}"]:
                    return None
                self.at += 5
                word += "^-1"
                continue
            sign = self.take().text
            if self.sees("(", ")", "^", "=") and sign == "_":
                return None
            word += f"_{self.name_in_braces()}" if sign == "_" else "'"
        return word

    def _bracketed_name(self) -> Node | None:
        """`[ABC] = 12` is an area, `|AB| = 5` a length."""
        opener, word, closer = self.token.text, self.ahead(1), self.ahead(2)
        if (opener, closer.text) not in (("[", "]"), ("|", "|")) or word.kind != "word" or not word.text.isupper():
            return None
        if len(word.text) < 2 or self.ahead(3).text not in _EQUAL:
            return None
        self.at += 4
        return Symbol(f"{opener}{word.text}{closer.text}")


def _is_variable(text: str) -> bool:
    return (len(text) == 1 and text.isalpha()) or text.lstrip("\\") in GREEK
