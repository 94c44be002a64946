"""The letters and signs of a question: functions and operations it defines, the imaginary unit, Euler's number."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agentprop.extraction.mining.question.latex.tree import Letter, Tree, node, rewrite
from agentprop.extraction.mining.question.latex.vocabulary import OPERATORS, Names
from agentprop.extraction.mining.question.text import Piece, QuestionText

_USUAL_FUNCTIONS = frozenset("fghpqrskPQFGHt")
_ALWAYS_FUNCTIONS = frozenset("fghFGHPQ")


@dataclass(frozen=True)
class Letters:
    """What letters and signs mean in one question."""

    names: Names
    """Functions and operations."""
    imaginary: bool
    """Whether i is the imaginary unit."""
    complex_: bool
    """Whether numbers may be complex."""
    euler: bool
    """Whether e is Euler's number."""

    def resolve(self, tree: Tree) -> Tree:
        """The tree with i and e as the numbers that they are."""

        def change(one: Tree) -> Tree | None:
            if isinstance(one, Letter):
                if one.name == "i" and self.imaginary:
                    return node("imaginary")
                if one.name == "e" and self.euler:
                    return node("euler")
            return None

        return rewrite(tree, change) if self.imaginary or self.euler else tree


def letters_of(question: QuestionText) -> Letters:
    """What letters and signs mean in a question."""
    words = " ".join(piece.text for piece in question.pieces if piece.kind == "word")
    texts = [[token.text for token in piece.tokens] for piece in question.pieces if piece.tokens]
    imaginary = _is_imaginary(texts, words)
    euler = any("ln" in one or _follows(one, "e", "^") or _follows(one, "log_", "e") for one in texts)
    complex_ = imaginary or bool(re.search(r"\b(?:complex|imaginary|nonreal)\b", words)) or _negative_roots(texts)
    return Letters(_names_of(question), imaginary, complex_, euler)


def _names_of(question: QuestionText) -> Names:
    functions, operators = set[str](), set[str]()
    for piece in question.pieces:
        texts = [token.text for token in piece.tokens]
        functions |= set(_functions(piece, texts))
        operators |= set(_operators(texts))
    return Names(frozenset(functions), frozenset(operators))


def _functions(piece: Piece, texts: list[str]) -> Iterator[str]:
    """Letters before a bracket of letters and an equals sign, and those that are always functions."""
    for place, token in enumerate(piece.tokens):
        if token.kind != "letter":
            continue
        rest = texts[place + 1 :]
        if rest[:1] == ["("] and ")" in rest:
            close = rest.index(")")
            inside = [one for one in rest[1:close] if one != ","]
            plain = bool(inside) and all(len(one) == 1 and one.isalpha() for one in inside)
            if (
                rest[close + 1 : close + 2] == ["="] and plain and (token.text in _USUAL_FUNCTIONS or place == 0)
            ) or token.text in _ALWAYS_FUNCTIONS:
                yield token.text
        if rest[:6] == ["^", "{", "-", "1", "}", "("] and token.text in _USUAL_FUNCTIONS:
            yield token.text


def _operators(texts: list[str]) -> Iterable[str]:
    """The sign in `a * b = …`, or in a formula that only states such an operation."""
    if "=" not in texts:
        return
    left = [one for one in texts[: texts.index("=")] if one not in ("(", ")", "{", "}")]
    for place, one in enumerate(left):
        others = left[:place] + left[place + 1 :]
        if one in OPERATORS and 0 < len(others) <= 2 and all(other.isalpha() and len(other) == 1 for other in others):
            yield one


def _is_imaginary(texts: list[list[str]], words: str) -> bool:
    if not any("i" in one for one in texts):
        return False
    if re.search(r"\b(?:complex|imaginary)\b", words) or any(_follows(one, "i", "^") for one in texts):
        return True
    return not any(_counts_with_i(one) for one in texts if "i" in one)


def _counts_with_i(texts: list[str]) -> bool:
    """Whether i is an index or a letter of its own here."""
    subscript = any(a == "_" and "i" in texts[place + 1 : place + 4] for place, a in enumerate(texts))
    return texts == ["i"] or subscript or (("sum" in texts or "prod" in texts) and _follows(texts, "i", "="))


def _negative_roots(texts: list[list[str]]) -> bool:
    return any(
        one[place : place + 3] == ["sqrt", "{", "-"]
        for one in texts
        for place in range(len(one))
        if one[place + 3 : place + 4] and one[place + 3][0].isdigit()
    )


def _follows(texts: list[str], first: str, second: str) -> bool:
    return any(a == first and b == second for a, b in itertools.pairwise(texts))
