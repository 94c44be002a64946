"""The phrases of all data files as one grammar, read once.

A file is a table for each category: lists of `[phrase, meaning]`. `<name>` in a phrase stands for an entry of the table
`macros` of any file. A category without a table is a terminal.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from agentprop.extraction.mining.question.grammar.chart import Grammar, Phrase
from agentprop.extraction.mining.question.grammar.patterns import (
    Alternatives,
    BadPhrase,
    Item,
    PatternPart,
    compile_meaning,
    compile_phrase,
    names,
    opening_words,
)
from agentprop.extraction.mining.question.grammar.terminals import TERMINALS
from agentprop.extraction.mining.question.latex.tree import Node

FOLDER = files("agentprop.extraction.mining.question.grammar").joinpath("phrases")


@cache
def grammar() -> Grammar:
    """The grammar. Raises BadPhrase for a mistake in the data."""
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in _paths()]
    macros = {name: text for table in tables for name, text in table.pop("macros", {}).items()}
    return built(tables, macros)


def _paths() -> list[Any]:
    return sorted((path for path in FOLDER.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


def built(tables: list[dict[str, Any]], macros: dict[str, str]) -> Grammar:
    """The grammar of parsed tables."""
    phrases: dict[str, list[Phrase]] = {}
    for table in tables:
        for category, entries in table.items():
            for phrase, meaning in entries:
                items = compile_phrase(_expanded(phrase, macros))
                unbound = dict.fromkeys(names(items), Node("none"))
                phrases.setdefault(category, []).append(Phrase(items, compile_meaning(meaning), unbound))
    for category, found in phrases.items():
        for used in {part.category for one in found for part in _parts(one.items)}:
            if used not in phrases and used not in TERMINALS:
                raise BadPhrase(f"{category}: no category {used!r}")
    by_word: dict[str, dict[str, list[Phrase]]] = {}
    others: dict[str, list[Phrase]] = {}
    for category, found in phrases.items():
        by_word[category], others[category] = {}, []
        for one in found:
            words = opening_words(one.items)
            if words is None:
                others[category].append(one)
            for word in words or ():
                by_word[category].setdefault(word, []).append(one)
    return Grammar(by_word, others)


def _expanded(text: str, macros: dict[str, str]) -> str:
    for _ in range(6):
        expanded = re.sub(r"<([a-z_]+)>", lambda match: f"({_macro(match[1], macros)})", text)
        if expanded == text:
            return text
        text = expanded
    raise BadPhrase(f"macros without end in {text!r}")


def _macro(name: str, macros: dict[str, str]) -> str:
    if name not in macros:
        raise BadPhrase(f"no macro {name!r}")
    return macros[name]


def _parts(items: tuple[Item, ...]) -> Iterator[PatternPart]:
    for item in items:
        if isinstance(item, PatternPart):
            yield item
        elif isinstance(item, Alternatives):
            for option in item.options:
                yield from _parts(option)
