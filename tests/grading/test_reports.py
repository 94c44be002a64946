"""What a rationale says of the statement counts, in whatever words, unless it is denied."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.grading.reports import FLAGS, flag_of, reported

CASES = tomllib.loads((Path(__file__).parent / "reports.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_rationale_reports_what_it_says(case: dict[str, Any]) -> None:
    assert list(reported(case["text"])) == case["flags"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_report_counts_anywhere_in_the_text(case: dict[str, Any]) -> None:
    assert list(reported(f"The sum is 12. {case['text']} I am sure.")) == case["flags"]


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        ("Ambiguity", "ambiguous"),
        ("multiple interpretations", "ambiguous"),
        ("ill-posed", "ambiguous"),
        ("missing_information", "underspecified"),
        ("not enough information", "underspecified"),
        ("no solution", "unsolvable"),
        ("Contradictory", "unsolvable"),
        ("trivial", None),
        ("not ambiguous", None),
        ("", None),
    ],
)
def test_a_word_in_a_list_of_flags_means_its_flag(words: str, flag: str | None) -> None:
    assert flag_of(words) == flag


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    assert set(reported(text)) <= set(FLAGS)
