"""Statements → findings in their language; the table of cases is lint.toml."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agentprop.composition.drafting import well_written
from agentprop.composition.lint import OWN, RULES, Draft, Rule, errors, findings
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.reader import read
from agentprop.composition.terms import Given, Remainder, from_json
from agentprop.composition.writer import write
from agentprop.errors import ConfigError
from agentprop.records import TestCase
from agentprop.skills import load

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("lint.toml").read_text(encoding="utf-8"))["case"]


def draft(case: dict[str, Any], statement: str) -> Draft:
    tests = [TestCase(arguments=case["arguments"], expected=case.get("expected", "0"))] if "arguments" in case else []
    composition = from_json(case["composition"]) if "composition" in case else None
    domain = "mathematics"
    return Draft(statement, case.get("answer", ""), case.get("kind", ""), domain, tests, composition)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["rule"]))
def test_a_rule_finds_what_breaks_it_and_nothing_else(case: dict[str, Any]) -> None:
    assert findings(draft(case, case["bad"]), [case["rule"]])
    if case["good"]:
        assert not findings(draft(case, case["good"]), [case["rule"]])


def test_one_takes_no_plural_behind_an_adjective_either() -> None:
    wrong, right = (
        "The graph has exactly $1$ spanning trees.",
        "It is known that exactly $1$ of its two vertices is odd.",
    )
    assert [bool(findings(Draft(text), ["one-of-many"])) for text in (wrong, right)] == [True, False]


@pytest.mark.parametrize("text", ["The the sum.", "All (of of them).", "Look:\nIn in it.", "So are are", "In A a."])
def test_a_doubled_word_is_found_wherever_it_stands(text: str) -> None:
    assert [finding.rule for finding in errors(Draft(text))] == ["doubled-word"]
    assert not errors(Draft("Breathe the air; of office, in inner rooms."))  # its words only end or begin so


def test_a_best_possible_value_is_a_measure_like_others() -> None:
    stacked = (
        "Find the remainder when the largest product of parts of the least possible value of a run is divided by 9."
    )
    rules = [finding.rule for finding in errors(Draft(stacked))]
    assert rules == ["stacked-measures"]
    assert not errors(Draft("Find the largest product of the parts of the least possible value of a run."))


def test_an_answer_shows_which_of_its_zeros_count() -> None:
    asked = "Find the heat. Give your answer in J to three significant figures."
    hidden = {
        answer: [finding.rule for finding in errors(Draft(asked, answer, "quantity"))]
        for answer in ("2100 J", "2140 J", "1.00e+04 J", "100 J", "0.100 J")
    }
    assert hidden == {"2100 J": ["hidden-figures"], "2140 J": [], "1.00e+04 J": [], "100 J": [], "0.100 J": []}


def test_a_constant_with_its_power_of_ten_is_given_once() -> None:
    sun = r"The Sun has $1.989\times10^{30}$ kg."
    assert [finding.rule for finding in errors(Draft(f"{sun} A star is as heavy. {sun}"))] == ["repeated-constant"]
    assert not errors(Draft(rf"{sun} A foil holds $3.1\times10^{{19}}$ atoms, another one $3.1\times10^{{19}}$."))


def test_every_rule_has_a_case() -> None:
    assert [case["rule"] for case in CASES] == list(OWN)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ConfigError, match="no statement rule"):
        findings(Draft("Find it."), ["no-such-rule"])


def test_a_rule_can_be_added_and_does_not_change_what_a_seed_gives() -> None:
    RULES.register("shouting", Rule("error", lambda draft: iter(["!"] if "!" in draft.statement else [])))
    try:
        assert [str(finding) for finding in findings(Draft("Find it!"))] == ["error shouting: !"]
        assert not errors(Draft("Find it!"))
    finally:
        del RULES._registered["shouting"]


@pytest.mark.parametrize("domain", ["mathematics", "coding", "science"])
def test_no_draft_of_the_built_in_proposer_breaks_a_rule_and_each_is_read_back(domain: str) -> None:
    planner, rewritten = Planner(load([])), Counter[str]()
    categories = [c for c in sorted(planner.categories) if planner.domain(c) == domain]
    for index in range(40):
        rng = Random(f"{domain}/{index}")
        try:
            term = planner.plan(rng.choice(categories), rng)
        except Impossible:
            continue
        statement = well_written(term, planner.library, rng, rewritten)
        if statement is not None:
            assert not errors(Draft(statement, domain=domain, composition=term))
            assert term in read(statement, planner.library)


def test_values_get_names_instead_of_a_stack_of_clauses_and_are_read_back() -> None:
    library = load([])
    places = '{"apply":"combinatorics-fixed-points","to":{"n":"5","k":"2"}}'
    divisors = f'{{"apply":"number-theory-divisor-sum","to":{{"n":{places},"k":"4"}}}}'
    term = Remainder(from_json(divisors), 1000)
    statement = write(term, library, Random(1), naming=True)
    assert statement.count("Let $") == 2 and "the remainder when $" in statement
    assert read(statement, library) == [term]


def test_an_ordinal_fits_its_number_and_the_old_spelling_is_still_read() -> None:
    library = load([])
    name = "genetics-lethal-carriers"
    term = Planner({name: library[name]}).givens(name, Random(1)).with_argument("n", Given("3"))
    statement = next(text for seed in range(30) if "3rd" in (text := write(term, library, Random(seed))))
    assert read(statement, library) == [term] == read(statement.replace("3rd", "3th"), library)


def test_a_constant_stands_once_at_the_end() -> None:
    library = load([])
    planner = Planner(library)
    node = planner.givens("mechanics-loop-radius", Random(1))
    statement = write(node, library, Random(1))
    assert statement.count("9.8") == 1
    assert "Use $g = 9.8$ m/s². Give your answer" in statement
    assert read(statement, library) == [node]
    assert not read(statement.replace("9.8", "9.81"), library)


def test_a_fraction_is_asked_for_in_words_that_fit_an_integer_and_the_old_words_are_still_read() -> None:
    library = load([])
    node = Planner(library).givens("probability-urn-draws", Random(1))
    statement = write(node, library, Random(1))
    old = statement.replace(
        "Give your answer as an integer or as a fraction", "Express your answer as a common fraction"
    )
    assert old != statement
    assert read(statement, library) == [node] == read(old, library)


def test_beside_mathematics_the_numbers_of_a_program_are_formulas_too() -> None:
    library = load([])
    chosen = '{"apply":"coding-dp-spaced-sum","to":{"xs":"[3, 8, 5, 9]","g":"3"}}'
    alone = from_json(chosen)
    fed = from_json(f'{{"apply":"algebra-factoring-pairs","to":{{"a":"7","b":"9","n":{chosen}}}}}')
    for seed in range(6):
        statement = write(fed, library, Random(seed))
        assert "$3$ places apart" in statement
        assert not findings(Draft(statement, domain="mathematics"), ["mixed-numbers"])
        assert fed in read(statement, library)
    assert "$3$" not in write(alone, library, Random(0))


def test_a_thing_for_each_of_a_count_is_a_worn_out_phrase() -> None:
    drawn = "For each of these lost positions one straight line is drawn on an endless sheet."
    shared = "One gold coin is set aside for each of these positions."
    assert all(findings(Draft(text), ["cliche"]) for text in (drawn, shared))
    assert not findings(Draft("A straight line is drawn through each of these points."), ["cliche"])


def test_a_story_with_a_worn_out_phrase_gives_way_to_letters() -> None:
    library = load([])
    places = '{"apply":"combinatorics-fixed-points","to":{"n":"5","k":"2"}}'
    term = from_json(f'{{"apply":"number-theory-factorial-zeros","to":{{"n":{places},"b":"12"}}}}')
    told = {write(term, library, Random(seed)) for seed in range(20)}
    kept = {well_written(term, library, Random(seed), Counter()) or "" for seed in range(20)}
    assert any("its own card" in text for text in told)
    assert "" not in kept
    assert not any("its own card" in text for text in kept)
