"""Pieces of a question to every tree that the phrases give them, all pieces covered.

A category at a place is read once. Phrases are tried by their first word; a category that would begin with itself at
the same place ends that attempt, so phrases that go on to the left (`{value} more than {value}`) are written with what
they begin with as another category.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agentprop.extraction.mining.question.grammar.patterns import Item, PatternPart, Template, Word, fill
from agentprop.extraction.mining.question.grammar.terminals import TERMINALS
from agentprop.extraction.mining.question.latex.tree import Tree, Unreadable
from agentprop.extraction.mining.question.text import Piece

MAX_READINGS = 60
"""Different trees of one category at one place; more are no language."""
MAX_WORK = 200_000
"""Items matched for one question."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to say something."""

    items: tuple[Item, ...]
    means: Template
    unbound: Mapping[str, Tree] = field(default_factory=dict)
    """What its names are where a part that was left out would have bound them."""


@dataclass(frozen=True)
class Grammar:
    """Phrases of every category, by the word they begin with."""

    by_word: Mapping[str, Mapping[str, Sequence[Phrase]]]
    """Category → first word → phrases."""
    others: Mapping[str, Sequence[Phrase]]
    """Category → phrases that begin with a category."""


Reading = tuple[int, Tree]


@dataclass
class Chart:
    """The readings of one question."""

    grammar: Grammar
    pieces: Sequence[Piece]
    found: dict[tuple[str, int], tuple[Reading, ...]] = field(default_factory=dict)
    open: set[tuple[str, int]] = field(default_factory=set)
    work: int = 0
    farthest: int = 0

    def whole(self, category: str) -> list[Tree]:
        """Every tree of the category that covers all pieces; raises Unreadable, naming the first piece not read."""
        trees = [tree for end, tree in self.read(category, 0) if end == len(self.pieces)]
        if not trees:
            raise Unreadable(self._where())
        return list(dict.fromkeys(trees))

    def _where(self) -> str:
        shown = " ".join(piece.text for piece in self.pieces[self.farthest : self.farthest + 8])
        return f"not understood from “{shown}”" if shown else "the question ends early"

    def read(self, category: str, at: int) -> tuple[Reading, ...]:
        """Every reading of a category that begins at a piece."""
        key = (category, at)
        known = self.found.get(key)
        if known is not None:
            return known
        if key in self.open:
            return ()
        self.open.add(key)
        readings = tuple(dict.fromkeys(self._readings(category, at)))
        self.open.discard(key)
        if len(readings) > MAX_READINGS:
            raise Unreadable("too many readings")
        self.found[key] = readings
        return readings

    def _readings(self, category: str, at: int) -> Iterator[Reading]:
        terminal = TERMINALS.get(category)
        if terminal is not None:
            yield from terminal(self.pieces, at)
            return
        if category not in self.grammar.others:
            raise KeyError(f"no phrases for {category!r}")
        word = self.pieces[at].text if at < len(self.pieces) and self.pieces[at].kind in ("word", "mark") else None
        for phrase in (*self.grammar.by_word[category].get(word or "", ()), *self.grammar.others[category]):
            for end, bound in self._match(phrase.items, 0, at, {}):
                yield end, fill(phrase.means, {**phrase.unbound, **bound})

    def _match(
        self, items: tuple[Item, ...], place: int, at: int, bound: dict[str, Tree]
    ) -> Iterator[tuple[int, dict[str, Tree]]]:
        self.work += 1
        if self.work > MAX_WORK:
            raise Unreadable("too long a sentence")
        if place == len(items):
            self.farthest = max(self.farthest, at)
            yield at, bound
            return
        item = items[place]
        if isinstance(item, Word):
            if at < len(self.pieces) and self.pieces[at].text == item.text and self.pieces[at].kind != "formula":
                yield from self._match(items, place + 1, at + 1, bound)
        elif isinstance(item, PatternPart):
            for end, tree in self.read(item.category, at):
                inner = {**bound, item.name: tree} if item.name else bound
                yield from self._match(items, place + 1, end, inner)
        else:
            rest = items[place + 1 :]
            for option in item.options:
                yield from self._match((*option, *rest), 0, at, bound)
