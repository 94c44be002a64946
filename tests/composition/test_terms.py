"""Compositions as JSON and as Python: nothing but a composition is ever read as one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.composition.terms import (
    MAX_NESTING,
    Apply,
    Combine,
    Count,
    Given,
    Least,
    Printed,
    Program,
    Relation,
    Remainder,
    Term,
    Total,
    Variable,
    canonical,
    expression,
    from_json,
    operators,
    skills,
    to_json,
    walk,
)
from agentprop.skills import Package

A = Apply("a", (("n", Given("3")), ("m", Variable("n"))))
TERMS: list[Term] = [
    A,
    Combine("difference", A, Given("x")),
    Least("n", 1, A, Relation("divisible", 7)),
    Count("n", 1, 9, A, Relation("exceeds", None, A)),
    Total("n", -2, 9, A),
    Remainder(A, 1000),
    Program("xs", Apply("b", (("xs", Variable("xs")),))),
    Printed(A.with_argument("n", A)),
]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_json_is_read_back(term: Term) -> None:
    assert from_json(to_json(term)) == term


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Combine("sum", A, Given("1")), Combine("sum", Given("1"), A), True),
        (Combine("product", A, Given("1")), Combine("product", Given("1"), A), True),
        (Combine("difference", A, Given("1")), Combine("difference", Given("1"), A), False),
        (Apply("a", (("n", Given("3")), ("m", Given("4")))), Apply("a", (("m", Given("4")), ("n", Given("3")))), True),
        (Apply("a", (("n", Given("3")), ("m", Given("4")))), Apply("a", (("n", Given("4")), ("m", Given("3")))), False),
        (
            Least("n", 1, Apply("b", (("k", Variable("n")),)), Relation("odd")),
            Least("m", 1, Apply("b", (("k", Variable("m")),)), Relation("odd")),
            True,
        ),
        (Least("n", 1, A, Relation("odd")), Least("n", 2, A, Relation("odd")), False),
        (
            Total("n", 1, 9, Count("k", 1, 9, A, Relation("exceeds", None, Variable("k")))),
            Total(
                "k",
                1,
                9,
                Count("n", 1, 9, A.with_argument("m", Variable("k")), Relation("exceeds", None, Variable("n"))),
            ),
            True,
        ),
    ],
    ids=lambda x: "" if isinstance(x, bool) else to_json(x),
)
def test_letters_and_order_make_no_other_question(one: Term, other: Term, same: bool) -> None:
    assert (canonical(one) == canonical(other)) is same


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_the_canonical_form_is_its_own(term: Term) -> None:
    assert canonical(canonical(term)) == canonical(term)


NODES = ["var", "apply", "to", "is", "value", "other", "node", "low", "high", "body", "relation", "variable", "op"]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["total", "least"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(NODES), st.text(max_size=3)), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_other_json_is_refused_or_can_be_walked(value: Any) -> None:
    try:
        term = from_json(json.dumps(value))
    except ValueError:
        return
    assert isinstance(hash(term), int)
    assert all(isinstance(name, str) for name in (*skills(term), *operators(term)))
    assert len(list(walk(term))) >= 1
    assert from_json(to_json(term)) == term


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nul",
        "3",
        "[]",
        "{}",
        '{"var":3}',
        '{"apply":"a"}',
        '{"apply":"a","to":[]}',
        '{"apply":["a"],"to":{}}',
        '{"node":"total","variable":"n","low":"1","high":2,"body":"3"}',
        '{"node":"total","variable":"n","low":true,"high":2,"body":"3"}',
        '{"node":"least","variable":"n","low":1,"body":"3","relation":"odd"}',
        '{"node":"least","variable":"n","low":1,"body":"3","relation":{"is":"odd","value":"7","other":null}}',
        '{"node":"combine","op":[],"left":"1","right":"2"}',
        '{"node":"combine","op":"sum","left":"1"}',
        '{"node":"nothing"}',
        '{"node":["total"]}',
        '{"node":"remainder","body":null,"modulus":3}',
        '{"apply":"a","to":{"n":' * (MAX_NESTING + 1) + '"3"' + "}}" * (MAX_NESTING + 1),
        "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_composition_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)


def test_operators_are_named_by_what_a_composition_does() -> None:
    nested = A.with_argument("n", Total("n", 1, 5, A))
    assert operators(nested) == ("nest", "aggregate")
    assert operators(A.with_argument("n", A)) == ("chain",)
    assert operators(TERMS[2]) == ("invert",)
    assert operators(TERMS[3]) == ("constrain",)
    assert skills(nested) == ("a",)


def test_what_a_sweep_does_not_change_is_computed_once(library: Mapping[str, Package]) -> None:
    swept = Apply("combinatorics-fixed-points", (("n", Variable("m")), ("k", Given("2"))))
    fixed = swept.with_argument("n", Given("5"))
    least = "combinatorics_fixed_points.check(n=m, k=2) > fixed1, 3)"
    assert (
        expression(Least("m", 3, swept, Relation("exceeds", None, fixed)), library, "check")
        == f"least(lambda m, fixed1=combinatorics_fixed_points.check(n=5, k=2): {least}"
    )
    inner = Least("k", 1, swept.with_argument("k", Variable("k")), Relation("exceeds", None, swept))
    nested = expression(Count("m", 3, 9, inner, Relation("odd")), library, "check")
    assert "lambda m: least(lambda k, fixed1=combinatorics_fixed_points.check(n=m, k=2): " in nested
