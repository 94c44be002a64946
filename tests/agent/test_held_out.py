"""Pairs of skills that are held out: nothing is proposed with them, or only with them."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from pydantic import ValidationError

from agentprop.agent.bundles import BundleFilter, Bundles
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.repairs import Repairs
from agentprop.composition.terms import Term, skills
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.skills import Package
from agentprop.stages.common.plan import plan_of


def _drawn(planner: Planner, count: int) -> list[Term]:
    rng, found = Random(5), list[Term]()
    while len(found) < count:
        try:
            found.append(planner.plan(rng.choice(sorted(planner.categories)), rng))
        except Impossible:
            continue
    return found


def _pairs(term: Term) -> set[str]:
    return {"+".join(sorted(pair)) for pair in combinations(set(skills(term)), 2)}


def test_a_planner_keeps_away_from_held_out_pairs_or_plans_nothing_else(library: dict[str, Package]) -> None:
    free = [pair for term in _drawn(Planner(library), 60) for pair in sorted(_pairs(term))]
    held_out = set(free[::2])
    assert len(held_out) > 10
    for wanted in (False, True):
        terms = _drawn(Planner(library, allowed=BundleFilter.of(held_out, wanted)), 60)
        assert all(bool(_pairs(term) & held_out) == wanted for term in terms)


def test_an_exchange_does_not_bring_a_held_out_pair_back(library: dict[str, Package]) -> None:
    rng, repaired = Random(1), 0
    free = Planner(library)
    for term in _drawn(free, 80):
        for name in skills(term)[1:]:
            new = Repairs(free).substitute(term, name, rng)
            if new is None:
                continue
            repaired += 1
            forbidden = ["+".join((new, other)) for other in skills(term) if other not in (new, name)]
            planner = Planner(library, allowed=BundleFilter.of(forbidden))
            assert Repairs(planner).substitute(term, name, rng) != new
    assert repaired > 20


def test_no_composition_has_more_skills_than_may_be(library: dict[str, Package]) -> None:
    assert max(len(skills(term)) for term in _drawn(Planner(library), 60)) > 2
    assert {len(skills(term)) for term in _drawn(Planner(library, allowed=BundleFilter(most=2)), 60)} <= {1, 2}
    assert min(len(skills(term)) for term in _drawn(Planner(library, allowed=BundleFilter(least=2)), 60)) == 2


def test_without_pairs_every_bundle_is_allowed() -> None:
    assert BundleFilter()(("one", "other")) and BundleFilter.of((), wanted=True)(("one",))


def test_bundles_around_written_skills_keep_away_too(library: dict[str, Package]) -> None:
    written = {name: package for name, package in library.items() if name.startswith("algebra")}
    allowed = BundleFilter.of([f"{a}+{b}" for a in written for b in library if a != b and not b.startswith("algebra")])
    bundles = Bundles(Planner(library, allowed=allowed), written)
    drawn = [bundle for n in range(200) if (bundle := bundles.draw("algebra", Random(n))) is not None]
    assert drawn and all(name.startswith("algebra") for bundle in drawn for name in bundle)


@pytest.mark.parametrize("pair", ["one", "one+one", "a+b+c+d", ""])
def test_what_is_not_a_pair_is_refused(pair: str) -> None:
    with pytest.raises(ValidationError, match="divisor-count"):
        ProposeConfig(n=1, held_out=(pair,))


def test_a_misspelt_skill_of_a_pair_is_refused_since_nothing_would_be_held_out(library: dict[str, Package]) -> None:
    first, other = sorted(library)[:2]
    with pytest.raises(ConfigError, match=f"held_out names {first}x, and there is no such skill") as refused:
        plan_of(ProposeConfig(n=1, proposer="m", held_out=(f"{other}+{first}x",)), library)
    assert refused.value.hint == f"did you mean {first}?"
