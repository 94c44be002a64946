"""Simple constraints are evaluated by functions that mean what the evaluator of all constraints means."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from agentprop.skills import constraints, load

ODD = [
    "a*b*c*d*a*b*c*d > 0",
    "a/b == c",
    "'%9s' % a",
    "'ab'*a",
    "a**b",
    "a in [1, 2]",
    "max(a)",
    "max(a, b) > c",
    "not a",
    "gcd(a, b)",
    "-a",
    "a and b or c",
    "isqrt(a)",
    "a < b < c",
    "a // b",
    "a % b",
    "lcm(a, b) * lcm(b, c)",
    "is_prime(a)",
    "unknown > 1",
    "a == 'x'",
    "b if a == 'x' else c",
    "b if a else c / 0",
]
CHOICES: list[Callable[[Random], Any]] = [
    lambda rng: rng.randint(-5, 50),
    lambda rng: round(rng.uniform(0, 9), 2),
    lambda rng: Fraction(rng.randint(1, 9), 7),
    lambda rng: 0,
    lambda rng: 2 ** rng.choice([61, 62, 63, 5000]),
    lambda _: "x",
    lambda _: [1, 2],
    lambda _: True,
]


def test_a_quick_constraint_has_the_value_that_the_evaluator_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, quick = Random(1), constraints._quick
    texts = [*ODD, *sorted({text for package in load([]).values() for text in package.spec.constraints})]
    settings = [
        (text, {name: rng.choice(CHOICES[: rng.choice((2, 8))])(rng) for name in {*constraints.names(text), *"abcd"}})
        for text in texts
        for _ in range(12)
    ]
    found = [_outcome(*setting) for setting in settings]
    assert sum(quick(text) is not None for text in texts) > len(texts) / 2
    monkeypatch.setattr(constraints, "_quick", lambda text: None)
    assert found == [_outcome(*setting) for setting in settings]


def _outcome(text: str, values: dict[str, Any]) -> tuple[str, Any]:
    try:
        value = constraints.evaluate(text, values)
    except constraints.ExpressionError as problem:
        return "refused", str(problem)
    return type(value).__name__, None if isinstance(value, float) and math.isnan(value) else value
