"""Values ↔ the text of answers, by hand-made cases."""

from __future__ import annotations

import contextlib
import math
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.composition.answer_text import answer_text, close, read_value, same_json, significant
from agentprop.composition.grammar import masked, quantity_note
from agentprop.composition.sandbox_tools import show

CASES = tomllib.loads((Path(__file__).parent / "answers.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["significant"], ids=lambda case: case["text"])
def test_quantities_are_rounded_to_their_figures(case: dict[str, Any]) -> None:
    assert significant(case["value"], case["figures"]) == case["text"]


@given(st.floats(min_value=1e-12, max_value=1e12), st.integers(1, 9))
def test_rounding_moves_a_number_by_less_than_half_a_unit_of_the_last_figure(value: float, figures: int) -> None:
    text = significant(value, figures)
    assert abs(float(text) - value) <= 0.5000001 * 10.0 ** (math.floor(math.log10(value)) - figures + 1)
    assert significant(float(text), figures) == text
    digits = text.partition("e")[0].replace(".", "").lstrip("0")
    assert len(digits.rstrip("0")) <= figures


@pytest.mark.parametrize("case", CASES["masked"], ids=lambda case: case["mask"])
def test_a_mask_hides_numbers_and_nothing_else(case: dict[str, str]) -> None:
    assert masked(case["statement"]) == case["mask"]


@pytest.mark.parametrize(
    ("value", "unit", "figures", "text"),
    [
        (7, None, None, "7"),
        (Fraction(6, 4), None, None, "3/2"),
        (Fraction(4, 2), None, None, "2"),
        (True, None, None, "Yes"),
        (False, None, 3, "No"),
        (12.345, "m/s", 3, "12.3 m/s"),
        (12.345, "1", 3, "12.3"),
        (Fraction(1, 3), "mol", 2, "0.33 mol"),
        (5, "J", 3, "5.00 J"),
        ("abba", None, None, "abba"),
        ([3, 1], None, None, "[3, 1]"),
        (["a", "b"], None, None, "['a', 'b']"),
    ],
)
def test_an_answer_is_written_in_one_way(value: Any, unit: str | None, figures: int | None, text: str) -> None:
    assert answer_text(value, unit=unit, figures=figures) == text


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 10**400, Fraction(10**400)])
def test_what_is_no_quantity_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        answer_text(value, unit="m", figures=3)


def test_an_integer_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(ValueError):
        answer_text(10**5000)


@pytest.mark.parametrize(
    "value", [0, -3, 10**29, Fraction(-2, 7), 1.5, -2e-9, "ab'c", "12", [1, -2], ["a"], [[1, 2]], True]
)
def test_shown_values_are_read_back(value: Any) -> None:
    assert read_value(show(value)) == value


@given(st.text(max_size=30))
def test_text_is_a_value_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(show(read_value(text)), str)


@pytest.mark.parametrize(
    ("left", "right", "agree"),
    [
        (1.0, 1.0 + 5e-7, True),
        (1.0, 1.0 + 3e-6, False),
        (0.0, 0.0, True),
        (3, 3, True),
        (3, 4, False),
        (True, 1, False),
        (Fraction(1, 2), Fraction(2, 4), True),
        (1.5, "1.5", False),
        (10**20, 10**20 + 1, False),
        (float("nan"), float("nan"), False),
        ([1], [1], True),
        ("a", "A", False),
    ],
)
def test_two_computations_agree_exactly_or_to_a_millionth(left: Any, right: Any, agree: bool) -> None:
    assert close(left, right) is agree


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ([1, (2, 3)], [1, [2, 3]], True),
        ([1], [1.0], False),
        ([True], [1], False),
        ([1], [1, 2], False),
        (None, None, True),
        ("a", "a", True),
        ("a", ["a"], False),
        ({"a": 1}, {"a": 1}, True),
        ([], (), True),
    ],
)
def test_outputs_are_equal_by_exact_type(left: Any, right: Any, same: bool) -> None:
    assert same_json(left, right) is same


def test_a_pure_number_is_asked_for_without_a_unit() -> None:
    assert quantity_note("1", 3) == "Give your answer to three significant figures."
    assert quantity_note("m/s", 2) == "Give your answer in m/s to two significant figures."
