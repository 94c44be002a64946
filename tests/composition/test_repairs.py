"""Repairs of a composition: a problem stays in the category that it was begun for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from random import Random

from agentprop.composition.exchanges import Exchanges, culprit
from agentprop.composition.objects import any_undrawn, is_undrawn
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.repairs import Repairs
from agentprop.composition.terms import Apply, Given, Program, Variable, from_json, skills, walk
from agentprop.skills import Package

TRACE = '{"apply":"linear-algebra-trace-power","to":{"A":"[[3, 1], [2, 1]]","n":"40","m":"97"}}'
DISC = f'{{"apply":"geometry-lattice-disc","to":{{"n":{TRACE}}}}}'


def test_the_skill_that_makes_a_problem_one_of_its_category_is_not_pruned(library: Mapping[str, Package]) -> None:
    culprit, term = "linear-algebra-trace-power", from_json(DISC)
    for category, kept in (("geometry", True), ("linear-algebra", False), ("", True)):
        pruned = Exchanges(Repairs(Planner(library)), lambda _: 0, category).pruned(term, culprit, Random(1))
        assert (pruned is not None) == kept
        assert pruned is None or skills(pruned) == ("geometry-lattice-disc",)


def test_a_supplier_is_exchanged_for_one_of_the_category(library: Mapping[str, Package]) -> None:
    exchanges, found = Exchanges(Repairs(Planner(library)), lambda _: 0, "linear-algebra"), set[str]()
    for seed in range(40):
        exchanged = exchanges.exchanged(from_json(DISC), "linear-algebra-trace-power", Random(seed))
        found |= set() if exchanged is None else {library[exchanged[0]].spec.category}
    assert found == {"linear-algebra"}


def test_a_program_without_its_first_step_is_named_after_the_data_of_the_next(library: Mapping[str, Package]) -> None:
    distances = Apply("coding-graphs-hop-distances", (("edges", Variable("edges")), ("v", Given("1"))))
    thinned = Apply("coding-lists-drop-multiples", (("xs", distances), ("k", Given("3"))))
    body = Apply("coding-lists-running-remainders", (("xs", thinned), ("m", Given("7"))))
    pruned = Repairs(Planner(library)).pruned(Program("edges", body), "coding-graphs-hop-distances", Random(1))
    assert isinstance(pruned, Program) and pruned.variable == "xs"
    assert Variable("xs") in walk(pruned.body) and Variable("edges") not in walk(pruned.body)


def test_a_conflict_is_about_the_skill_it_names_or_the_one_that_computed_the_value() -> None:
    inner = Apply("b", (("x", Apply("c", (("y", Given("1")),))), ("z", Apply("d", ()))))
    term = Apply("a", (("n", inner),))
    assert [culprit(term, about) for about in ("b", "v1", "v2", "v3", "v9", "")] == ["b", "c", "d", "b", "b", "c"]
    assert culprit(Apply("a", (("n", Given("1")),)), "v1") is None


def test_other_givens_of_a_skill_keep_its_data_before_all_are_new(library: Mapping[str, Package]) -> None:
    term = from_json(
        '{"apply":"coding-graphs-short-walk","to":{"edges":"1-2 (2), 2-3 (2), 3-4 (2), 1-4 (9)",'
        '"a":"1","b":"4","k":"3"}}'
    )
    found = Repairs(Planner(library)).choices(term, "coding-graphs-short-walk", "k", Random(1))
    assert isinstance(term, Apply) and all(isinstance(one, Apply) and one != term for one in found)
    kept = [dict(one.arguments)["edges"] == term.argument("edges") for one in found if isinstance(one, Apply)]
    assert kept == sorted(kept, reverse=True) and True in kept and False in kept


def test_other_data_of_one_skill_leave_the_rest_of_a_composition_as_it_is(library: Mapping[str, Package]) -> None:
    graph = '"edges":"1-2 (2), 2-3 (2), 3-4 (2), 1-4 (9)","a":"1","b":"4","k":"3"'
    walk_ = f'{{"apply":"coding-graphs-short-walk","to":{{{graph}}}}}'
    term = from_json(f'{{"apply":"number-theory-factorial-zeros","to":{{"n":{walk_},"b":"12"}}}}')
    found = Repairs(Planner(library)).choices(term, "coding-graphs-short-walk", "k", Random(1))
    inner = [(one.argument("n"), one.argument("b")) for one in found if isinstance(one, Apply)]
    others = {edges for n, b in inner if isinstance(n, Apply) and b == Given("12") for edges in [n.argument("edges")]}
    assert len(others) > 40


def test_an_object_that_is_still_to_be_drawn_gets_another_seed_and_keeps_its_operator(
    library: Mapping[str, Package],
) -> None:
    term = any_undrawn("number-theory-integer", library, Random(1))
    other = Repairs(Planner(library)).redrawn(term, Random(2))
    assert is_undrawn(other, library) and other.argument("operator") == term.argument("operator")
    assert other.argument("seed") != term.argument("seed")


def test_whatever_is_planned_can_be_drawn_again(library: Mapping[str, Package]) -> None:
    planner, rng, drawn = Planner(library), Random(3), 0
    for category in sorted(planner.categories):
        with suppress(Impossible):
            term = planner.plan(category, rng)
            assert skills(Repairs(planner).redrawn(term, rng)) == skills(term)
            drawn += 1
    assert drawn > 20
