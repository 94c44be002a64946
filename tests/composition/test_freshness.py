"""Compositions whose structure is new come first, then new questions about old ones; at last an old one serves."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from agentprop.composition import backwards, objects
from agentprop.composition.freshness import POSED, TURNED, Freshness
from agentprop.composition.planner import Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.structure import structure_digest
from agentprop.records import Observation
from agentprop.skills import load


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(load([]))


def planned(planner: Planner, category: str, fresh: Freshness, seed: int) -> bytes:
    return structure_digest(planner.plan(category, Random(seed), fresh), planner.library)


def digests(planner: Planner, category: str, fresh: Freshness, count: int) -> list[bytes]:
    return [planned(planner, category, fresh, seed) for seed in range(count)]


def test_plans_avoid_structures_that_were_proposed(planner: Planner) -> None:
    usual = Counter(digests(planner, "genetics", Freshness(), 60))
    often = frozenset(digest for digest, count in usual.items() if count > 1)
    assert often
    assert not often & {*digests(planner, "genetics", Freshness(often), 60)}


def test_plans_avoid_structures_of_which_nothing_came(planner: Planner) -> None:
    usual = Counter(digests(planner, "genetics", Freshness(), 60))
    often = frozenset(digest for digest, count in usual.items() if count > 1)
    assert not often & {*digests(planner, "genetics", Freshness(failed=often), 60)}


def test_batches_under_way_plan_the_same_less_often_if_each_has_a_share(planner: Planner) -> None:
    alike, apart = 0, 0
    for category in ("genetics", "kinetics", "waves", "fluids", "oscillation"):  # whose skills combine in few ways
        alike += len({*digests(planner, category, Freshness(), 16)})
        apart += len({planned(planner, category, Freshness(share=share, shares=16), share) for share in range(16)})
    assert apart > alike


def test_object_kinds_leave_other_skills_their_share_of_the_questions(planner: Planner) -> None:
    fresh = Freshness(share=7, shares=1 << 16)  # hardly any structure that is known before it is drawn is welcome
    for category, least, most in (("linear-algebra", 55, 85), ("probability", 38, 62), ("number-theory", 25, 50)):
        asked = [planner.plan(category, Random(seed), fresh) for seed in range(100)]
        kinds = sum(objects.is_undrawn(term, planner.library) for term in asked)
        assert least <= kinds <= most, category  # the fewer, the more other skills there are


def test_another_kind_of_skill_asks_where_the_one_that_was_drawn_cannot() -> None:
    library = load([])
    alone = Planner(library, allowed=lambda names: len(names) == 1)
    for seed in range(20):
        assert objects.is_undrawn(alone.plan("number-theory", Random(seed)), library)


def test_a_composition_with_a_new_question_for_a_datum_comes_before_one_without(planner: Planner) -> None:
    few = Planner({name: p for name, p in planner.library.items() if p.spec.category == "fluids"})
    questions = dict[bytes, set[bytes]]()
    for seed in range(300):
        term = few.plan("fluids", Random(seed))
        found = {structure_digest(question, few.library) for question in backwards.questions(term, few.library)}
        questions[structure_digest(term, few.library)] = found
    assert 5 < len(questions) < 20 and all(questions.values())
    left_out, everything = min(questions), frozenset(questions).union(*questions.values())
    assert {*digests(few, "fluids", Freshness(everything - questions[left_out]), 9)} == {left_out}


def test_a_composition_that_was_posed_is_turned_into_each_question_for_a_datum_but_not_into_a_posed_one(
    planner: Planner,
) -> None:
    term = planner.givens("waves-stopped-pipe", Random(1))
    digest = structure_digest(term, planner.library)
    computed = Observation(
        text="[refine] answer = 12.5", outcome="ok", turns_left=9, skills=(), messages=(), stage="refine"
    )
    known, found = {digest}, list[str]()
    for seed in range(4):
        proposer = BuiltinProposer(planner, term, Random(seed), fresh=Freshness(frozenset(known)))
        turned = proposer._turned(computed)[:1]
        found += [question.variable for question in turned]
        known |= {structure_digest(question, planner.library) for question in turned}
    assert sorted(found) == ["d", "t", "x"]


def test_one_scene_is_as_stale_as_all_of_its_questions_for_a_datum(planner: Planner) -> None:
    term = planner.givens("waves-stopped-pipe", Random(1))
    asked = [structure_digest(question, planner.library) for question in backwards.questions(term, planner.library)]
    assert len(asked) == 3
    assert planner._staleness(term, Freshness(frozenset(asked[:2]))) < TURNED
    assert planner._staleness(term, Freshness(frozenset(asked))) == POSED


def test_a_category_all_of_whose_structures_were_proposed_still_gives_plans() -> None:
    families = Planner({name: package for name, package in load([]).items() if package.spec.judged is not None})
    known = frozenset(digests(families, "coding-graphs", Freshness(), 100))
    assert {*digests(families, "coding-graphs", Freshness(known), 5)} <= known
