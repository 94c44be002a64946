"""Recorded calls of a function → new arguments of the same kind, for which its description is meant as well.

A description says for which arguments it is meant, in words of which a program reads few: that a list is not empty, a
number positive, a side of a triangle a length. So a new call also keeps everything that all recorded calls have in
common: ranges, lengths, letters, order, distinctness, and how the arguments compare with each other. What is drawn
otherwise is thrown away.

    >>> calls = [[[3, 1, 2], 2], [[9, 4], 1], [[5, 8, 7, 6], 4]]
    >>> drawn = new_calls(calls, Random(0), 3)
    >>> all(1 <= number <= len(items) <= 4 and 1 <= min(items) <= max(items) <= 9 for items, number in drawn)
    True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, permutations
from random import Random
from typing import Any

TRIES = 40
"""Draws for each new call that is wanted."""

Call = list[Any]


def new_calls(recorded: Sequence[Call], rng: Random, wanted: int, description: str = "") -> list[Call]:
    """Draw up to `wanted` different calls that are not recorded; fewer if the recorded ones leave little to draw."""
    if not recorded or len({len(call) for call in recorded}) > 1 or not recorded[0]:
        return []
    kept = [rule for rule in _rules(len(recorded[0])) if all(rule(call) for call in recorded)]
    kept += [rule for words, rule in _STATED if words.search(description)]
    pools = [_SeenValues([call[place] for call in recorded]) for place in range(len(recorded[0]))]
    seen = {repr(call) for call in recorded}
    found: list[Call] = []
    for _ in range(TRIES * wanted):
        call = [pool.varied(value, rng) for pool, value in zip(pools, rng.choice(recorded), strict=True)]
        if repr(call) not in seen and all(rule(call) for rule in kept):
            seen.add(repr(call))
            found.append(call)
        if len(found) == wanted:
            break
    return found


# --- drawing ---


class _SeenValues:
    """What the recorded calls have in one place: numbers, lengths, letters."""

    def __init__(self, values: Sequence[Any]) -> None:
        leaves = [leaf for value in values for leaf in _leaves(value)]
        self.integers = [leaf for leaf in leaves if type(leaf) is int]
        self.floats = [leaf for leaf in leaves if type(leaf) is float]
        self.strings = [leaf for leaf in leaves if type(leaf) is str]
        self.letters = {kind: sorted({c for text in self.strings for c in text if kind(c)}) for kind in _CLASSES}
        self.lengths = [len(item) for value in values for item in _lists(value)]

    def varied(self, value: Any, rng: Random) -> Any:
        """A value of the same build."""
        match value:
            case bool():
                return rng.random() < 0.5
            case int():
                return self._number(self.integers, rng.randint, rng)
            case float():
                return round(self._number(self.floats, rng.uniform, rng), _places(self.floats))
            case str():
                return self._text(value, rng)
            case list():
                return self._list(value, rng)
            case tuple():
                return tuple(self.varied(item, rng) for item in value)
            case dict():
                return {key: self.varied(item, rng) for key, item in value.items()}
            case _:
                return value

    def _number(self, known: Sequence[Any], draw: Callable[[Any, Any], Any], rng: Random) -> Any:
        """A recorded number as often as any of their range: arguments of a call often have numbers in common."""
        return rng.choice(known) if rng.random() < 0.5 else draw(min(known), max(known))

    def _list(self, value: list[Any], rng: Random) -> Any:
        if not value:
            return []
        if any(isinstance(item, list) for item in value):
            return (
                _shuffled(value, rng) if rng.random() < 0.5 else _refilled(value, lambda leaf: self.varied(leaf, rng))
            )
        if rng.random() < 0.2:
            return rng.sample(value, len(value))
        length = rng.randint(min(self.lengths), max(self.lengths))
        drawn = [self.varied(rng.choice(value), rng) for _ in range(length)]
        return _sorted(drawn) if _ordered(value) and len(value) > 2 else drawn

    def _text(self, value: str, rng: Random) -> str:
        """Another recorded text, some of its letters exchanged for letters of their class that texts here have."""
        text = rng.choice(self.strings) if len(value) > 1 else value
        share = rng.choice((0.2, 0.5, 1.0))
        return "".join(self._letter(c, rng) if rng.random() < share else c for c in text)

    def _letter(self, letter: str, rng: Random) -> str:
        for kind in _CLASSES:
            if kind(letter):
                return rng.choice(self.letters[kind])
        return letter


_CLASSES: tuple[Callable[[str], bool], ...] = (str.isdigit, str.islower, str.isupper)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    else:
        yield value


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _lists(item)


def _places(values: Sequence[float]) -> int:
    return max(min(len(repr(value).partition(".")[2]), 4) for value in values)


def _refilled(value: Any, filler: Callable[[Any], Any]) -> Any:
    """Nested lists of the same lengths with other leaves: a grid stays a grid."""
    return [_refilled(item, filler) for item in value] if isinstance(value, list) else filler(value)


def _shuffled(value: list[Any], rng: Random) -> Any:
    """Nested lists of the same lengths with their leaves exchanged; a tuple or a dictionary is a leaf.

    >>> _shuffled([[1, (2, 3)], [{}]], Random(1))
    [[(2, 3), {}], [1]]
    """
    leaves: list[Any] = []
    _refilled(value, leaves.append)
    rng.shuffle(leaves)
    rest = iter(leaves)
    return _refilled(value, lambda leaf: next(rest))


def _sorted(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return values


# --- what all calls have in common ---


Rule = Callable[[Call], bool]


def _rules(places: int) -> list[Rule]:
    """Properties of a call that count as meant if every recorded call has them."""
    rules: list[Rule] = [_of(place, check) for place in range(places) for check in _SINGLE]
    for one, other in permutations(range(places), 2):
        rules += [_between(one, other, check) for check in _PAIRS]
    return rules


def _of(place: int, check: Callable[[Any], bool]) -> Rule:
    return lambda call: check(call[place])


def _between(one: int, other: int, check: Callable[[Any, Any], bool]) -> Rule:
    return lambda call: check(call[one], call[other])


def _numbers(value: Any) -> list[Any]:
    return [leaf for leaf in _leaves(value) if type(leaf) in (int, float)]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(value) if isinstance(value, str) else []


_SINGLE: tuple[Callable[[Any], bool], ...] = (
    lambda value: all(number % 2 == 0 for number in _numbers(value)),
    lambda value: all(number % 2 == 1 for number in _numbers(value)),
    lambda value: all(number == int(number) for number in _numbers(value)),
    lambda value: len({repr(item) for item in _items(value)}) == len(_items(value)),
    lambda value: len(set(_numbers(value))) == len(_numbers(value)),
    lambda value: sorted(_numbers(value)) == list(range(1, len(_numbers(value)) + 1)),
    lambda value: len({len(item) for item in _items(value) if isinstance(item, list)}) <= 1,
    lambda value: len(_items(value)) % 2 == 0,
    lambda value: len(_items(value)) % 2 == 1,
    lambda value: _items(value) == _items(value)[::-1],
    lambda value: _items(value) != _items(value)[::-1],
    lambda value: _ordered(_items(value)),
    lambda value: _ordered(_items(value)[::-1]),
    lambda value: all(len(item) == 2 and _ordered(item) for item in _inner(value)),
    lambda value: all(len(item) == 2 and item[0] != item[1] for item in _inner(value)),
    lambda value: isinstance(value, str) and value == value.strip() and "  " not in value,
    lambda value: isinstance(value, str) and value.isidentifier(),
    lambda value: isinstance(value, int) and value > 1 and all(value % d for d in range(2, int(value**0.5) + 1)),
)


def _inner(value: Any) -> list[Any]:
    """A value's own items that have items: the rows of a grid, the ends of several intervals."""
    if isinstance(value, tuple):
        return [value, *(item for item in value if isinstance(item, list | tuple))]
    return [item for item in value if isinstance(item, list | tuple)] if isinstance(value, list) else []


