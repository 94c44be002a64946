"""Compositions whose structure is new come first; if there are none, an old structure serves."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from agentprop.composition.freshness import Freshness
from agentprop.composition.planner import Planner
from agentprop.composition.structure import structure_digest
from agentprop.skills import load


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(load([]))


def digests(planner: Planner, category: str, fresh: Freshness, count: int) -> list[bytes]:
    return [structure_digest(planner.plan(category, Random(seed), fresh), planner.library) for seed in range(count)]


def test_plans_avoid_structures_that_were_proposed(planner: Planner) -> None:
    usual = Counter(digests(planner, "genetics", Freshness(), 60))
    often = frozenset(digest for digest, count in usual.items() if count > 1)
    assert often
    assert not often & {*digests(planner, "genetics", Freshness(often), 60)}


def test_batches_beside_each_other_share_no_structure(planner: Planner) -> None:
    left, right = ({*digests(planner, "logarithms", Freshness(share=n, shares=2), 40)} for n in (0, 1))
    assert len(left) > 20 and len(right) > 20
    assert not left & right


def test_a_category_all_of_whose_structures_were_proposed_still_gives_plans() -> None:
    families = Planner({name: package for name, package in load([]).items() if package.spec.judged is not None})
    known = frozenset(digests(families, "coding-graphs", Freshness(), 100))
    assert {*digests(families, "coding-graphs", Freshness(known), 5)} <= known
