"""Every pair of the large table, both ways round, and what holds for any pair at all."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import pytest
from equivalence_table import load, options
from hypothesis import given, settings
from hypothesis import strategies as st

from agentprop.answers import GOLD_UNREADABLE, PRED_UNREADABLE, Equivalence, equivalent, equivalent_batch
from agentprop.answers.precision import stated
from agentprop.answers.reading.extract import final_answer
from agentprop.answers.reading.reader import read
from agentprop.answers.reading.tokens import MAX_CHARS
from agentprop.errors import InputError

CASES = load()


def _name(case: dict[str, Any]) -> str:
    return f"{case['topic']}:{case['gold'][:25]}~{case['pred'][:25]}".encode("ascii", "replace").decode()


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_the_verdict_is_the_one_mathematics_gives(case: dict[str, Any]) -> None:
    verdict = equivalent(gold=case["gold"], pred=case["pred"], **options(case))
    assert verdict.status == case["expected"], f"{verdict.rule}: {verdict.why} — but {case['reason']}"
    back = equivalent(gold=case["pred"], pred=case["gold"], **options(case))
    assert back.status == case["expected"] or _is_no_right_answer(back), f"{back.rule}: {back.why} (exchanged)"


def _is_no_right_answer(verdict: Equivalence) -> bool:
    """Much that a prediction may be, such as `maybe 5`, is no right answer that anything could be compared with."""
    return verdict.status == "undetermined" and verdict.rule in (GOLD_UNREADABLE, "sentence")


def test_the_table_is_large_balanced_and_explained() -> None:
    labels = [case["expected"] for case in CASES]
    assert len(CASES) >= 320
    assert min(labels.count("same"), labels.count("different")) >= 120
    assert all(len(case["reason"]) > 3 for case in CASES)
    keys = {(case["gold"], case["pred"], repr(options(case))) for case in CASES}
    assert len(keys) == len(CASES)


RATIONALS = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**4)


def _notations(value: Fraction) -> list[str]:
    top, bottom, sign = abs(value.numerator), value.denominator, "-" if value < 0 else ""
    whole, rest = divmod(top, bottom)
    found = [
        f"{sign}{top}/{bottom}",
        f"{sign}\\frac{{{top}}}{{{bottom}}}",
        f"$\\dfrac{{{sign}{top}}}{{{bottom}}}$",
        f"\\boxed{{{sign}{3 * top}/{3 * bottom}}}",
        f"The answer is {sign}{top}/{bottom}.",
        f"({sign}{top})*{bottom}^(-1)",
        f"x = {sign}{100 * top}/{bottom}\\%",
    ]
    if whole and rest:
        found.append(f"{sign}{whole}\\frac{{{rest}}}{{{bottom}}}")
    if bottom == 1:
        found.append(f"{value.numerator:,}")
    return found


@given(RATIONALS)
@settings(max_examples=150, deadline=None)
def test_a_rational_is_itself_in_every_notation(value: Fraction) -> None:
    gold = f"{value.numerator}/{value.denominator}"
    for text in _notations(value):
        assert equivalent(gold=gold, pred=text).status == "same", text


@given(RATIONALS, RATIONALS)
@settings(max_examples=150, deadline=None)
def test_different_rationals_are_different_in_every_notation(left: Fraction, right: Fraction) -> None:
    expected = "same" if left == right else "different"
    for text in _notations(right)[:4]:
        assert equivalent(gold=_notations(left)[1], pred=text).status == expected


PIECES = """
\\frac \\sqrt { } ( ) [ ] \\{ \\} ^ _ + - * / , ; = < > \\le 1 2.5 10 x y \\pi e i ! % ° \\text cm m kg $ | and or
\\begin{pmatrix} & \\\\ \\end{pmatrix} \\cup \\infty ' " sin log mod \\pm ... : 0x 1e9 \\boxed{ \\left \\overline True
"""
SNIPPETS = st.lists(st.sampled_from(PIECES.split()), max_size=25).map(" ".join)


@given(st.one_of(st.text(max_size=200), SNIPPETS))
@settings(max_examples=600, deadline=None)
def test_the_reader_never_raises_on_any_text(text: str) -> None:
    reading = read(final_answer(text))
    assert reading.complete != bool(reading.remainder), "either understood to the end, or told from where not"


def test_a_text_beyond_the_size_limit_is_not_read() -> None:
    assert "longer than" in read("1" * (MAX_CHARS + 1)).remainder


@given(st.one_of(st.text(max_size=60), SNIPPETS))
@settings(max_examples=200, deadline=None)
def test_every_answer_that_is_not_blank_equals_itself(text: str) -> None:
    verdict = equivalent(gold=text, pred=text)
    assert verdict.status == ("same" if final_answer(text).strip() else "different")


@given(SNIPPETS, SNIPPETS)
@settings(max_examples=150, deadline=None)
def test_gold_and_prediction_may_be_swapped(left: str, right: str) -> None:
    there = equivalent(gold=left, pred=right, timeout_s=20)
    back = equivalent(gold=right, pred=left, timeout_s=20)
    if not any(_is_no_right_answer(verdict) or verdict.rule == "timeout" for verdict in (there, back)):
        assert there.status == back.status, (there, back)
    assert {there.status, back.status} != {"same", "different"}, (there, back)


def test_any_number_of_threads_may_compare_at_once() -> None:
    cases = [case for case in CASES if len(case["pred"]) < 2_000][::4]

    def status(case: dict[str, Any]) -> str:
        return equivalent(gold=case["gold"], pred=case["pred"], timeout_s=60, **options(case)).status

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(status, cases))
    assert found == [case["expected"] for case in cases]


def test_a_timeout_is_undetermined_and_the_next_pair_is_decided() -> None:
    slow = equivalent(gold="\\sin(10^{400000})", pred="\\frac{1}{3}", timeout_s=0.02)
    assert (slow.status, slow.rule) == ("undetermined", "timeout")
    assert equivalent(gold="\\sqrt{8}", pred="2\\sqrt{2}").status == "same"


def test_simple_pairs_import_neither_sympy_nor_start_a_process() -> None:
    code = (
        "import sys; from agentprop.answers.equivalence import POOL, equivalent; "
        "assert equivalent(gold='1/2', pred='0.5').status == 'same'; "
        "assert equivalent(gold='10 cm', pred='10 m').status == 'different'; "
        "assert POOL.idle == 0 and not {'sympy', 'mpmath'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_precision_or_unit_is_a_clear_mistake_of_the_caller() -> None:
    with pytest.raises(InputError, match="not understood"):
        equivalent(gold="1", pred="1", precision="about three")
    with pytest.raises(InputError, match="not known"):
        equivalent(gold="1", pred="1", unit="blorps")


@pytest.mark.parametrize("text", ["3", "3 significant figures", "3 sf", "three sig figs", "3 s.f."])
def test_significant_figures_may_be_said_in_many_ways(text: str) -> None:
    assert stated(int(text) if text.isdigit() else text) == stated(3)


@pytest.mark.parametrize("text", ["2 decimal places", "2 dp", "2 d.p.", "nearest hundredth", "to the nearest 0.01"])
def test_decimal_places_may_be_said_in_many_ways(text: str) -> None:
    assert stated(text) == stated("2 decimals")


def test_a_verdict_is_no_truth_value() -> None:
    with pytest.raises(TypeError, match="compare its status"):
        bool(equivalent(gold="1", pred="1"))
    with pytest.raises(TypeError):
        assert not equivalent(gold="1", pred="2")


def test_a_right_answer_and_a_prediction_that_cannot_be_read_are_told_apart() -> None:
    gold = equivalent(gold="\\frac{1}{", pred="5")
    assert (gold.status, gold.rule) == ("undetermined", GOLD_UNREADABLE)
    pred = equivalent(gold="5", pred="\\frac{1}{")
    assert (pred.status, pred.rule) == ("different", PRED_UNREADABLE)
    both = equivalent(gold="\\frac{1}{", pred="\\frac{2}{")
    assert (both.status, both.rule) == ("undetermined", GOLD_UNREADABLE)


def test_many_pairs_at_once_get_the_verdicts_of_each_alone() -> None:
    pairs = [
        ("1/2", "0.5"),
        {"gold": "\\sqrt{8}", "pred": "2\\sqrt{2}"},
        {"gold": "3.14", "pred": "3.1416", "precision": 3},
    ]
    found = equivalent_batch(pairs)
    assert [verdict.status for verdict in found] == ["same", "same", "same"]
    assert [verdict.status for verdict in equivalent_batch([("ab", "AB"), ("ab", "ab")], kind="string")] == [
        "different", "same",
    ]  # fmt: skip
    assert equivalent_batch([]) == []
    with pytest.raises(InputError, match="A pair is"):
        equivalent_batch(["ab"])  # type: ignore[list-item]
