"""A text and a term → whether a sentence has room for the noun phrase of the term, and whether a scene should tell it.

>>> words("the sum of [1, 2, 3] and $n$"), words("the graph with edges 1-2, 2-3 (4), 3-1")
(6, 5)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentprop.composition.terms import Apply, Given, Term, Variable, walk
from agentprop.skills import Package, Spec

FULL = 34
"""Most words of a sentence in which a value is explained: a longer explanation is a sentence of its own."""
WORDY = 26
"""Words of a noun phrase beyond which a scene is told in its place, and the value gets a letter behind it."""
OPERATOR = 4
"""Words of "the sum of … and …"."""
_DATA = re.compile(r"\[[^\]]*\]|\d+-\d+(?: \(\d+\))?(?:, \d+-\d+(?: \(\d+\))?)*")


def words(text: str) -> int:
    """Words of a text, each list and each row of edges counted as one."""
    return len(_DATA.sub("#", text).split())


def has_room(text: str, term: Term, library: Mapping[str, Package]) -> bool:
    """True if the noun phrase of a term can stand in a text without making it too long."""
    return words(text) + sum(_said(node, library) for node in walk(term)) <= FULL


def _said(node: Term, library: Mapping[str, Package]) -> int:
    """Words that a part of a term takes, about."""
    if isinstance(node, Given | Variable):
        return 0
    value = library[node.skill].spec.value if isinstance(node, Apply) else ()
    return words(value[0]) if value else OPERATOR


def is_wordy(spec: Spec) -> bool:
    """True if a value has only noun phrases that are too long, and a scene can be told in their place."""
    return bool(spec.asked) and min(map(words, spec.value), default=0) > WORDY
