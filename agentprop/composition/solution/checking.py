r"""A solution's text → why it cannot be trusted, found by reading it again without knowing how it was written.

Three things are asked of it. Every number in it is one of the statement, one that the sandbox computed (a step, a
value, an integer of a sweep), or a constant in the sentences of the skills that it uses. Every equation between numbers
holds when it is recalculated. And its last line gives the answer.

    >>> known = Sources.of("Find the sum of $3$ and $4$.", [7], ())
    >>> fault("The sum is $3 + 4 = 7$.\n\nThe answer is 7.", "7", known) is None
    True
    >>> fault("The sum is $3 + 5 = 8$.\n\nThe answer is 7.", "7", known)
    'unknown number: 5 is neither in the statement nor among the values computed'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from agentprop.composition.solution.arithmetic import false_equations

_POWER = re.compile(r"(\d+(?:\.\d+)?)\\times\s*10\^\{(-?\d+)\}")
_BEHIND_HOLE = re.compile(r"<\w+>\\times\s*10\^\{(-?\d+)\}")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?|(?<=[a-zA-Z_^{(])\d+(?:\.\d+)?")
Number = Fraction | int
"""A number of a text: whole ones, which most are, are compared and hashed much sooner as integers."""
_LEAF = int | float | Fraction | str
ROUNDING = Fraction(1, 10**4)
"""Largest relative difference between a decimal that is shown and the value that it stands for."""


@dataclass(frozen=True)
class Sources:
    """The numbers that a solution may hold."""

    exact: frozenset[Number]
    """Those that must stand as they are."""
    decimals: tuple[float, ...]
    """Computed decimals, which are shown rounded."""
    powers: frozenset[int] = frozenset()
    """Exponents of ten behind a hole of a sentence: what is told is then so many times a number."""

    @classmethod
    def of(cls, statement: str, computed: Iterable[Any], sentences: Iterable[str]) -> Sources:
        r"""Numbers of a statement, of computed values, and of the sentences of skills outside of their holes.

        A statement with $7.2\times10^{19}$ atoms holds 7.2 too, with which a solution may go on.
        """
        told = [_told(text) for text in sentences]
        exact = {*numbers(statement)}.union(*(numbers for numbers, _ in told))
        exact |= {Fraction(mantissa) for mantissa, _ in _POWER.findall(statement)}
        decimals: list[float] = []
        for leaf in _leaves(computed):
            if isinstance(leaf, float):
                decimals.append(abs(leaf))
            elif isinstance(leaf, str):
                exact |= {*numbers(leaf)}
            elif isinstance(leaf, int):
                exact |= {abs(leaf), 1}
            else:
                exact |= {abs(leaf.numerator), leaf.denominator}
        powers = frozenset[int]().union(*(powers for _, powers in told))
        return cls(frozenset(exact), tuple(decimals), powers)

    def hold(self, number: Number) -> bool:
        """Whether a number is one of them."""
        return self._is_known(number) or any(self._is_known(number / Fraction(10) ** power) for power in self.powers)

    def _is_known(self, number: Number) -> bool:
        known = number in self.exact
        if known or not self.decimals:
            return known
        shown, rounding = number.numerator / number.denominator, float(ROUNDING)
        return any(abs(shown - value) <= rounding * value for value in self.decimals)


def fault(text: str, answer: str, sources: Sources) -> str | None:
    """Say why a solution of a value cannot be trusted, the kind of reason first; None if it can."""
    body, _, last = text.rpartition("\n\n")
    if not last.endswith(f" {answer}."):
        return "no answer: the last line is another one"
    for number in numbers(body):
        if not sources.hold(number):
            return f"unknown number: {_brief(number)} is neither in the statement nor among the values computed"
    wrong = _false_equation(body)
    return None if wrong is None else f"false equation: {wrong}"


@lru_cache(maxsize=512)  # a solution is checked where it is written and where it is judged
def _false_equation(text: str) -> str | None:
    return next(false_equations(text), None)


@lru_cache(maxsize=512)  # likewise
def numbers(text: str) -> tuple[Number, ...]:
    r"""The numbers of a text without their signs.

    >>> [str(n) for n in numbers(r"$1.5\times10^{3}$, $x_2 = 3/4$, $5e+2f$ and f1 of [6, -7].")]
    ['1500', '2', '3', '4', '5', '2', '1', '6', '7']
    """
    rest, powers = (_POWER.sub(" ", text), _POWER.findall(text)) if r"\times" in text else (text, [])
    found = [Fraction(m) * Fraction(10) ** int(exponent) for m, exponent in powers if abs(int(exponent)) <= 400]
    return (*found, *map(_number, _NUMBER.findall(rest)))


@lru_cache(maxsize=1 << 14)
def _number(digits: str) -> Number:
    """A number as it is written; most occur again and again."""
    return int(digits) if digits.isdigit() else Fraction(digits)


@lru_cache(maxsize=1 << 12)
def _told(sentence: str) -> tuple[frozenset[Number], frozenset[int]]:
    """Numbers of a skill's sentence outside of its holes, and exponents of ten behind a hole."""
    powers = frozenset(map(int, _BEHIND_HOLE.findall(sentence)))
    return frozenset(numbers(re.sub(r"<\w+>", " ", sentence))), powers


def _leaves(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _leaves(value)
        elif isinstance(value, _LEAF) and not isinstance(value, bool):
            yield value


def _brief(number: Number) -> str:
    return str(number) if number.denominator == 1 else f"{float(number):.9g}"
