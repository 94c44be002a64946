"""Bundles as paths of the skill graph: hand-made graphs, edges of real skills, and what a model is given."""

from __future__ import annotations

from math import lcm
from random import Random

import pytest

from agentprop.agent.bundles import BundleFilter, Bundles
from agentprop.composition.aims import Bands
from agentprop.composition.links import Links
from agentprop.composition.paths import SkillGraph
from agentprop.composition.planner import MOST_STEPS, Planner
from agentprop.composition.terms import Remainder, skills
from agentprop.report.graph import MOST, picture
from agentprop.report.skills import SkillPairs
from agentprop.skills import Package, load

LINE = SkillGraph({"a": {"b": 1.0}, "b": {"c": 1.0}, "c": {"d": 1.0}})
DETOUR = SkillGraph({"a": {"b": 1.0, "x": 1.0}, "x": {"b": 1.0}, "b": {"c": 1.0}})


def test_on_a_line_only_the_line_is_found() -> None:
    assert {LINE.path("a", Random(seed), 3) for seed in range(20)} == {("a", "b", "c")}
    assert {LINE.path("a", Random(seed), 4) for seed in range(20)} == {("a", "b", "c"), ("a", "b", "c", "d")}
    assert LINE.path("c", Random(0), 4) is None and LINE.path("d", Random(0), 4) is None
    assert LINE.holds(("a", "b", "c")) and not LINE.holds(("a", "c", "d")) and not LINE.holds(("a", "b"))


def test_the_walk_is_the_shortest_at_temperature_0_and_leaves_it_at_1() -> None:
    """From a, b is 1 from the end and x is 2: p(x) = e^−2/(e^−1 + e^−2) = 0.269."""
    cold = [DETOUR.walk("a", "c", Random(seed), 4, 1e-3) for seed in range(100)]
    assert set(cold) == {("a", "b", "c")}
    warm = [DETOUR.walk("a", "c", Random(seed), 4, 1.0) for seed in range(2000)]
    assert warm.count(("a", "x", "b", "c")) / 2000 == pytest.approx(0.269, abs=0.03)
    assert DETOUR.walk("a", "c", Random(0), 2, 1.0) is None


ZEROS, PLACES = "number-theory-factorial-zeros", "combinatorics-fixed-points"


@pytest.fixture(scope="module")
def library() -> dict[str, Package]:
    return load(())


def test_an_edge_needs_a_value_in_the_range(library: dict[str, Package]) -> None:
    """Trailing zeros take n from 10 to 5000."""
    two = {name: library[name] for name in (ZEROS, PLACES)}
    assert SkillGraph.of(Links(two, {PLACES: [2, 20, 135, 9000]})).edges[PLACES] == {ZEROS: 0.5}
    assert SkillGraph.of(Links(two, {PLACES: [0, 1]})).edges.get(PLACES, {}) == {}


def test_a_link_is_drawn_in_proportion_to_the_square_of_its_weight(library: dict[str, Package]) -> None:
    """Of the values of one producer all fit, of the other's a half: 1 to 1/4, a fifth of the draws."""
    other = "combinatorics-fair-sharing"
    three = {name: library[name] for name in (ZEROS, PLACES, other)}
    links = Links(three, {PLACES: [2, 20, 135, 9000], other: [10, 20]})
    named = [link for link in links.into[ZEROS] if not link.story]
    assert {link.producer: links.weight(link) for link in named} == {PLACES: 0.5, other: 1.0}
    rng = Random(0)
    drawn = [links.pick(named, rng).producer for _ in range(4000)]
    assert drawn.count(PLACES) / 4000 == pytest.approx(0.2, abs=0.03)


def test_of_links_that_hardly_ever_fit_the_likeliest_is_drawn(library: dict[str, Package]) -> None:
    other = "combinatorics-fair-sharing"
    three = {name: library[name] for name in (ZEROS, PLACES, other)}
    links = Links(three, {PLACES: [2] * 49 + [20], other: [2]})
    named = [link for link in links.into[ZEROS] if not link.story]
    rng = Random(0)
    drawn = [links.pick(named, rng).producer for _ in range(100)]
    assert drawn.count(PLACES) > 95


