"""Coding categories compose: a graph begins a pipeline or is made in it, and families keep their share."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from agentprop.composition.families import family
from agentprop.composition.freshness import Freshness
from agentprop.composition.links import Links
from agentprop.composition.planner import FAMILY_ROOTS, Impossible, Planner
from agentprop.composition.structure import structure, structure_digest, structure_key
from agentprop.composition.terms import Apply, Printed, Program, Term, body_data, skills, to_json
from agentprop.skills import Package

CATEGORIES = ("coding-dp", "coding-graphs", "coding-judge", "coding-lists", "coding-strings")
NETWORK, TREE, WALK, HOPS = (
    f"coding-graphs-{name}" for name in ("near-network", "tree-weights", "short-walk", "hop-distances")
)
PLANNED = 150


def planned(planner: Planner, category: str, seed: int = 1) -> list[Term]:
    """Compositions of a category."""
    rng, found = Random(f"{category}/{seed}"), list[Term]()
    while len(found) < PLANNED:
        try:
            found.append(planner.plan(category, rng))
        except Impossible:
            continue
    return found


@pytest.mark.parametrize("category", CATEGORIES)
def test_most_problems_of_a_category_have_a_structure_of_their_own(
    category: str, library: Mapping[str, Package]
) -> None:
    terms = [term for term in planned(Planner(library), category) if family(term, library) is None]
    assert len({structure(term, library) for term in terms}) >= 0.6 * len(terms)


def test_families_of_judged_programs_keep_their_share_when_they_are_no_longer_new(
    library: Mapping[str, Package],
) -> None:
    planner, rng = Planner(library), Random(1)
    families = [name for name in planner.categories["coding-judge"] if library[name].spec.judged is not None]
    posed = frozenset(structure_digest(planner.givens(name, rng), library) for name in families)
    terms = [planner.plan("coding-judge", rng, Freshness(posed, share=1, shares=16)) for _ in range(PLANNED)]
    share = sum(skills(term)[0] in families for term in terms) / PLANNED
    assert share == pytest.approx(FAMILY_ROOTS * len(families), abs=0.12)
    assert {structure_key(to_json(planner.givens(name, rng)), library) for name in families} == {""}


def test_a_graph_begins_a_pipeline_or_is_made_in_it(library: Mapping[str, Package]) -> None:
    pipelines = [t for t in planned(Planner(library), "coding-graphs") if isinstance(t, Program | Printed)]
    bodies = [term.body for term in pipelines if isinstance(term.body, Apply)]
    given = {node.skill for node, name in (body_data(body, library) for body in bodies) if name == "edges"}
    assert {TREE, HOPS} <= given
    made = [names[names.index(NETWORK) - 1] for body in bodies if NETWORK in (names := skills(body))]
    assert set(made) == {TREE, WALK}
    assert all(skills(body)[0] != NETWORK for body in bodies)


def test_a_graph_supplies_only_what_takes_a_graph_of_its_kind(library: Mapping[str, Package]) -> None:
    links = Links(library, {}).out_of[NETWORK]
    assert {link.consumer for link in links} == {TREE, WALK}
