"""The name in front of a value: `mean = 4`, `the area is 12`, `P(win) = 1/3`, `f(x) = x^2`, `[ABC] = 12`.

A name is looked for where an item starts and only up to a sign of equality; what is no name is left for the grammar.
"""

from __future__ import annotations

from agentprop.answers.reading.cursor import Cursor
from agentprop.answers.reading.grammar import CONSTANTS, FUNCTIONS, GIVEN, GREEK, words
from agentprop.answers.reading.nodes import Node, Symbol, operation

IS = frozenset(("is", "are", "was", "were", "equals"))
_EQUAL = frozenset(("=", ":", "\\approx", "\\colon"))
_ARTICLES = frozenset(("the", "a", "an", "its", "their", "this", "that"))
_NAMING_FUNCTIONS = frozenset(("max", "min", "lcm", "gcd", "det", "factorial"))
_NOT_IN_NAMES = GIVEN | frozenset(words("""
    and or not no never neither mod U in choose cannot whether unless maybe perhaps might could may think guess wrong
    incorrect false impossible doubt nobody than Question question Problem Exercise Step step
    """))  # fmt: skip
_LONG = {"max": "maximum", "min": "minimum"}
_OF_NUMBERS = frozenset("fghFGHPpqruvTLMNSVARCDEQUWyst") | GREEK
_OF_EVENTS = frozenset(("P", "E", "Pr", "Var", "Cov", "Corr", "Prob", "V"))
_OPERATORS = frozenset(("+", "*", "/", "^", "=", "<", ">", "\\cdot", "\\times", "\\frac", "\\sqrt", "\\pm"))
GENERIC = frozenset((
    "answer", "final answer", "correct answer", "result", "final result", "solution", "unique solution",
    "general solution", "solution set", "only solution", "required value", "value", "number",
))  # fmt: skip
"""Names that say nothing about the value; it is read as if it stood alone."""

MAX_NAME = 14
"""Tokens of the longest name."""


def named(parser: Cursor) -> Node | None:
    """The name here with its sign of equality taken; None, and nothing taken, where there is none."""
    mark = parser.at
    for form in (_spelled_name, _called_name, _bracketed_name):
        name = form(parser)
        if name is not None:
            return name
        parser.at = mark
    return None


def _equality(parser: Cursor, *, colon: bool = True) -> bool:
    """Take the sign of equality, and all of `is equal to`."""
    if parser.token.kind == "word" and parser.token.text in IS:
        parser.at += 1
        if parser.sees("equal") and parser.ahead(1).text == "to":
            parser.at += 2
        parser.accept("=", ":")
        return True
    if parser.token.text not in _EQUAL or (parser.token.text == ":" and not colon):
        return False
    parser.at += 1
    return True


def _spelled_name(parser: Cursor) -> Node | None:
    spelled: list[str] = []
    while parser.token.kind == "word" and parser.token.text not in IS and len(spelled) < MAX_NAME:
        if parser.token.text in _NOT_IN_NAMES:
            return None
        spelled.append(parser.take().text)
    if not spelled or any(word in FUNCTIONS and word not in _NAMING_FUNCTIONS for word in spelled):
        return None
    if len(spelled) > 1 and all(len(word) == 1 for word in spelled):
        return None
    verb = parser.token.kind == "word"
    alone = len(spelled) == 1
    short = alone and (len(spelled[0]) <= 3 or spelled[0] in CONSTANTS)
    if short and not verb and spelled[0] not in _NAMING_FUNCTIONS:
        return None
    if not _equality(parser):
        return None
    if alone and len(spelled[0]) == 1:
        return Symbol(spelled[0])
    kept = [_LONG.get(word, word.casefold()) for word in spelled if word.casefold() not in _ARTICLES]
    return Symbol(" ".join(kept or [word.casefold() for word in spelled]))


def _called_name(parser: Cursor) -> Node | None:
    head = _head(parser)
    if head is None or not parser.sees("("):
        return None
    start = parser.at
    depth = 0
    while not (depth == 1 and parser.sees(")")):
        depth += parser.sees("(") - parser.sees(")")
        if parser.token.kind == "end" or parser.at - start > 4 * MAX_NAME or depth == 0:
            return None
        parser.at += 1
    inside = parser.tokens[start + 1 : parser.at]
    parser.at += 1
    while parser.sees("'"):
        parser.at += 1
    if not inside or not _equality(parser, colon=False):
        return None
    arguments = [token.text.lstrip("\\") for token in inside[::2]]
    if all(token.text == "," for token in inside[1::2]) and all(_is_variable(token.text) for token in inside[::2]):
        return operation("call", Symbol(head), *map(Symbol, arguments))
    if head.partition("_")[0] not in _OF_EVENTS and (
        any(token.text in _OPERATORS for token in inside) or head[0] not in _OF_NUMBERS
    ):
        return None
    return Symbol(f"{head}({''.join(token.text.lstrip(chr(92)) for token in inside)})")


def _head(parser: Cursor) -> str | None:
    """The function's own name: a letter or a word, with subscripts and primes."""
    token = parser.take()
    word = token.text.lstrip("\\")
    if token.kind not in ("word", "command") or (word in FUNCTIONS) or (token.kind == "command" and word not in GREEK):
        return None
    if token.kind == "word" and len(word) > 1 and word not in _OF_EVENTS and len(word) <= 3:
        return None
    while parser.sees("_", "'", "^"):
        if parser.sees("^"):
            if [parser.ahead(k).text for k in range(1, 5)] != ["{", "-", "1", "}"]:
                return None
            parser.at += 5
            word += "^-1"
            continue
        sign = parser.take().text
        if parser.sees("(", ")", "^", "=") and sign == "_":
            return None
        word += f"_{parser.name_in_braces()}" if sign == "_" else "'"
    return word


def _bracketed_name(parser: Cursor) -> Node | None:
    """`[ABC] = 12` is an area, `|AB| = 5` a length."""
    opener, word, closer = parser.token.text, parser.ahead(1), parser.ahead(2)
    if (opener, closer.text) not in (("[", "]"), ("|", "|")) or word.kind != "word" or not word.text.isupper():
        return None
    if len(word.text) < 2 or parser.ahead(3).text not in _EQUAL:
        return None
    parser.at += 4
    return Symbol(f"{opener}{word.text}{closer.text}")


def _is_variable(text: str) -> bool:
    return (len(text) == 1 and text.isalpha()) or text.lstrip("\\") in GREEK
