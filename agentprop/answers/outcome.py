"""What a comparison found: a three-valued status, the rule that decided, and why; and how several findings combine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["same", "different", "undetermined"]

GOLD_UNREADABLE = "gold-unreadable"
"""The rule of an undetermined verdict: the right answer itself could not be read to its end."""

PRED_UNREADABLE = "pred-unreadable"
"""The rule of a verdict on a prediction that could not be read as one answer; it earns nothing."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The verdict on one pair of answers."""

    status: Status
    """`undetermined` when neither could be shown in time; never a polite word for different."""

    rule: str
    """The step of the cascade that decided, such as `exact-rational`, `units`, `timeout`, `gold-unreadable`."""

    why: str
    """One sentence a person can check."""

    def __bool__(self) -> bool:
        raise TypeError('A verdict has three values: compare its status, as in `verdict.status == "same"`.')


class Hard(Exception):
    """The pair needs more than exact arithmetic on small numbers: it is handed to a worker process."""


class Unresolved(Exception):
    """Even a worker cannot tell, and says why."""


def same(rule: str, why: str) -> Equivalence:
    return Equivalence("same", rule, why)


def different(rule: str, why: str) -> Equivalence:
    return Equivalence("different", rule, why)


def undetermined(rule: str, why: str) -> Equivalence:
    return Equivalence("undetermined", rule, why)


def all_same(parts: Iterable[Equivalence], rule: str) -> Equivalence:
    """Same if every part is; different as soon as one part is."""
    open_part: Equivalence | None = None
    hard: Hard | None = None
    count = 0
    for part in _each(parts):
        if isinstance(part, Hard):
            hard = part
            continue
        count += 1
        if part.status == "different":
            return different(part.rule if part.rule.endswith(rule) else f"{rule}/{part.rule}", part.why)
        if part.status == "undetermined":
            open_part = part
    if hard is not None:
        raise hard
    return open_part if open_part is not None else same(rule, f"all {count} parts agree")


def _each(parts: Iterable[Equivalence]) -> Iterable[Equivalence | Hard]:
    iterator = iter(parts)
    while True:
        try:
            yield next(iterator)
        except StopIteration:
            return
        except Hard as hard:
            yield hard
            return
