"""Arrangements, selections and chances: closed counts on one route, counting one by one on the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import div, whole
from agentprop.extraction.mining.question.kernel.limits import NotExact, TooLong, Undefined, step
from agentprop.extraction.mining.question.kernel.plain import plain_whole

MOST_COUNTED = 200_000


def arrangements(word: str) -> int:
    """In how many orders the letters of a word can stand."""
    total = math.factorial(len(word))
    for letter in set(word):
        total //= math.factorial(word.count(letter))
    return total


def plain_arrangements(word: str) -> int:
    """The same, letter after letter: choose the places of each among those that are left."""
    total, left = 1, len(word)
    for letter in sorted(set(word)):
        times = word.count(letter)
        for place in range(times):
            total = total * (left - place) // (place + 1)
        left -= times
    return total


def group_arrangements(sizes: Sequence[Any]) -> int:
    """In how many orders things can stand that are alike within groups."""
    counts = [whole(size) for size in sizes]
    total = math.factorial(sum(counts))
    for count in counts:
        total //= math.factorial(count)
    return total


def plain_group_arrangements(sizes: Sequence[Any]) -> int:
    """The same by choosing places group by group."""
    total, left = 1, sum(map(plain_whole, sizes))
    for size in map(plain_whole, sizes):
        total *= math.comb(left, size)
        left -= size
    return total


def orders(n: Any) -> int:
    """In how many orders n different things can stand."""
    n = whole(n)
    if not 0 <= n <= 200:
        raise Undefined("no such number of things")
    return math.factorial(n)


def plain_orders(n: Any) -> int:
    """The same, place by place."""
    total = 1
    for left in range(plain_whole(n), 0, -1):
        total *= left
    return total


def selections(n: Any, k: Any) -> int:
    """In how many ways k of n things can be taken, order not counting."""
    n, k = whole(n), whole(k)
    if not 0 <= k <= n <= 5000:
        raise Undefined("no such selection")
    return math.comb(n, k)


def plain_selections(n: Any, k: Any) -> int:
    """The same, counted one by one, or by Pascal's rule for many."""
    n, k = plain_whole(n), plain_whole(k)
    if not 0 <= k <= n <= 5000:
        raise Undefined("no such selection")
    if math.comb(n, k) < 3000:
        return sum(1 for _ in itertools.combinations(range(n), k))
    row = [1]
    for _ in range(n):
        step(len(row) // 50)
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    return int(row[k])


def ordered_selections(n: Any, k: Any) -> int:
    """In how many ways k of n things can be put in order."""
    n, k = whole(n), whole(k)
    if not 0 <= k <= n <= 5000:
        raise Undefined("no such selection")
    return math.perm(n, k)


def plain_ordered_selections(n: Any, k: Any) -> int:
    """The same, one place after the other."""
    n, k = plain_whole(n), plain_whole(k)
    if not 0 <= k <= n <= 5000:
        raise Undefined("no such selection")
    total = 1
    for place in range(k):
        total *= n - place
    return total


def around(n: Any) -> int:
    """In how many ways n people can sit around a table, turned tables being the same."""
    return orders(whole(n) - 1)


def plain_around(n: Any) -> int:
    """The same: all orders, each n times."""
    n = plain_whole(n)
    return int(plain_orders(n) // n)


# --- chances ---


def share(space: Sequence[Any], test: Callable[[Any], bool]) -> Any:
    """The share of equally likely cases that pass."""
    step(len(space))
    if not space:
        raise Undefined("no cases")
    return div(sum(1 for case in space if test(case)), len(space))


def plain_share(space: Sequence[Any], test: Callable[[Any], bool]) -> Any:
    """The same as one minus the share of the others."""
    missed = 0
    for case in reversed(space):
        step()
        missed += not test(case)
    return 1 - Fraction(missed, len(space))


def throws(count: Any, sides: Any) -> list[tuple[int, ...]]:
    """All results of so many dice, the numbers from one to the number of sides."""
    count, sides = whole(count), whole(sides)
    if count < 1 or sides < 1 or sides**count > MOST_COUNTED:
        raise TooLong("too many cases")
    return list(itertools.product(range(1, sides + 1), repeat=count))


def tosses(count: Any) -> list[tuple[int, ...]]:
    """All results of so many coins, 1 for heads."""
    count = whole(count)
    if not 1 <= count <= 16:
        raise TooLong("too many cases")
    return list(itertools.product((0, 1), repeat=count))


def at_least_of(n: Any, least: Any, chance: Any) -> Any:
    """The chance of so many successes or more in n independent tries."""
    n, least = whole(n), whole(least)
    return sum(exactly_of(n, k, chance) for k in range(least, n + 1))


def exactly_of(n: Any, k: Any, chance: Any) -> Any:
    """The chance of exactly k successes in n independent tries."""
    n, k = whole(n), whole(k)
    if not 0 <= k <= n <= 3000 or not 0 <= chance <= 1:
        raise Undefined("no such chance")
    return math.comb(n, k) * Fraction(chance) ** k * (1 - Fraction(chance)) ** (n - k)


def plain_exactly_of(n: Any, k: Any, chance: Any) -> Any:
    """The same, try after try."""
    return try_after_try(n, chance)[plain_whole(k)]


def plain_at_least_of(n: Any, least: Any, chance: Any) -> Any:
    """The same, try after try."""
    return sum(try_after_try(n, chance)[plain_whole(least) :])


def try_after_try(n: Any, chance: Any) -> list[Any]:
    """Chances of each number of successes."""
    row: list[Any] = [1.0]
    n = plain_whole(n)
    if n > 3000 or not 0 <= chance <= 1:
        raise NotExact("too many tries")
    for _ in range(n):
        step()
        row = [a * float(1 - chance) + b * float(chance) for a, b in zip([*row, 0.0], [0.0, *row], strict=True)]
    return row


def pairs_of(values: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Pairs of different members, order not counting."""
    return itertools.combinations(values, 2)


# --- sequences ---


def arithmetic_term(values: Sequence[Any], place: Any) -> Any:
    """The term of an arithmetic sequence at a place, from its first terms."""
    gaps = {b - a for a, b in itertools.pairwise(values)}
    if len(gaps) != 1:
        raise Undefined("no arithmetic sequence")
    return values[0] + (whole(place) - 1) * gaps.pop()


def plain_arithmetic_term(values: Sequence[Any], place: Any) -> Any:
    """The same, term after term."""
    if len(values) < 2 or any(
        abs((c - b) - (b - a)) > 1e-12 for a, b, c in zip(values, values[1:], values[2:], strict=False)
    ):
        raise Undefined("no arithmetic sequence")
    term = values[0]
    for _ in range(plain_whole(place) - 1):
        step()
        term = term + (values[1] - values[0])
    return term


def geometric_term(values: Sequence[Any], place: Any) -> Any:
    """The term of a geometric sequence at a place, from its first terms."""
    ratios = {div(b, a) for a, b in itertools.pairwise(values)}
    if len(ratios) != 1 or whole(place) > 500:
        raise Undefined("no geometric sequence")
    ratio, term = ratios.pop(), values[0]
    for _ in range(whole(place) - 1):
        term = term * ratio
    return term


def plain_geometric_term(values: Sequence[Any], place: Any) -> Any:
    """The same by a power of the ratio."""
    if len(values) < 2 or any(
        abs(b * b - a * c) > 1e-9 * abs(b * b) for a, b, c in zip(values, values[1:], values[2:], strict=False)
    ):
        raise Undefined("no geometric sequence")
    return values[0] * (values[1] / values[0]) ** (plain_whole(place) - 1)


def arithmetic_between(first: Any, at_first: Any, second: Any, at_second: Any, place: Any) -> Any:
    """A term of an arithmetic sequence from two others and their places."""
    return first + div(second - first, at_second - at_first) * (place - at_first)


def plain_arithmetic_between(first: Any, at_first: Any, second: Any, at_second: Any, place: Any) -> Any:
    """The same as a weighted mean."""
    if at_second == at_first:
        raise Undefined("one place")
    weight = (place - at_first) / (at_second - at_first)
    return first * (1 - weight) + second * weight
