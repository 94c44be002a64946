"""Clauses about signs: they stand where an element can be negative, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from agentprop.composition.reader import read
from agentprop.composition.terms import Apply, Given, Program, Term, Variable
from agentprop.composition.writer import write
from agentprop.skills import Package, tellings, worded


def apply(skill: str, data: Term, **given: str) -> Apply:
    return Apply(skill, (("xs", data), *((name, Given(text)) for name, text in given.items())))


def steps(body: Apply, library: Mapping[str, Package]) -> list[str]:
    return write(Program("xs", body), library, Random(1), naming=True).split("\n")[1:]


def test_only_the_first_step_speaks_of_signs_if_the_second_gets_none(library: Mapping[str, Package]) -> None:
    inner = apply("coding-lists-digit-sums", Variable("xs"), b="2")
    first, second = steps(apply("coding-judge-counters", inner, k="2"), library)
    assert "signs ignored" in first and "signs" not in second


def test_elements_that_come_from_the_data_may_be_as_negative_as_they_are(library: Mapping[str, Package]) -> None:
    negative = apply("coding-lists-counting-out", Variable("xs"), k="2")  # its data are from -9 on
    positive = apply("coding-lists-frequency-order", Variable("xs"))  # and its from 1 on
    told = [steps(apply("coding-lists-running-remainders", inner, m="7"), library)[1] for inner in (negative, positive)]
    assert ["non-negative" in line for line in told] == [True, False]


def test_the_numbers_of_a_list_that_is_given_decide_themselves(library: Mapping[str, Package]) -> None:
    for text, speaks in (("[4, -3, 9, 2, 8]", True), ("[4, 3, 9, 2, 8]", False)):
        term = apply("coding-strings-spell-digits", Given(text), b="3")
        for seed in range(6):
            statement = write(term, library, Random(seed))
            assert ("sign" in statement) == speaks
            assert read(statement, library) == [term]


def test_a_statement_without_a_clause_that_is_needed_is_not_read(library: Mapping[str, Package]) -> None:
    inner = apply("coding-lists-digit-sums", Variable("xs"), b="2")
    term = Program("xs", apply("coding-judge-counters", inner, k="2"))
    statement = write(term, library, Random(1), naming=True)
    assert read(statement, library) == [term]
    assert read(statement.replace(" (signs ignored)", ""), library) == []


def test_a_clause_that_says_too_much_is_read(library: Mapping[str, Package]) -> None:
    inner = apply("coding-lists-digit-sums", Variable("xs"), b="2")
    term = Program("xs", apply("coding-lists-running-remainders", inner, m="7"))
    statement = write(term, library, Random(1), naming=True)
    assert read(statement.replace("its remainder", "its non-negative remainder"), library) == [term]


def test_every_clause_of_the_library_can_be_resolved(library: Mapping[str, Package]) -> None:
    for package in library.values():
        spec = package.spec
        texts = [*(w.text for w in spec.phrasings), *spec.value, *spec.explain, spec.step or "", spec.finish or ""]
        assert not any("{if" in told for text in texts for told in tellings(text))
        assert all(spec.data is not None for text in texts if worded(text, True) != text)
