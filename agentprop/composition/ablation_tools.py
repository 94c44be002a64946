"""The clauses of a composition → which of them the answer does not need. Runs inside the sandbox, over `tools`.

Each clause comes with the whole computation as a function of what is changed in it. A variant that the skills refuse
is a change: a solver who read the clause otherwise would notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any, NoReturn

ELEMENTS = 12
"""Most elements of a list or graph that are taken away one by one."""
REFUSED = (ValueError, ArithmeticError, LookupError)
ENOUGH_LINKS, ENOUGH_DATA = 0.75, 0.5
"""Share of the changed values, or of the elements, that must matter."""


class OutOfRange(Exception):
    """A changed value is none that the next skill takes, so nothing can be said of the change."""


def within(value: Any, low: float, high: float) -> Any:
    """The value, if it lies between the bounds."""
    if not low <= value <= high:
        raise OutOfRange
    return value


def outside() -> NoReturn:
    """Say that a changed value breaks a constraint of the next skill."""
    raise OutOfRange


def written(value: Any) -> int:
    """Digits that writing a value down takes: of a list those of its elements, of a float the four that count.

    >>> written(2024), written([3, 14]), written(0.123456)
    (4, 3, 4)
    """
    if isinstance(value, (list, tuple)):
        return sum(map(written, value))
    if isinstance(value, float):
        return 4
    if isinstance(value, int) and not isinstance(value, bool):
        bits = value.bit_length()
        return len(str(abs(value))) if bits < 4096 else bits * 3 // 10  # str() refuses thousands of digits
    return len(str(value))


def first_that_matters(
    whole: FunctionType,
    name: str,
    choices: Sequence[tuple[dict[str, Any], Sequence[Sequence[Any]]]],
    figures: int,
    worth: Callable[[Any, Sequence[Any]], object],
) -> int | None:
    """Number of the first choice of givens with which, of every group of values, one in the place of `name` matters.

    A choice holds the givens that differ from the defaults of `whole`. `worth` refuses answers that are not worth
    asking for, beside the givens.
    """
    own = dict(zip(whole.__code__.co_varnames, whole.__defaults__ or (), strict=False))
    del own["free"]
    for number, (new, groups) in enumerate(choices):
        givens = {**own, **new}
        try:
            worth(whole(**givens), [*givens.values()])
            clauses = Clauses(partial(whole, **givens), figures)
        except Exception:  # these givens do not go with the rest
            continue
        rest = {key: value for key, value in givens.items() if key != name}
        changed = partial(_called, partial(whole, **rest, free=name), name)
        if all(any(clauses.changes(changed, other) for other in group) for group in groups):
            return number
    return None


def _called(whole: Callable[..., Any], name: str, value: Any) -> Any:
    return whole(**{name: value})


class Clauses:
    """Tries the clauses of one composition against its answer."""

    def __init__(self, answer: Callable[[], Any], figures: int) -> None:
        self.figures = figures
        found = answer()
        self.answer = self._told(found)
        self.digits = written(found)
        self.counts: dict[str, int] = dict.fromkeys(
            ("givens", "loose", "restrictions", "operators", "links", "weak_links", "data", "weak_data"), 0
        )
        self.inert: list[str] = []

    def given(self, label: str, whole: Callable[[Any], Any], near: Sequence[Any], far: Sequence[Any]) -> None:
        """A2: some other value gives another answer. One that only values far away change is loose."""
        self.counts["givens"] += 1
        if self._some_change(whole, near):
            return
        if self._some_change(whole, far):
            self.counts["loose"] += 1
        else:
            self.inert.append(label)

    def restriction(self, label: str, whole: Callable[[Any], Any], idle: Any) -> None:
        """A1: without the restriction the answer is another one."""
        self.counts["restrictions"] += 1
        if self.changes(whole, idle) is False:
            self.inert.append(label)

    def operator(self, label: str, without: Callable[[], Any]) -> None:
        """A1: without the operator the answer is another one."""
        self.counts["operators"] += 1
        if self.changes(lambda _: without(), None) is False:
            self.inert.append(label)

    def link(self, label: str, whole: Callable[[Any], Any], value: Any) -> None:
        """A3: most values near the one that a sub-problem supplies give another answer, and of integers both next.

        A link is weak if it falls short of that, and inert if all of these values give the same answer.
        """
        self.digits += written(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return
        self.counts["links"] += 1
        near = (
            [value - 1, value + 1, value + 2, value - 2]
            if isinstance(value, int)
            else [value * factor for factor in (0.95, 1.05, 1.25)]
        )
        found = [self.changes(whole, other) for other in near]
        known = [change for change in found if change is not None]
        if known and not any(known):
            self.inert.append(label)
        beside = found[:2] if isinstance(value, int) else []
        self.counts["weak_links"] += sum(known) < ENOUGH_LINKS * len(known) or False in beside

    def data(self, whole: Callable[[Any], Any], value: Any) -> None:
        """A4: at least half of the elements matter."""
        self.counts["data"] += 1
        found = [self.changes(whole, [*value[:i], *value[i + 1 :]]) for i in range(len(value))[:ELEMENTS]]
        known = [change for change in found if change is not None]
        self.counts["weak_data"] += sum(known) < ENOUGH_DATA * len(known)

    def _some_change(self, whole: Callable[[Any], Any], values: Sequence[Any]) -> bool:
        found: list[bool | None] = []
        for value in values:
            change = self.changes(whole, value)
            if change:
                return True
            found.append(change)
        return bool(found) and all(change is None for change in found)  # then there is no evidence against it

    def changes(self, whole: Callable[[Any], Any], value: Any) -> bool | None:
        """Whether the answer changes; None if the variant says nothing, because it could not be computed."""
        try:
            return bool(self._told(whole(value)) != self.answer)
        except REFUSED:
            return True
        except Exception as error:
            return True if type(error).__name__ == "Conflict" else None

    def _told(self, answer: Any) -> Any:
        """The answer as it would be told: floats rounded to the figures asked for."""
        if isinstance(answer, float):
            return f"{answer:.{self.figures - 1}e}"
        if isinstance(answer, (list, tuple)):
            return [self._told(one) for one in answer]
        return answer
