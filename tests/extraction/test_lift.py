"""Worked solutions become graphs, or are refused for a reason."""

from __future__ import annotations

import contextlib
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentprop.extraction.mining.candidate import Template, final_number, from_json, mine, to_json
from agentprop.extraction.mining.equations import equations
from agentprop.extraction.mining.expression import NotArithmetic, evaluate, parse
from agentprop.extraction.mining.freedom import CompiledRules, draw
from agentprop.extraction.mining.graph import ArithmeticStep, FixedNumber, Node, QuestionNumber, fingerprint, value
from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.mentions import mentions
from agentprop.extraction.mining.notation import condition, infix, letters
from agentprop.skills import constraints as expressions

CASES = json.loads((Path(__file__).parent / "lift_cases.json").read_text())


def named(candidate: Template) -> dict[Node, str]:
    return {QuestionNumber(index): name for index, name in enumerate(letters(len(candidate.domains)))}


def in_reading_order(candidate: Template) -> dict[Node, str]:
    """Letters by first appearance in the wording, so that a case can be written without knowing canonical order."""
    text = f"{candidate.phrasing.scene} {candidate.phrasing.ask}"
    own = letters(len(candidate.domains))
    ranked = sorted(own, key=lambda name: text.index(f"<{name}>"))
    return {QuestionNumber(own.index(name)): new for name, new in zip(ranked, own, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["fact"])
def test_documents_are_understood_or_refused_for_the_right_reason(case: dict[str, Any]) -> None:
    try:
        candidate = mine(case["question"], case["solution"], case["answer"])
    except Refusal as refusal:
        assert refusal.code == case.get("refusal"), refusal.message
        return
    assert "refusal" not in case, f"lifted as {infix(candidate.root, named(candidate))}"
    assert infix(candidate.root, in_reading_order(candidate)) == case["graph"]
    original = {index: Fraction(number) for index, number in enumerate(candidate.original)}
    assert value(candidate.root, original) == final_number(case["answer"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("48/2", "24"),
        ("$12 x 1.5", "18"),
        ("3\\cdot 4", "12"),
        ("\\frac{72}{6}", "12"),
        ("\\frac12 + 1", "3/2"),
        ("20% * 50", "10"),
        ("1,200 - 200", "1000"),
        ("2(3+4)", "14"),
        ("100-50-30-15", "5"),
        (".2*50", "10"),
        ("12 ÷ 4 × 3", "9"),
        ("2^3 - 1", "7"),
        ("\\left(3 + 4\\right) \\times 2", "14"),
        ("\\frac{1 + 2}{4 - 1}", "1"),
    ],
)
def test_arithmetic_is_read_as_people_write_it(text: str, expected: str) -> None:
    assert evaluate(parse(text)) == Fraction(expected)


@given(st.text(alphabet="0123456789.,+-*/^()%$ x=\\{}frac", max_size=60))
def test_hostile_arithmetic_is_refused_and_never_run(text: str) -> None:
    with contextlib.suppress(NotArithmetic):
        evaluate(parse(text))


@given(st.text(max_size=300))
def test_any_solution_text_gives_exact_equations_only(text: str) -> None:
    for equation in equations(text):
        assert all(evaluate(side) == equation.value for side in equation.sides)


@given(st.text(max_size=300))
def test_mentions_are_slices_of_the_question_in_order(text: str) -> None:
    found = mentions(text)
    assert all(0 <= a.start < a.end <= b.start for a, b in pairwise(found))


def test_an_article_keeps_its_sound() -> None:
    question = "A cook fills a 15-ounce jar and then 12 bottles of 9 ounces. How many ounces does the cook fill?"
    candidate = mine(question, "12*9=<<12*9=108>>108, 108+15=<<108+15=123>>123", "123")
    position = letters(3).index(next(n for n in letters(3) if f"a <{n}>-ounce" in candidate.phrasing.scene))
    assert not {8, 11, 18} & set(candidate.domains[position])
    assert {12, 15, 20} <= set(candidate.domains[position])


def test_a_round_price_stays_round_and_a_share_stays_below_a_hundred() -> None:
    question = "A car costs $5000. Ina pays 20% of the price at once. How much does she pay at once?"
    candidate = mine(question, "5000*20/100=$<<5000*20/100=1000>>1000", "1000")
    price = next(values for values in candidate.domains if 5000 in values)
    share = next(values for values in candidate.domains if 20 in values)
    assert all(number % 500 == 0 for number in price)
    assert max(share) < 100


def test_every_accepted_setting_keeps_whole_steps_whole_and_parts_below_their_whole() -> None:
    question = (
        "Ina has 96 beads and uses 36 of them. She puts the rest into 5 equal boxes. How many beads are in a box?"
    )
    candidate = mine(question, "96-36=<<96-36=60>>60, 60/5=<<60/5=12>>12", "12")
    rng, judge, names = Random(1), CompiledRules(candidate.rules), named(candidate)
    accepted = 0
    for _ in range(500):
        setting = draw(dict(enumerate(candidate.domains)), rng)
        result = value(candidate.root, {index: Fraction(number) for index, number in setting.items()})
        told = {names[QuestionNumber(index)]: number for index, number in setting.items()}
        holds = all(expressions.holds(condition(rule, names), told) for rule in candidate.rules)
        assert judge.accepts(setting) == holds, "the rules and the package's constraints must say the same"
        if holds:
            accepted += 1
            assert result.denominator == 1 and result >= 2
    assert accepted >= 25


def test_equal_graphs_have_one_name_whatever_the_order_and_the_givens() -> None:
    a, b, c = QuestionNumber(0), QuestionNumber(1), QuestionNumber(2)
    first = ArithmeticStep("+", ArithmeticStep("*", a, b), c)
    second = ArithmeticStep("+", a, ArithmeticStep("*", c, b))
    assert fingerprint(first)[0] == fingerprint(second)[0]
    assert fingerprint(first)[0] != fingerprint(ArithmeticStep("-", ArithmeticStep("*", a, b), c))[0]
    assert fingerprint(first)[0] != fingerprint(ArithmeticStep("+", ArithmeticStep("*", a, b), b))[0]
    assert (
        fingerprint(ArithmeticStep("-", a, ArithmeticStep("+", b, c)))[0]
        == fingerprint(ArithmeticStep("-", ArithmeticStep("-", a, b), c))[0]
    )


@settings(max_examples=60)
@given(st.data())
def test_canonical_names_are_sound(data: st.DataObject) -> None:
    """Two graphs with one name compute the same function of the givens in canonical order."""
    graph = st.recursive(
        st.sampled_from([QuestionNumber(0), QuestionNumber(1), QuestionNumber(2), FixedNumber(Fraction(2))]),
        lambda inner: st.builds(ArithmeticStep, st.sampled_from(["+", "-", "*"]), inner, inner),
        max_leaves=5,
    )
    first, second = data.draw(graph), data.draw(graph)
    (name, order), (other, other_order) = fingerprint(first), fingerprint(second)
    if name == other:
        numbers = [Fraction(7), Fraction(11), Fraction(13)][: len(order)]
        left = value(first, dict(zip(order, numbers, strict=True)))
        right = value(second, dict(zip(other_order, numbers, strict=True)))
        assert left == right


def test_a_candidate_survives_the_working_file() -> None:
    case = CASES[1]
    candidate = mine(case["question"], case["solution"], case["answer"])
    assert from_json(json.loads(json.dumps(to_json(candidate)))) == candidate


@pytest.mark.parametrize(
    ("question", "solution", "answer", "low", "high"),
    [
        (
            "A number is as much above 36 as it is below 86. Find the number.",
            "Let x be it.\nx - 36 = 86 - x",
            "61",
            36,
            86,
        ),
        ("Of 9 people 5 sing and 7 dance, and nobody does neither. How many do both?", "5+7=12\n12-9=3", "3", 5, 9),
        ("Of 9 people 5 sing and 7 dance, and nobody does neither. How many do both?", "5+7=12\n12-9=3", "3", 7, 9),
    ],
)
def test_numbers_that_would_contradict_each_other_keep_their_order(
    question: str, solution: str, answer: str, low: int, high: int
) -> None:
    candidate = mine(question, solution, answer)
    place = {value: index for index, value in enumerate(candidate.original)}
    kept = [(rule.node, rule.other) for rule in candidate.rules if rule.kind == "ordered"]
    assert (QuestionNumber(place[low]), QuestionNumber(place[high])) in kept


def test_long_ranges_are_thinned() -> None:
    candidate = mine(
        "A county has 610769 children, and 590796 adults. How many people?", "610769+590796=1201565", "1201565"
    )
    assert all(len(values) < 100 for values in candidate.domains)


def test_a_sum_with_a_negative_part_stays_positive() -> None:
    question = "A vine was 14 feet long. It grew 8 feet, and 20 feet were cut off. How long is it now?"
    candidate = mine(question, "8-20=-12\n14+-12=2", "2")
    assert any(rule.kind == "at-least" and rule.node == candidate.root for rule in candidate.rules)


@pytest.mark.parametrize(
    ("question", "solution", "answer", "larger", "smaller"),
    [
        (
            "Ina had 65 beads. Then she gave 28 beads to Ola and bought 90 beads. How many beads does she have?",
            "65+90=155\n155-28=127",
            "127",
            65,
            28,
        ),
        (
            "A fleet of 35 cars and 18 vans lost 14 cars and 6 vans. How many vehicles are left?",
            "35+18=53\n14+6=20\n53-20=33",
            "33",
            18,
            6,
        ),
    ],
)
def test_nothing_is_given_away_that_was_not_there(
    question: str, solution: str, answer: str, larger: int, smaller: int
) -> None:
    candidate = mine(question, solution, answer)
    rng, judge = Random(3), CompiledRules(candidate.rules)
    more, less = candidate.original.index(larger), candidate.original.index(smaller)
    drawn = [setting for _ in range(300) if judge.accepts(setting := draw(dict(enumerate(candidate.domains)), rng))]
    assert len(drawn) > 20 and all(setting[more] > setting[less] for setting in drawn)
