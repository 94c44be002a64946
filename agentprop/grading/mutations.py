"""A right answer → answers changed on purpose: wrong ones that a checker must refuse, and the same one rewritten.

The change itself, by exact arithmetic on the canonical text, says if the changed answer is right; the checker that is
measured has no part in it. A change that might not alter the value is not made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from agentprop.answers.reading.units import unit_named
from agentprop.composition.answer_text import read_value
from agentprop.records import Problem

_INTEGER = re.compile(r"-?\d{1,400}")
_RATIONAL = re.compile(r"(-?\d{1,400})/([1-9]\d{0,400})")
_QUANTITY = re.compile(r"(-?\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,2})?)(?: (\D\S{0,40}))?")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9]+")
_FLIPPED = {"Yes": "No", "No": "Yes", "True": "False", "False": "True"}
GARBAGE = "I do not know."
HEDGED = frozenset({"integer", "rational", "quantity"})


@dataclass(frozen=True)
class Mutation:
    """A changed answer."""

    name: str
    """Name of the change."""
    same: bool
    """It still is the right answer."""
    text: str
    """The changed answer."""


def mutations(problem: Problem, neighbour: str | None) -> list[Mutation]:
    """Make all changes that suit an answer; `neighbour` is another problem's answer of the same kind."""
    gold = problem.answer
    if problem.answer_type == "program":
        found = [*_programs(problem)]
    else:
        found = [*_numbers(problem), *_values(problem), *_wrapped(problem)]
    found += [Mutation("empty", False, ""), Mutation("blank", False, " \n"), Mutation("garbage", False, GARBAGE)]
    if neighbour is not None and _differs(gold, neighbour):
        found.append(Mutation("neighbour", False, neighbour))
        if problem.answer_type in HEDGED:
            found.append(Mutation("hedged", False, f"{gold} or {neighbour}"))
    found.append(Mutation("identical", True, gold))
    return found


def _differs(gold: str, other: str) -> bool:
    """True if two canonical answers of one kind are certainly different."""
    left, right = _fraction(gold), _fraction(other)
    if left is not None and right is not None:
        return left != right
    return "".join(gold.split()).casefold() != "".join(other.split()).casefold()


def _fraction(text: str) -> Fraction | None:
    if _INTEGER.fullmatch(text) or _RATIONAL.fullmatch(text):
        return Fraction(text)
    return None


# --- numbers ---


def _numbers(problem: Problem) -> Iterator[Mutation]:
    value = _fraction(problem.answer)
    if problem.answer_type == "quantity":
        yield from _quantities(problem)
    elif value is not None and problem.answer_type in ("integer", "rational", "expression"):
        yield from _exact(value)


def _exact(value: Fraction) -> Iterator[Mutation]:
    """Change an integer or a fraction."""
    if value:
        yield Mutation("sign", False, str(-value))
        yield Mutation("power_of_ten", False, str(value * 10))
    yield Mutation("off_by_one", False, str(Fraction(value.numerator + 1, value.denominator)))
    yield Mutation("constant", False, "1" if value == 0 else "0")
    yield Mutation("more_digits", False, str(value * 10 + 7))
    if value.denominator > 1:
        yield Mutation("latex", True, _latex(value))
        if abs(value) != 1 and value:
            yield Mutation("inverted", False, str(1 / value))
    elif abs(value) >= 1000:
        yield Mutation("thousands", True, f"{value.numerator:,}")


def _latex(value: Fraction) -> str:
    return f"{'-' if value < 0 else ''}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _quantities(problem: Problem) -> Iterator[Mutation]:
    """Change a number of some significant figures, and its unit if it has one."""
    found = _QUANTITY.fullmatch(problem.answer)
    if found is None:
        return
    number, unit = _decimal(found[1]), found[2]
    if number is None or number == 0:
        return
    tail = f" {unit}" if unit else ""
    step = Decimal(1).scaleb(number.adjusted() - (problem.figures or len(number.as_tuple().digits)) + 1)
    yield Mutation("sign", False, f"{-number}{tail}")
    yield Mutation("last_figure", False, f"{number + step}{tail}")
    yield Mutation("power_of_ten", False, f"{number * 10:f}{tail}")
    yield Mutation("constant", False, f"0{tail}")
    smaller = _a_thousandth(unit) if unit else None
    if smaller is not None:
        yield Mutation("unit", False, f"{found[1]} {smaller}")
        yield Mutation("unit_converted", True, f"{number * 1000:f} {smaller}")


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _a_thousandth(unit: str) -> str | None:
    """Unit of a thousandth: m → mm, kg → g; None if there is no name for it."""
    whole = unit_named(unit)
    for name in (f"m{unit}", unit.removeprefix("k")):
        part = unit_named(name)
        if whole is None or part is None or whole.offset or part.offset or whole.dimensions != part.dimensions:
            continue
        if whole.factor == 1000 * part.factor:
            return name
    return None


# --- everything else ---


def _values(problem: Problem) -> Iterator[Mutation]:
    """Change truth values, words and lists."""
    gold = problem.answer
    if gold in _FLIPPED:
        yield Mutation("flipped", False, _FLIPPED[gold])
    elif problem.answer_type == "string" and _PLAIN_WORDS.fullmatch(gold):
        yield Mutation("more_letters", False, f"{gold}{gold[-1]}")
        if gold[::-1].casefold() != gold.casefold():
            yield Mutation("reversed", False, gold[::-1])
    elif problem.answer_type == "list":
        yield from _lists(gold)


def _lists(gold: str) -> Iterator[Mutation]:
    try:
        values = read_value(gold)
    except ValueError:
        return
    if not isinstance(values, list) or not values:
        return
    yield Mutation("dropped", False, repr(values[:-1]))
    yield Mutation("repeated", False, repr([*values, values[-1]]))
    if values != values[::-1]:
        yield Mutation("reversed", False, repr(values[::-1]))
    if type(values[0]) is int:
        yield Mutation("off_by_one", False, repr([values[0] + 1, *values[1:]]))
    yield Mutation("spacing", True, repr(values).replace(" ", ""))


def _wrapped(problem: Problem) -> Iterator[Mutation]:
    """Write the same answer as people and models do."""
    gold = problem.answer
    yield Mutation("padded", True, f"  {gold}\n")
    yield Mutation("tagged", True, f"<answer>{gold}</answer>")
    if problem.answer_type == "string" and not _PLAIN_WORDS.fullmatch(gold):
        return
    yield Mutation("prose", True, f"We check every case. The answer is {gold}.")
    yield Mutation("bold", True, f"**{gold}**")
    if problem.answer_type in ("integer", "rational"):
        yield Mutation("boxed", True, f"Hence $\\boxed{{{gold}}}$.")


_SPOILED = """

_right = {name}

def {name}(*arguments):
    value = _right(*arguments)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [value]
    return value + 1
"""


def _programs(problem: Problem) -> Iterator[Mutation]:
    """Change a program: other values, no value, or the same program in a fence."""
    name = problem.entry_point or "solve"
    yield Mutation("off_by_one", False, problem.answer + _SPOILED.format(name=name))
    yield Mutation("constant", False, f"def {name}(*arguments):\n    return None\n")
    yield Mutation("fenced", True, f"```python\n{problem.answer}\n```")
    yield Mutation("prose", True, f"This solves it:\n\n```python\n{problem.answer}\n```\n\nIt is linear in the input.")
    yield Mutation("commented", True, f"# solution\n{problem.answer}\n")
