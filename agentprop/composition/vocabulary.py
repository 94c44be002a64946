"""A library and a statement → the skills of which the statement can hold a wording.

The reader compares a text with every wording that it is given. Most skills of a library have no wording whose literal
text stands in the statement, so they are left out beforehand. Nothing that can be read is lost: the literal text of a
wording is in the statement wherever the wording is, except for what the reader changes itself, which is trimmed off
here (capitals, dollars around a hole, and the last full stop or question mark).

Example: "How many zeros stand at the end of $<n>!$ when it is written in base $<b>$?" has the literals "how many zeros
stand at the end of", "!$ when it is written in base" and nothing else that counts. Its rarest word, say `zeros`, is its
entry in the index; only statements that contain `zeros` are searched for the literals.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from agentprop.composition.grammar import ORDINAL
from agentprop.skills import Package, Spec, segments, tellings

_WORD = re.compile(r"[a-z]+")
_EDGES = " $.?"
SMALL = 8
"""Libraries up to this size are not indexed: comparing every wording is as quick."""


@dataclass(frozen=True)
class _Entry:
    """A wording of a skill."""

    skill: str
    literals: tuple[str, ...]
    """Its literal text in lower case, trimmed."""


@dataclass(frozen=True)
class Vocabulary:
    """The wordings of a library, by their rarest word."""

    library: Mapping[str, Package]

    def of(self, statement: str) -> dict[str, Package]:
        """The executable skills of which the statement may hold a wording, in the library's order."""
        if len(self.executable) <= SMALL:
            return self.executable
        text = statement.lower()
        words = {*_WORD.findall(text), ""}
        found = {
            entry.skill
            for word in words & self._index.keys()
            for entry in self._index[word]
            if all(literal in text for literal in entry.literals)
        }
        return {name: package for name, package in self.executable.items() if name in found}

    @cached_property
    def executable(self) -> dict[str, Package]:
        """The skills that can be composed."""
        return {name: package for name, package in self.library.items() if package.executable}

    @cached_property
    def _index(self) -> dict[str, list[_Entry]]:
        entries = [
            (_Entry(name, _literals(wording)), _words(wording))
            for name, package in self.executable.items()
            for wording in dict.fromkeys(_wordings(package.spec))
        ]
        uses = Counter(word for _, words in entries for word in words)
        index: dict[str, list[_Entry]] = {}
        for entry, words in entries:
            rarest = min(words, key=lambda word: (uses[word], word), default="")
            index.setdefault(rarest, []).append(entry)
        return index


_latest: list[Vocabulary] = []
"""The vocabulary of the library that was used last: a run has one library for all its statements."""


def vocabulary_of(library: Mapping[str, Package]) -> Vocabulary:
    """The vocabulary of a library; made once for as long as the library stays the same."""
    if not _latest or _latest[0].library != library:
        _latest[:] = [Vocabulary(dict(library))]
    return _latest[0]


def _wordings(spec: Spec) -> Iterator[str]:
    """Every text by which a skill can stand in a statement; a scene may stand without its question."""
    wordings = [*spec.phrasings, *(w for follows in spec.follows.values() for w in follows)]
    texts = [*(w.scene or w.ask for w in wordings), *spec.value, spec.step, spec.finish]
    yield from (told for text in texts if text for told in tellings(text))


def _literals(wording: str) -> tuple[str, ...]:
    texts = (part for part in segments(wording) if isinstance(part, str))
    trimmed = (ORDINAL.sub("", part.strip(_EDGES)).strip(_EDGES).lower() for part in texts)
    return tuple(literal for literal in trimmed if literal)


def _words(wording: str) -> set[str]:
    """Words of the literal text that no hole can lengthen."""
    return set(_whole_words(segments(wording)))


def _whole_words(parts: Iterable[object]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            text = ORDINAL.sub("", part).lower()
            for found in _WORD.finditer(text):
                if found.start() > 0 and found.end() < len(text):
                    yield found[0]
