"""The values on the way to an answer, noted as a composition is computed. Runs inside the sandbox.

Each note is one row: the value of a skill with its steps, the values of a sweep, or the value of an operator. What goes
wrong is noted as well, and harms nothing else that the same job computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LIMIT = 200
"""Most integers that are tried for a least one."""
ENDS = ((0.8, 1.25), (0.9, 1.1), (0.97, 1.03))
"""Factors of a datum between which it is enclosed."""


class Trace:
    """Rows in the order in which `lines` of agentprop.composition.solution.outline asks for them."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []

    def applied(self, module: Any, **given: Any) -> Any:
        """The value of a skill, noted with the steps that its script yields."""
        value = module.solve(**given)
        steps = module.steps(**given) if hasattr(module, "steps") else {}
        self.rows.append([value, [[str(name), step] for name, step in steps.items()]])
        return value

    def noted(self, value: Any) -> Any:
        """The value of an operator."""
        self.rows.append([value, []])
        return value

    def sought(self, value: Any, body: Callable[[Any], Any], low: float | None, high: float | None) -> Any:
        """A datum, noted with what the quantity is at two round numbers around it, the farthest that have a value."""
        points: list[list[Any]] = []
        for below, above in ENDS:
            ends = [float(f"{value * factor:.2g}") for factor in (below, above)]
            ends = [max(ends[0], low or ends[0]), min(ends[1], high or ends[1])]
            if not points and 0 < ends[0] < value < ends[1]:
                points = _points(body, ends)
        self.rows.append([value, points])
        return value

    def swept(
        self,
        kind: str,
        low: int,
        high: int | None,
        body: Callable[[int], Any],
        holds: Callable[[int, Any, Any], object],
        other: Callable[[int], Any],
    ) -> tuple[Any, int]:
        """The value of a sweep, and the integer that is taken as an example; noted with the value at every integer."""
        points: list[list[Any]] = []
        for n in range(low, low + LIMIT if high is None else high + 1):
            value, beside = body(n), other(n)
            points.append([n, value, beside, bool(holds(n, value, beside))])
            if kind == "least" and points[-1][3]:
                break
        met = [n for n, _, _, ok in points if ok]
        found = {"least": met[-1] if met else None, "count": len(met), "total": 0}[kind]
        if kind == "total":
            found = sum(value for _, value, _, _ in points)
        example = met[0] if met and kind != "total" else low
        self.rows.append([found, points])
        return found, example


def _points(body: Callable[[Any], Any], numbers: list[float]) -> list[list[Any]]:
    """Numbers, each with what a quantity is there; none if it is nothing at one of them."""
    try:
        return [[number, body(number)] for number in numbers]
    except Exception:  # a value out of range, a difference the wrong way round, whatever a skill raises
        return []


def told(work: Callable[[Trace], None]) -> list[Any]:
    """The rows of the work, and what went wrong with it; empty text for nothing."""
    trace = Trace()
    try:
        work(trace)
    except Exception as error:
        return [[], f"{type(error).__name__}: {error}"[:200]]
    return [trace.rows, ""]
