"""The equations of a formula are recalculated: what is false is found, and what makes no claim is left alone."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.composition.solution.arithmetic import evaluate, false_equations
from agentprop.composition.solution.filling import fill, shown

FORMULAS = tomllib.loads(Path(__file__).with_name("formulas.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", FORMULAS["true"])
def test_a_formula_that_holds_or_claims_nothing_is_passed_over(text: str) -> None:
    assert list(false_equations(text)) == []


@pytest.mark.parametrize("text", FORMULAS["false"])
def test_a_false_equation_is_found(text: str) -> None:
    assert len(list(false_equations(text))) == 1


@given(st.one_of(st.integers(-(10**9), 10**9), st.fractions(max_denominator=999)), st.integers(-99, 99))
def test_what_is_shown_in_a_formula_is_read_back(value: int | Fraction, other: int) -> None:
    texts = {"a": shown(value, math=True), "b": shown(other, math=True)}
    filled = fill("$<a> - <b> \\cdot <a>$", lambda name, math: texts[name])
    assert evaluate(filled.strip("$")).value == value - other * value


@given(st.floats(1e-30, 1e30) | st.floats(-1e9, -1e-9))
def test_a_decimal_is_shown_to_five_digits_or_more(value: float) -> None:
    read = evaluate(shown(value, math=True))
    assert abs(float(read.value) - value) <= max(read.error * 1.01, 1e-9 * abs(value)) <= 1e-4 * abs(value)
