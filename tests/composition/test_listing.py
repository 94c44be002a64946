"""Listings of programs: they print the answer, are read back, and any change makes them something else."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from judging import Judge

from agentprop.composition.answer_text import answer_text
from agentprop.composition.listing import listing, read_listing
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.terms import Given, Printed, Program, walk
from agentprop.skills import Package

CODING = ("coding-lists", "coding-strings", "coding-graphs", "coding-dp")


@pytest.fixture(scope="module")
def printed(library: Mapping[str, Package]) -> list[Printed]:
    planner, found = Planner(library), []
    for number in range(600):
        rng = Random(f"listing/{number}")
        try:
            term = planner.plan(CODING[number % 4], rng)
        except Impossible:
            continue
        if isinstance(term, Printed):
            found.append(term)
    return found[:60]


def test_a_listing_prints_what_the_independent_check_says(printed: list[Printed], judge: Judge) -> None:
    compared = 0
    for term in printed:
        checked = judge.value(term, "check")
        ran = judge.executor.sandbox.run(listing(term.body, judge.library))
        if checked.status != "ok":
            continue  # data that a link supplied and the skill does not take
        compared += 1
        assert ran.stdout == f"{answer_text(checked.value)}\n", term
    assert compared > len(printed) // 2


def test_a_listing_is_read_back_and_no_changed_one_is(printed: list[Printed], library: Mapping[str, Package]) -> None:
    rng = Random(1)
    for term in printed:
        text = listing(term.body, library)
        assert read_listing(text, library) == term.body
        for _ in range(20):
            place = rng.randrange(len(text))
            other = text[:place] + rng.choice("x0+ ") + text[place + 1 :]
            assert read_listing(other, library) != term.body or other == text


@pytest.mark.parametrize(
    "literal",
    [
        "1",
        "'a'",
        "[1, (2, 3)]",
        "None",
        "{1: 2}",
        "[]",
        "[[]]",
        "1e999",
        "b'x'",
        "(1,)",
        "[1, 'a']",
        "-1j",
        "True",
        "[None]",
        "Fraction(1, 0)",
        "1/0",
        "[(1, 2, 3, 4)]",
        "...",
    ],
)
def test_a_literal_of_another_kind_is_no_listing(
    literal: str, printed: list[Printed], library: Mapping[str, Package]
) -> None:
    for term in printed[:12]:
        data = max((n.text for n in walk(term) if isinstance(n, Given)), key=len)
        text = listing(term.body, library)
        for value in (data, repr(data)):
            changed = text.replace(f"={value})", f"={literal})").replace(f"={value},", f"={literal},")
            found = read_listing(changed, library)
            assert found is None or listing(found, library) == changed


@pytest.mark.parametrize(
    "text", ["", "print(", "print(f1())", "x = 1", "print(1)", "print(f1(xs=[1]))", "\x00", "f1(f1(f1))"]
)
def test_other_programs_are_no_listing(text: str, library: Mapping[str, Package]) -> None:
    assert read_listing(text, library) is None


def test_a_reference_program_stands_alone(library: Mapping[str, Package], judge: Judge) -> None:
    planner, seen = Planner(library), 0
    for number in range(40):
        rng = Random(f"alone/{number}")
        try:
            term = planner.plan(CODING[number % 4], rng)
        except Impossible:
            continue
        if isinstance(term, Program):
            seen += 1
            program = judge.solution(term)
            assert "skills" not in program and "tools" not in program
            assert judge.executor.sandbox.run(program).status == "ok"
    assert seen > 5
