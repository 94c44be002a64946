"""The text of a phrase to what is matched, and the text of its meaning to a template.

    "the remainder when {value:a} is divided by {value:b}"   words, and categories that are read into a name
    "(what is|find|compute) [the] {value:x}"                 alternatives, and what may be left out
    "remainder(a, b)"                                        a tree over the names

An alternative may be empty. Words are lower case; marks (`,` `.` `?` `:` `...`) stand for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree


@dataclass(frozen=True, slots=True)
class Word:
    """One word or mark."""

    text: str


@dataclass(frozen=True, slots=True)
class PatternPart:
    """A category, and the name its meaning gets."""

    category: str
    name: str


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Alternatives; an empty one means that all of it may be left out."""

    options: tuple[tuple[Item, ...], ...]


Item = Word | PatternPart | Alternatives

_TOKEN = re.compile(r"\s*(\{[^}]*\}|\.\.\.|[()\[\]|]|[^\s()\[\]|{}]+)")


class BadPhrase(ValueError):
    """A phrase or a meaning in the data is not written correctly."""


def compile_phrase(text: str) -> tuple[Item, ...]:
    """What a phrase matches. Raises BadPhrase."""
    tokens = _TOKEN.findall(text)
    items, rest = _sequence(tokens, 0)
    if rest != len(tokens):
        raise BadPhrase(f"unbalanced bracket in {text!r}")
    return items


def _sequence(tokens: Sequence[str], at: int) -> tuple[tuple[Item, ...], int]:
    items: list[Item] = []
    while at < len(tokens) and tokens[at] not in (")", "]", "|"):
        token = tokens[at]
        if token in ("(", "["):
            item, at = _choice(tokens, at + 1, ")" if token == "(" else "]")
            items.append(item)
            continue
        items.append(_part(token) if token.startswith("{") else Word(token))
        at += 1
    return tuple(items), at


def _choice(tokens: Sequence[str], at: int, closing: str) -> tuple[Alternatives, int]:
    options: list[tuple[Item, ...]] = [()] if closing == "]" else []
    while True:
        option, at = _sequence(tokens, at)
        options.append(option)
        if at >= len(tokens):
            raise BadPhrase(f"no {closing!r}")
        if tokens[at] == closing:
            return Alternatives(tuple(dict.fromkeys(options))), at + 1
        if tokens[at] != "|":
            raise BadPhrase(f"{tokens[at]!r} where {closing!r} belongs")
        at += 1


def _part(token: str) -> PatternPart:
    category, _, name = token[1:-1].partition(":")
    return PatternPart(category, name)


def opening_words(items: Sequence[Item]) -> frozenset[str] | None:
    """Words that a match may begin with; None where it may begin with a category or be empty."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, Word):
            return frozenset(found | {item.text})
        if isinstance(item, PatternPart):
            return None
        empty = False
        for option in item.options:
            words = opening_words(option) if option else None
            if option and words is None:
                return None
            found |= words or set()
            empty = empty or not option
        if not empty:
            return frozenset(found)
    return None


def names(items: Sequence[Item]) -> frozenset[str]:
    """Names that a match may bind."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, PatternPart) and item.name:
            found.add(item.name)
        elif isinstance(item, Alternatives):
            found = found.union(*map(names, item.options))
    return frozenset(found)


# --- meanings ---

_MEANING = re.compile(r"\s*(-?\d+|\*?[A-Za-z_][\w.:\[\]]*|'[^']*'|[(),])")


@dataclass(frozen=True, slots=True)
class Name:
    """What a match bound, or a symbol of the meaning's own where it bound nothing of the name."""

    text: str
    spread: bool = False
    """Whether the arguments of a list are put in its place."""


Template = Node | Numeral | Letter | Name | tuple[str, tuple["Template", ...]]


def compile_meaning(text: str) -> Template:
    """The template of a meaning. Raises BadPhrase."""
    tokens = _MEANING.findall(text)
    if re.sub(r"\s", "", "".join(tokens)) != re.sub(r"\s", "", text):
        raise BadPhrase(f"not a meaning: {text!r}")
    template, rest = _term(tokens, 0)
    if rest != len(tokens):
        raise BadPhrase(f"not one meaning: {text!r}")
    return template


def _term(tokens: Sequence[str], at: int) -> tuple[Template, int]:
    token = tokens[at]
    if at + 1 < len(tokens) and tokens[at + 1] == "(":
        arguments: list[Template] = []
        at += 2
        while tokens[at] != ")":
            argument, at = _term(tokens, at)
            arguments.append(argument)
            if tokens[at] == ",":
                at += 1
        return (token, tuple(arguments)), at + 1
    if re.fullmatch(r"-?\d+", token):
        number: Template = Numeral(token) if not token.startswith("-") else Node("neg", (Numeral(token[1:]),))
        return number, at + 1
    if token.startswith("'"):
        return Letter(token[1:-1]), at + 1
    return Name(token.removeprefix("*"), token.startswith("*")), at + 1


def fill(template: Template, bound: Mapping[str, Tree]) -> Tree:
    """The tree of a meaning with what a match bound; a name that is bound to nothing is a node without arguments."""
    if isinstance(template, Name):
        return bound.get(template.text, Node(template.text))
    if not isinstance(template, tuple):
        return template
    head, templates = template
    args: list[Tree] = []
    for one in templates:
        tree = fill(one, bound)
        if isinstance(one, Name) and one.spread and isinstance(tree, Node):
            args += tree.args
        else:
            args.append(tree)
    filled = bound.get(head)
    if filled is not None and isinstance(filled, Node) and not filled.args:
        head = filled.head  # a word that was read says which head it is
    return Node(head, tuple(args))
