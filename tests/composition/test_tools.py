"""The helpers of the sandbox: every guard lets good compositions pass and stops the bad ones it is for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from agentprop.composition import sandbox_tools as tools
from agentprop.composition.sandbox_tools import Conflict

PASS: list[tuple[Callable[..., Any], tuple[Any, ...], Any]] = [
    (tools.least, (lambda n: n * n > 50, 3), 8),
    (tools.count, (lambda n: n % 3 == 0, 1, 10), 3),
    (tools.excess, (7, 5), 2),
    (tools.lowest_terms_sum, (Fraction(6, 4),), 5),
    (tools.lowest_terms_sum, (4,), 5),
    (tools.fit, ("v", 7, 1, 9, None, True), 7),
    (tools.need, (True, "x"), None),
    (tools.sound, (17, [3, 4]), None),
    (tools.sound, (123_456, [], 6), None),
    (tools.sound, (1.5,), None),
    (tools.sound, ([1, 2],), None),
    (tools.matters, ("v", 3, lambda v: v * v, 9), None),
    (tools.matters, ("v", 50.0, lambda v: 120.0 + v / 10, 125.0, 3), None),
    (tools.matters, ("v", 50.0, lambda v: 120.0 + v / 1e4, 120.005), None),
    (tools.matters_somewhere, ("s", [[1], [2]], lambda d: d[0], lambda v: v + 1), None),
    (tools.matters_somewhere, ("g", [[(1, 2, 5), (2, 3, 1)]], lambda d: d, lambda v: min(w for *_, w in v)), None),
    (tools.does_something, ("s", [[1], [2, 1]], sorted, lambda d: d), None),
    (tools.does_something, ("s", [[1]], len, lambda d: d[7]), None),
    (tools.differing, ([1, 2, 3, 4],), None),
    (tools.differing, ([[0] * n + [n] for n in range(1, 9)],), None),
    (tools.sound, (Fraction(21125, 219),), None),
    (tools.rounds_safely, (1.2343, 3), None),
    (tools.is_prime, (97,), True),
    (tools.is_prime, (91,), False),
    (tools.is_square, (-4,), False),
]
STOP: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (tools.least, (lambda n: True, 3)),
    (tools.least, (lambda n: False, 3)),
    (tools.count, (lambda n: True, 1, 10)),
    (tools.count, (lambda n: False, 1, 10)),
    (tools.excess, (5, 5)),
    (tools.excess, (5, 7)),
    (tools.fit, ("v", 0, 1, 9, None, True)),
    (tools.fit, ("v", 10, 1, 9, None, True)),
    (tools.fit, ("v", Fraction(7, 2), 1, 9, None, True)),
    (tools.fit, ("v", True, 0, 9, None, True)),
    (tools.fit, ("v", 4, None, None, [3, 5])),
    (tools.need, (False, "gcd(a, m) == 1")),
    *((tools.sound, (value, [17])) for value in (0, 1, -1, 17, 10**30, 0.0, float("inf"), 1e13, [], "", [0] * 41)),
    (tools.matters, ("v", 3, lambda v: v // 100, 0)),
    (tools.matters, ("v", 50.0, lambda v: 120.0 + v / 1e4, 120.005, 3)),
    (tools.matters_somewhere, ("s", [[1], [2]], lambda d: d, lambda v: 0)),
    (tools.differing, ([1, 1, 1, 1, 1, 2],)),
    (tools.differing, ([[0] * n for n in range(9)],)),
    (tools.sound, (Fraction(62572467, 85),)),
    (tools.sound, (1_720_317, [], 6)),
    (tools.rounds_safely, (1.235, 3)),
    (tools.rounds_safely, (-0.123450000001, 4)),
    (tools.does_something, ("s", [[1], [2]], lambda d: d, lambda d: list(d))),
]


@pytest.mark.parametrize(("guard", "arguments", "result"), PASS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_guard_lets_good_values_pass(guard: Callable[..., Any], arguments: tuple[Any, ...], result: Any) -> None:
    assert guard(*arguments) == result


@pytest.mark.parametrize(("guard", "arguments"), STOP, ids=lambda x: getattr(x, "__name__", ""))
def test_a_guard_stops_bad_values(guard: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    with pytest.raises(Conflict):
        guard(*arguments)


def test_long_values_are_shown_in_part() -> None:
    assert len(tools.show("a" * 10_000)) < 300
    assert tools.show(Fraction(3, 4)) == "3/4"
    assert tools.show(1 / 3) == "0.333333333"
