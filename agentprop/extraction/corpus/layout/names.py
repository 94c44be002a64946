"""What the fields of corpora are called: `parts.toml`, and names as they are compared with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")
STRONG = 1.0
WORD = 0.4
WEAK = 0.35
"""How much a name says: one of the usual ones, one with a usual word in it, one of those that say little."""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("parts.toml").read_text(encoding="utf-8"))


@cache
def _ranks(part: str) -> dict[str, float]:
    """Name → how much it says, the first of the list most."""
    row = _table()[part]
    names = [plain(name) for name in row["names"].split()]
    ranked = {name: STRONG - 0.5 * place / len(names) for place, name in reversed([*enumerate(names)])}
    return {**{plain(name): WEAK - 0.01 * i for i, name in enumerate(row.get("weak", "").split())}, **ranked}


@cache
def vocabulary(kind: str) -> frozenset[str]:
    """A list of words of the table."""
    return frozenset(_table()["vocabulary"][kind].split())


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name as it is compared: `Final_Answer`, `final answer` and `finalAnswer` are one."""
    return re.sub(r"[\W_]+", "", str(name)).lower()  # data written as Python may have numbers for names


def _in_order(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(str(name))]


@lru_cache(maxsize=4096)
def words(name: str) -> frozenset[str]:
    """The words of a name: `answerKey` → answer, key."""
    return frozenset(_in_order(name))


@cache
def _usual(part: str) -> frozenset[str]:
    return frozenset(_table()[part].get("words", "").split())


@lru_cache(maxsize=16384)
def _told_by_words(name: str) -> frozenset[str]:
    """The parts that a longer name may hold: those of its last usual word, for a `ground_truth_solution` is one."""
    if words(name) & vocabulary("about") or _in_order(name)[-1:] == ["correct"]:  # whether it is
        return frozenset()
    held = ({part for part in ("question", "solution", "answer") if word in _usual(part)} for word in _in_order(name))
    return frozenset(next(filter(None, reversed([*held])), ()))


@lru_cache(maxsize=16384)
def likeness(part: str, name: str) -> float:
    """How much a name says that the part is here, from 0 to 1."""
    found = _ranks(part).get(plain(name))
    if found is not None:
        return found
    return WORD if part in _told_by_words(name) else 0.0


def asks(name: str) -> bool:
    """Whether a field of this name holds a question."""
    return likeness("question", name) > WEAK


def is_record(names: Iterable[str]) -> bool:
    """Whether fields of these names make a record: one asks, or one that may ask stands beside one that answers."""
    listed = [str(name) for name in names]
    if any(map(asks, listed)):
        return True
    answered = any(likeness(part, name) > WORD for part in ("answer", "solution", "program") for name in listed)
    return answered and any(likeness("question", name) for name in listed)


def split_of(name: str) -> str:
    """train, test or validation, if a split is called so; else nothing."""
    found = plain(name)
    return next((split for split in ("train", "test", "validation") if found in vocabulary(split)), "")