def _ordered(items: Sequence[Any]) -> bool:
    try:
        return all(one <= other for one, other in pairwise(items))
    except TypeError:
        return False


def _number_pair(one: Any, other: Any) -> bool:
    return type(one) in (int, float) and type(other) in (int, float)


_PAIRS: tuple[Callable[[Any, Any], bool], ...] = (
    lambda one, other: _number_pair(one, other) and one <= other,
    lambda one, other: _number_pair(one, other) and one < other,
    lambda one, other: _number_pair(one, other) and one != other,
    lambda one, other: type(one) is int and isinstance(other, list | str | tuple) and one == len(other),
    lambda one, other: type(one) is int and isinstance(other, list | str) and one <= len(other),
    lambda one, other: type(one) is int and isinstance(other, list | str) and one < len(other),
    lambda one, other: isinstance(one, list | str) and isinstance(other, list | str) and len(one) == len(other),
    lambda one, other: isinstance(one, list | str) and isinstance(other, list | str) and len(one) <= len(other),
    lambda one, other: isinstance(other, list) and one in other,
    lambda one, other: isinstance(other, list) and one not in other,
    lambda one, other: isinstance(one, str) and isinstance(other, str) and one in other,
    lambda one, other: isinstance(one, list) and isinstance(other, list) and all(item in other for item in one),
    lambda one, other: isinstance(one, str) and isinstance(other, str) and sorted(one) == sorted(other),
)


# --- what the description says ---


def _shaped(call: Call) -> bool:
    return all(value > 0 for value in call if type(value) in (int, float))


def _filled(call: Call) -> bool:
    return all(len(value) > 0 for value in call if isinstance(value, list | tuple | dict | str))


_SHAPES = r"(?:triangle|rectangle|circle|cube|cuboid|cylinder|cone|sphere|polygon|prism|tetrahedron|rhombu)s?"
_STATED: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"\bnon-?empty\b", re.IGNORECASE), _filled),
    (re.compile(r"\b(?:given|takes?|accepts?|gets?) (?:an? |two |three )?positive\b", re.IGNORECASE), _shaped),
    (re.compile(rf"\b{_SHAPES}\b", re.IGNORECASE), _shaped),
)
"""Words of a description, and what every call must then be."""
