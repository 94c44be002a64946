"""Values of lists: totals, means, extremes, and the one value that several ways lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import div, is_rational, is_real, sign_of
from agentprop.extraction.mining.question.kernel.forms import QuotientForm, settled
from agentprop.extraction.mining.question.kernel.limits import Undefined
from agentprop.extraction.mining.question.kernel.plain import plain_div, same_number
from agentprop.extraction.mining.question.kernel.ranges import Intervals


def total(values: Iterable[Any]) -> Any:
    """The sum."""
    result: Any = 0
    for value in values:
        result = result + value
    return result


def plain_total(values: Iterable[Any]) -> Any:
    """The sum, smallest first."""
    return sum(sorted(values, key=abs))


def times_all(values: Iterable[Any]) -> Any:
    """The product."""
    result: Any = 1
    for value in values:
        result = value * result
    return result


def plain_times_all(values: Iterable[Any]) -> Any:
    """The product by halves."""
    found = list(values)
    if len(found) < 2:
        return found[0] if found else 1
    middle = len(found) // 2
    return plain_times_all(found[:middle]) * plain_times_all(found[middle:])


def some(values: Sequence[Any]) -> Sequence[Any]:
    """A list with something in it."""
    if not values:
        raise Undefined("there is none")
    return values


def count_of(values: Sequence[Any]) -> int:
    """How many."""
    return len(values)


def mean(values: Sequence[Any]) -> Any:
    """The arithmetic mean."""
    return div(total(some(values)), len(values))


def plain_mean(values: Sequence[Any]) -> Any:
    """The arithmetic mean, as the first value and the mean distance from it."""
    first = some(values)[0]
    return first + plain_div(plain_total([value - first for value in values]), len(values))


def median(values: Sequence[Any]) -> Any:
    """The middle value, or the mean of the two middle ones."""
    ordered = sorted(some(values))
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else div(ordered[half - 1] + ordered[half], 2)


def plain_median(values: Sequence[Any]) -> Any:
    """The median, taking away both ends in turn."""
    left = list(some(values))
    while len(left) > 2:
        left.remove(max(left))
        left.remove(min(left))
    return left[0] if len(left) == 1 else plain_div(left[0] + left[1], 2)


def mode(values: Sequence[Any]) -> Any:
    """The most frequent value, if there is one."""
    counts = {value: list(values).count(value) for value in some(values)}
    most = [value for value, count in counts.items() if count == max(counts.values())]
    if len(most) != 1:
        raise Undefined("several modes")
    return most[0]


def spread_of(values: Sequence[Any]) -> Any:
    """Largest minus smallest."""
    return max(some(values)) - min(values)


def largest(values: Iterable[Any]) -> Any:
    """The largest; of intervals the end that belongs to them."""
    found = some(list(values))
    if isinstance(values, Intervals):
        return end_of(values[-1][1], values[-1][3])
    return max(found)


def smallest(values: Iterable[Any]) -> Any:
    """The smallest."""
    found = some(list(values))
    if isinstance(values, Intervals):
        return end_of(values[0][0], values[0][2])
    return min(found)


def end_of(value: Any, belongs: bool) -> Any:
    """An end of a set of reals. Raises Undefined if there is none, or it does not belong to the set."""
    if value is None or not belongs:
        raise Undefined("no such number")
    return value


def only(values: Iterable[Any]) -> Any:
    """The value that all are. Raises Undefined where there is none or they differ."""
    found = list(dict.fromkeys(map(hashable, map(settled, values))))
    if len(found) != 1:
        raise Undefined("no single value")
    if isinstance(found[0], QuotientForm):
        raise Undefined("not determined")
    return found[0]


def hashable(value: Any) -> Any:
    """Lists as tuples, so that they can be told apart."""
    return tuple(map(hashable, value)) if isinstance(value, list | tuple) else value


def plain_only(values: Iterable[Any]) -> Any:
    """The same for floats: all within rounding."""
    found = list(values)
    if not found or any(not same_number(found[0], one) for one in found):
        raise Undefined("no single value")
    return found[0]


def difference_of(values: Sequence[Any]) -> Any:
    """The positive difference of two values."""
    if len(values) != 2:
        raise Undefined("not two values")
    first, second = values
    return first - second if first > second else second - first


def ordered(values: Iterable[Any]) -> list[Any]:
    """Different values, ascending where they have an order."""
    found: list[Any] = []
    for value in map(settled, values):
        if holds_form(value):
            raise Undefined("not determined")
        if not any(value == one for one in found):
            found.append(value)
    try:
        return sorted(found)
    except (Undefined, TypeError):
        return found


def holds_form(value: Any) -> bool:
    """Whether an unknown is left in a value."""
    if isinstance(value, list | tuple):
        return any(holds_form(settled(one)) for one in value)
    return isinstance(value, QuotientForm)


def nth(values: Sequence[Any], place: Any) -> Any:
    """The value at a place, counted from one."""
    if not 1 <= place <= len(values):
        raise Undefined("no such place")
    return values[place - 1]


# --- conditions ---


def equal(left: Any, right: Any) -> bool:
    """Whether two exact values are the same."""
    return bool(settled(left) == settled(right))


def divides(divisor: Any, value: Any) -> bool:
    """Whether a whole number divides another exactly; no number divides what is not whole."""
    from_, by = settled(value), settled(divisor)
    if not isinstance(from_, int) or not isinstance(by, int):
        return by != 0 and is_rational(div(from_, by)) and Fraction(div(from_, by)).denominator == 1 and by == int(by)
    return by != 0 and from_ % by == 0


def plain_divides(divisor: Any, value: Any) -> bool:
    """The same by the quotient."""
    if divisor == 0:
        return False
    if isinstance(value, int) and isinstance(divisor, int):
        return value - divisor * (value // divisor) == 0
    quotient = plain_div(value, divisor)
    return not isinstance(quotient, complex) and abs(quotient - round(quotient)) < 1e-9


def congruent(left: Any, right: Any, modulus: Any) -> bool:
    """Whether two whole numbers differ by a multiple of the modulus."""
    difference = settled(left - right)
    return isinstance(difference, int) and modulus != 0 and difference % modulus == 0


def plain_congruent(left: Any, right: Any, modulus: Any) -> bool:
    """The same by remainders."""
    if not isinstance(left, int) or not isinstance(right, int):
        return False
    return bool(left % modulus == right % modulus)


def within(value: Any, kind: str) -> bool:
    """Whether a value belongs to a sort of numbers; an unknown that stays free may."""
    value = settled(value)
    if isinstance(value, QuotientForm):
        return True
    return kind in sorts_of(value)


def sorts_of(value: Any) -> set[str]:
    """The sorts of numbers that an exact value belongs to."""
    found = {"complex"}
    if value != 0:
        found.add("nonzero")
    if not is_real(value):
        return found | {"nonreal"}
    sign = sign_of(value)
    found |= {"real", *(["positive"] if sign > 0 else []), *(["negative"] if sign < 0 else [])}
    found |= {*(["nonnegative"] if sign >= 0 else []), *(["nonpositive"] if sign <= 0 else [])}
    if is_rational(value):
        found.add("rational")
        if Fraction(value).denominator == 1:
            found |= {"integer", "even" if value % 2 == 0 else "odd"}
    else:
        found.add("irrational")
    return found


def plain_within(value: Any, kind: str) -> bool:
    """The same for floats."""
    if kind == "complex":
        return True
    if isinstance(value, complex):
        if abs(value.imag) > 1e-7 * max(1.0, abs(value)):
            return kind == "nonreal" or (kind == "nonzero" and value != 0)
        value = value.real
    if kind in ("integer", "even", "odd"):
        near = round(value) if abs(value) < 1e15 else None
        return near is not None and abs(value - near) < 1e-6 and (kind == "integer" or near % 2 == (kind == "odd"))
    if kind in ("rational", "irrational"):
        return (abs(Fraction(value).limit_denominator(5000) - Fraction(value)) < 1e-10) == (kind == "rational")
    small = 1e-9
    holds: dict[str, bool] = {
        "real": True,
        "nonreal": False,
        "nonzero": abs(value) > small,
        "positive": value > small,
        "negative": value < -small,
        "nonnegative": value >= -small,
        "nonpositive": value <= small,
    }
    return holds[kind]