def test_a_model_is_given_paths_only_if_asked_and_never_a_held_out_pair(library: dict[str, Package]) -> None:
    some = {n: p for n, p in library.items() if p.spec.category in ("number-theory", "combinatorics")}
    planner = Planner(some)
    assert Bundles(planner, {}).draw("combinatorics", Random(0)) is None
    paths = Bundles(planner, {}, paths=True)
    drawn = [paths.draw("combinatorics", Random(seed)) for seed in range(20)]
    found = [bundle for bundle in drawn if bundle is not None]
    assert found and all(paths.graph.holds(bundle) and 3 <= len(bundle) <= 4 for bundle in found)
    assert all(some[bundle[0]].spec.category == "combinatorics" for bundle in found)
    pair = "+".join(found[0][:2])
    apart = Bundles(Planner(some, allowed=BundleFilter.of([pair])), {}, paths=True)
    kept = [apart.draw("combinatorics", Random(seed)) for seed in range(20)]
    assert not any(bundle is not None and set(found[0][:2]) <= set(bundle) for bundle in kept)


def test_the_picture_shows_the_most_used_skills_on_a_circle() -> None:
    pairs = SkillPairs()
    for number in range(30):
        for _ in range(30 - number):
            pairs.add_problem([f"s{number:02}", "hub"])
    pairs.add_problem(["alone"])
    found = picture(pairs.grid())
    assert found.paired == 31 and len(found.nodes) == MOST and "alone" not in {node[0] for node in found.nodes}
    assert all(x * x + y * y == pytest.approx(1, abs=1e-3) for _, x, y, _ in found.nodes)
    named = {(found.nodes[a][0], found.nodes[b][0]): count for a, b, count in found.edges}
    assert len(named) == MOST - 1 and named.get(("hub", "s00"), named.get(("s00", "hub"))) == 30
    assert picture(SkillPairs().grid()).nodes == ()


def test_a_list_in_decreasing_order_hardly_ever_feeds_what_rises(library: dict[str, Package]) -> None:
    rising, sizes, sums = "coding-dp-rising-subsequence", "coding-graphs-sum-partners", "coding-lists-digit-sums"
    three = {name: library[name] for name in (rising, sizes, sums)}
    links = Links(three, {sizes: [[4, 3, 1], [5, 5, 2]], sums: [[4, 9, 2], [1, 7, 3]]})
    weights = {link.producer: links.weight(link) for link in links.into[rising] if link.parameter == "xs"}
    assert weights[sums] == 1.0 and weights[sizes] < 0.01


def test_no_list_of_a_program_feeds_mathematics_nor_the_reverse(library: dict[str, Package]) -> None:
    links = [link for links in Links(library, {}).into.values() for link in links]
    pairs = {(library[link.producer].spec.domain, library[link.consumer].spec.domain) for link in links}
    assert pairs == {
        ("mathematics", "mathematics"), ("coding", "coding"), ("science", "science"), ("science", "mathematics")
    }  # fmt: skip


def test_no_plan_asks_for_a_remainder_of_its_own_accord_or_takes_more_steps_than_a_reader_follows(
    library: dict[str, Package],
) -> None:
    planner = Planner(library, aim=Bands(5, 5))
    plans = [planner.plan(category, Random(n)) for category in ("combinatorics", "number-theory") for n in range(60)]
    assert not any(isinstance(term, Remainder) for term in plans)
    assert max(len(skills(term)) for term in plans) == MOST_STEPS


def test_what_any_number_feeds_is_fed_mostly_numbers_of_a_fitting_size(library: dict[str, Package]) -> None:
    dealing = "number-theory-even-dealing"
    index = Links({name: library[name] for name in (dealing, PLACES)}, {PLACES: [10, 500, 30_000, 4_871_871]})
    assert {index.weight(link) for link in index.into[dealing]} == {0.25}
    for seed in range(30):
        values = dict(Planner(library).givens(dealing, Random(seed)).arguments)
        n, a, b = (int(values[name].text) for name in "nab")
        assert n > lcm(a, b)  # else the answer is the multiple less the number
