"""Compositions → the clauses that the answer does not need."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from toy_skills import skill_text

from agentprop.agent.candidates import tools
from agentprop.composition import ablation
from agentprop.composition.ablation import ClauseCounts
from agentprop.composition.terms import Apply, Given, Least, Program, Relation, Remainder, Variable, from_json, modules
from agentprop.composition.validation import validate
from agentprop.sandbox import Job, Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, parse
from agentprop.skills.values import Parameter, faults

PLACES = '{"apply":"combinatorics-fixed-points","to":{"n":"5","k":"2"}}'
ZEROS = f'{{"apply":"number-theory-factorial-zeros","to":{{"n":{PLACES},"b":"12"}}}}'
WALK = (
    '{"apply":"coding-graphs-short-walk","to":{"edges":"1-2 (2), 2-3 (2), 3-4 (2), 1-4 (9)","a":"1","b":"4","k":"%d"}}'
)


def tried(term: Any, library: Mapping[str, Package], executor: Executor, inputs: Any = None) -> ClauseCounts:
    code = ablation.program(term, library, inputs)
    assert code is not None
    sources = {**tools(), **ablation.modules(), **modules(term, library)}
    result = asyncio.run(executor.run(Job(code, sources, returns="found")))
    assert result.status == "ok", result.error
    found = ablation.read(result.value)
    assert found is not None
    return found


def test_a_composition_whose_clauses_all_matter(library: Mapping[str, Package], executor: Executor) -> None:
    found = tried(from_json(ZEROS), library, executor)
    assert found.inert == ()
    assert (found.counts["givens"], found.counts["links"], found.counts["operators"]) == (3, 1, 0)


@pytest.mark.parametrize(("k", "inert"), [(2, ()), (3, ("coding-graphs-short-walk.k",))])
def test_a_limit_beyond_the_lightest_walk_is_inert(
    k: int, inert: tuple[str, ...], library: Mapping[str, Package], executor: Executor
) -> None:
    found = tried(from_json(WALK % k), library, executor)
    assert found.counts["restrictions"] == 1
    assert found.inert == inert


def test_a_search_finds_the_first_givens_with_which_a_clause_matters(
    library: Mapping[str, Package], executor: Executor
) -> None:
    term, clause = from_json(WALK % 3), ("coding-graphs-short-walk", "k")
    for choices, found in (((4, 2), 1), ((4, 3), None)):
        code = ablation.search(term, library, clause, [from_json(WALK % k) for k in choices])
        assert code is not None
        sources = {**tools(), **modules(term, library)}
        result = asyncio.run(executor.run(Job(code, sources)))
        assert result.stdout == f"choice = {found}\n"
    assert ablation.search(term, library, ("coding-graphs-short-walk", "no such given"), []) is None


def test_a_remainder_of_something_smaller_is_inert(library: Mapping[str, Package], executor: Executor) -> None:
    term = from_json(PLACES)
    assert tried(Remainder(term, 1000), library, executor).inert == ("remainder",)
    assert tried(Remainder(term, 7), library, executor).inert == ()


@pytest.mark.parametrize(("low", "inert"), [(30, ("bound",)), (40, ())])
def test_a_bound_below_which_the_condition_is_never_met_is_inert(
    low: int, inert: tuple[str, ...], library: Mapping[str, Package], executor: Executor
) -> None:
    zeros = Apply("number-theory-factorial-zeros", (("n", Variable("n")), ("b", Given("10"))))
    term = Least("n", low, zeros, Relation("divisible", 8))  # first at 35, and again at 70
    assert tried(term, library, executor).inert == inert


def test_of_a_program_a_clause_matters_if_it_does_on_one_of_the_tests(
    library: Mapping[str, Package], executor: Executor
) -> None:
    body = Apply("coding-lists-drop-multiples", (("xs", Variable("xs")), ("k", Given("3"))))
    assert tried(Program("xs", body), library, executor, [[1, 2], [3, 4]]).inert == ()
    assert tried(Program("xs", body), library, executor, [[1, 2], [5, 7]]).inert == ("coding-lists-drop-multiples.k",)


def test_a_changed_value_that_the_next_skill_does_not_take_says_nothing(
    library: Mapping[str, Package], executor: Executor
) -> None:
    code = ablation.program(from_json(ZEROS), library)
    assert code is not None and re.search(
        r"within\(combinatorics_fixed_points.solve\(n=\w+, k=\w+\), 10.0, 5000.0\)", code
    )


def test_a_drop_must_be_a_value_of_its_kind() -> None:
    assert not faults(Parameter(kind="integer", min=1, max=4, drop=9))
    assert faults(Parameter(kind="integer", min=1, max=4, drop="many"))


SKILL = skill_text(
    "capped",
    """
    parameters:
      n: {kind: integer, min: 1, max: 99}
      k: {kind: integer, min: 1, max: 99, drop: 1000}
    output: {kind: integer}
    phrasings:
      - {ask: "Find the smaller of <n> and <k>."}
      - {ask: "What is <n>, but at most <k>?"}
    """,
)
SCRIPT = "def solve(n, k):\n    return min(n, k)\n\ndef check(n, k):\n    %sreturn n if n < k else k\n"


def test_validation_tries_each_drop_with_check(executor: Executor) -> None:
    refusing = SCRIPT % "if k > 100:\n        raise ValueError('too large')\n    "
    with Sandbox(preload=(), slots=1) as sandbox:
        assert not validate(parse(SKILL, SCRIPT % ""), sandbox, draws=6).faults
        found = validate(parse(SKILL, refusing), sandbox, draws=6).faults
    assert found == ("parameters.k: check does not accept its `drop`, 1000: too large",)


def test_a_changed_value_that_breaks_a_constraint_of_the_next_skill_says_nothing(
    library: Mapping[str, Package], executor: Executor
) -> None:
    # With 10 misses the difference would be 0, which every power divides: the skill would count for ever.
    misses = '{"apply":"coding-judge-cache-misses","to":{"xs":"[5, 1, 2, 3, 5, 4, 1, 1, 3, 5, 4, 5, 6]","k":"%d"}}'
    whole = '{"apply":"number-theory-power-difference-valuation","to":{"p":"13","a":%s,"b":"10","n":"56"}}'
    found = tried(from_json(whole % (misses % 2)), library, executor)
    assert found.counts["givens"] == 4 and found.counts["links"] == 1
