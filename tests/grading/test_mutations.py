"""Answers changed on purpose: the label is the truth, and checkers are measured by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_problems import doubling, problem

from agentprop.answers.equivalence import equivalent
from agentprop.answers.outcome import Equivalence
from agentprop.grading.checkers import Checker, CheckerCounts, local_checkers
from agentprop.grading.comparison import ComparisonLimits
from agentprop.grading.mathverify import MathVerify, installed
from agentprop.grading.mutations import Mutation, mutations
from agentprop.records import Problem
from agentprop.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=1, allow_weak=True) as found:
        yield found


def by_name(one: Problem, neighbour: str | None = None) -> dict[str, Mutation]:
    return {mutation.name: mutation for mutation in mutations(one, neighbour)}


@given(st.fractions(max_denominator=10_000), st.fractions(max_denominator=10_000))
def test_a_changed_number_is_another_number_and_a_rewritten_one_is_the_same(value: Fraction, other: Fraction) -> None:
    kind = "integer" if value.denominator == 1 else "rational"
    for mutation in mutations(problem(answer=str(value), answer_type=kind), str(other)):
        if re.fullmatch(r"-?\d+(/\d+)?", mutation.text):
            assert (Fraction(mutation.text) == value) == mutation.same, mutation


@given(st.integers(-(10**12), 10**12))
def test_our_comparison_is_right_about_every_change_of_an_integer(value: int) -> None:
    for mutation in mutations(problem(answer=str(value)), "777777777777777"):
        found: Equivalence = equivalent(gold=str(value), pred=mutation.text)
        assert found.status == ("same" if mutation.same else "different"), mutation


@pytest.mark.parametrize(
    ("changes", "name", "text", "same"),
    [
        ({"answer": "12345"}, "sign", "-12345", False),
        ({"answer": "12345"}, "off_by_one", "12346", False),
        ({"answer": "12345"}, "thousands", "12,345", True),
        ({"answer": "0"}, "constant", "1", False),
        ({"answer": "-3/4", "answer_type": "rational"}, "latex", "-\\frac{3}{4}", True),
        ({"answer": "-3/4", "answer_type": "rational"}, "inverted", "-4/3", False),
        ({"answer": "3.40 m", "answer_type": "quantity", "figures": 3}, "last_figure", "3.41 m", False),
        ({"answer": "1210 J", "answer_type": "quantity", "figures": 3}, "last_figure", "1220 J", False),
        ({"answer": "3.40 m", "answer_type": "quantity", "figures": 3}, "unit", "3.40 mm", False),
        ({"answer": "3.40 m", "answer_type": "quantity", "figures": 3}, "unit_converted", "3400.00 mm", True),
        ({"answer": "2.0 kg", "answer_type": "quantity", "figures": 2}, "unit", "2.0 g", False),
        ({"answer": "Yes", "answer_type": "boolean"}, "flipped", "No", False),
        ({"answer": "[1, 2]", "answer_type": "list"}, "reversed", "[2, 1]", False),
        ({"answer": "abca", "answer_type": "string"}, "reversed", "acba", False),
    ],
)
def test_changes_fit_the_kind_of_answer(changes: dict[str, object], name: str, text: str, same: bool) -> None:
    found = by_name(problem(**changes))[name]
    assert (found.text, found.same) == (text, same)


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"answer": "0"}, {"sign", "power_of_ten"}),
        ({"answer": "1/1", "answer_type": "rational"}, {"inverted", "latex"}),
        ({"answer": "[3, 3]", "answer_type": "list"}, {"reversed"}),
        ({"answer": "level", "answer_type": "string"}, {"reversed"}),
        ({"answer": "20 °C", "answer_type": "quantity"}, {"unit", "unit_converted"}),
    ],
)
def test_a_change_that_may_leave_the_answer_right_is_not_made(changes: dict[str, object], absent: set[str]) -> None:
    assert not absent & by_name(problem(**changes)).keys()


def test_an_equal_neighbour_is_no_wrong_answer() -> None:
    assert "neighbour" not in by_name(problem(answer="1/2", answer_type="rational"), "2/4")
    assert by_name(problem(answer="1/2", answer_type="rational"), "1/3")["hedged"].text == "1/2 or 1/3"


def test_wrapped_in_prose_it_is_the_same_answer() -> None:
    assert by_name(problem(answer="7"))["prose"] == Mutation("prose", True, "We check every case. The answer is 7.")


def test_the_comparisons_are_right_about_programs(sandbox: Sandbox) -> None:
    one = doubling()
    tests = next(c for c in local_checkers(sandbox, ComparisonLimits(), None) if c.programs)
    said = {m.name: tests.check(one, m.text) for m in mutations(one, "def double(n):\n    return 3 * n")}
    truth = {m.name: m.same for m in mutations(one, "def double(n):\n    return 3 * n")}
    assert said == truth
    assert {"off_by_one", "constant", "neighbour", "fenced", "prose"} <= truth.keys()


def test_a_checker_that_believes_everything_and_one_that_believes_nothing_are_found_out() -> None:
    one = problem(answer="12345")
    found = mutations(one, "7")
    rates = {}
    for checker in (Checker("all", lambda p, a: True), Checker("none", lambda p, a: False)):
        tally = CheckerCounts()
        for mutation in found:
            tally.add(one, mutation, checker.check(one, mutation.text))
        rates[checker.name] = tally.rates()
        assert tally.examples
    assert (rates["all"]["false_accept"]["rate"], rates["all"]["false_reject"]["rate"]) == (1.0, 0.0)
    assert (rates["none"]["false_accept"]["rate"], rates["none"]["false_reject"]["rate"]) == (0.0, 1.0)
    assert 0.5 < rates["all"]["false_accept"]["low"] < 1.0 == rates["all"]["false_accept"]["high"]


def test_what_a_checker_cannot_tell_is_neither_accepted_nor_rejected() -> None:
    tally = CheckerCounts()
    tally.add(problem(), Mutation("sign", False, "-4"), None)
    tally.add(problem(), Mutation("prose", True, "It is 4"), None)
    assert tally.rates()["undetermined"] == 2
    assert tally.rates()["false_accept"] == {"errors": 0, "of": 0, "rate": None, "low": 0.0, "high": 1.0}
    assert tally.by_mutation() == {
        "prose (same)": {"right": 0, "wrong": 0, "neither": 1},
        "sign (wrong)": {"right": 0, "wrong": 0, "neither": 1},
    }


@pytest.mark.skipif(not installed(), reason="math-verify is not installed")
def test_math_verify_answers_and_a_question_that_hangs_it_is_cut_short() -> None:
    with MathVerify(30.0) as peer:
        assert (peer.same("1/2", "0.5"), peer.same("1/2", "0.25")) == (True, False)
        peer.timeout_s = 0.5
        assert peer.same("9^{9^{9^9}}", "5") is None
        peer.timeout_s = 30.0
        assert peer.same("3", "$3$") is True
