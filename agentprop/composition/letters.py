"""A composition with a mined skill → wordings for its skills in which no letter has two meanings.

A bundled wording has few letters, and the writer takes care of them. A mined question has letters of its own, its
unknowns and functions, and often noun phrases that say the same in other letters. A wording can be used if what is left
of the other skills' wordings still goes with it.

    >>> texts = {"asks": ["Find $x$ if $x = <a>$."], "names": ["the value of $x$", "the value of $w$"]}
    >>> letters = LetterUse({name: list(map(letters_of, found)) for name, found in texts.items()})
    >>> [letters.fits("names", text) for text in texts["names"]]
    [False, True]
    >>> letters.claim("names", "the value of $w$"), letters.fits("asks", "Find $w$.")
    (True, False)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agentprop.composition import grammar
from agentprop.composition.terms import Apply, Term, walk
from agentprop.skills import Package, Spec


@lru_cache(maxsize=65536)
def letters_of(text: str) -> frozenset[str]:
    """The letters of a wording, without the names of its holes."""
    return frozenset(grammar.letters(re.sub(r"<\w+>", "0", text)))


@dataclass
class LetterUse:
    """The letters that the skills of one statement can use, and do."""

    open: dict[str, list[frozenset[str]]]
    """Skill → the letters of each wording that it may still get."""
    claimed: dict[str, frozenset[str]] = field(default_factory=dict)
    """Skill → the letters that it uses."""

    def fits(self, skill: str, text: str) -> bool:
        """True if a wording leaves one for every other skill."""
        letters = letters_of(text)
        if letters & self._others(skill):
            return False
        rest = [sets for name, sets in self.open.items() if name != skill and name not in self.claimed]
        return _apart(rest, self._others(skill) | letters)

    def claim(self, skill: str, text: str) -> bool:
        """Use a wording; False if another skill has one of its letters."""
        letters = letters_of(text)
        if letters & self._others(skill):
            return False
        self.claimed[skill] = self.claimed.get(skill, frozenset()) | letters
        return True

    def _others(self, skill: str) -> frozenset[str]:
        return frozenset[str]().union(*(used for name, used in self.claimed.items() if name != skill))


def letter_use(term: Term, library: Mapping[str, Package]) -> LetterUse | None:
    """The letters that a term's skills can use; None if all of them are bundled, whose letters the writer knows."""
    names = list(dict.fromkeys(node.skill for node in walk(term) if isinstance(node, Apply)))
    specs = {name: library[name].spec for name in names}
    if all(spec.evidence != "self-consistent" for spec in specs.values()):
        return None
    asks = term.skill if isinstance(term, Apply) else ""
    return LetterUse({name: [*_sets(spec, asks=name == asks)] for name, spec in specs.items()})


def shares_letters(term: Term, library: Mapping[str, Package]) -> bool:
    """True if a letter of a mined question has another meaning in every wording of another skill of the term."""
    use = letter_use(term, library)
    return use is not None and not _apart(list(use.open.values()), frozenset())


def _sets(spec: Spec, *, asks: bool) -> Iterator[frozenset[str]]:
    """Letters of the wordings that a skill may get: its noun phrases where another one asks, if it has any."""
    told = [wording.text for wording in spec.phrasings]
    follows = [wording.text for wordings in spec.follows.values() for wording in wordings]
    tells = asks or not spec.value or (spec.output is not None and spec.output.role is not None)
    yield from dict.fromkeys(map(letters_of, [*(told if tells else ()), *spec.value, *follows]))


def _apart(choices: Sequence[Sequence[frozenset[str]]], taken: frozenset[str]) -> bool:
    """True if one set of each can be chosen such that no two have a letter in common."""
    if not choices:
        return True
    return any(not one & taken and _apart(choices[1:], taken | one) for one in choices[0])
