"""Members of one key → families: each joins the first family that takes it, or founds one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Member = TypeVar("Member")
Family = TypeVar("Family")


def gathered(
    members: Iterable[Member], found: Callable[[Member], Family], join: Callable[[Family, Member], Family | None]
) -> list[Family]:
    """Gather greedily, in order; `join` gives the family with one more member, or None if it does not fit.

    >>> gathered([1, 2, 5, 3], lambda one: [one], lambda family, one: family + [one] if one == family[-1] + 1 else None)
    [[1, 2, 3], [5]]
    """
    families: list[Family] = []
    for member in members:
        for position, family in enumerate(families):
            joined = join(family, member)
            if joined is not None:
                families[position] = joined
                break
        else:
            families.append(found(member))
    return families
