"""Scenes that tell a quantity and give it a letter: what they feed, how they are asked backwards, and read again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from agentprop.composition import sandbox_tools as tools
from agentprop.composition.aims import Bands
from agentprop.composition.backwards import is_single, questions
from agentprop.composition.draft_code import certificate, output_spec
from agentprop.composition.efforts import EFFORTS, USUAL
from agentprop.composition.free_letters import free_letter
from agentprop.composition.links import Links
from agentprop.composition.parts import Parts
from agentprop.composition.planner import MOST_SCENES, Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.reader import read
from agentprop.composition.shapes import Shapes
from agentprop.composition.structure import structure
from agentprop.composition.terms import (
    Apply,
    Combine,
    Given,
    Sought,
    Term,
    Variable,
    canonical,
    from_json,
    operators,
    rebuilt,
    skills,
    to_json,
    walk,
)
from agentprop.composition.writer import Unwritable, write
from agentprop.records import Observation
from agentprop.skills import Package, load
from agentprop.skills.faults import faults

SKILLS = (
    "mechanics-table-pulley", "mechanics-ramp-return", "waves-wall-beats", "waves-dipped-string", "orbits-two-burns",
    "orbits-propellant", "thermodynamics-heated-oil", "thermodynamics-bar-conduction", "optics-lens-shift",
    "decay-equilibrium-power", "chemistry-carbon-monoxide-equilibrium", "chemistry-carbonate-gas",
)  # fmt: skip
LIBRARY = {name: load([])[name] for name in SKILLS}
SHAPES = Shapes(Parts(LIBRARY, Links(LIBRARY, {}), EFFORTS[USUAL]))


def _same(found: list[Term], term: Term) -> bool:
    return len(found) == 1 and canonical(found[0]) == canonical(term)


@pytest.mark.parametrize(
    ("root", "shapes"),
    [
        ("orbits-propellant", ("chain", "chain")),
        ("chemistry-carbon-monoxide-equilibrium", ("chain", "chain")),
        ("mechanics-ramp-return", ("contrast", "contrast")),
    ],
)
def test_a_statement_with_letters_for_what_scenes_tell_means_its_composition(root: str, shapes: tuple[str]) -> None:
    rng = Random(root)
    for shape in shapes:
        term = SHAPES.draw(shape, root, rng)
        statement = write(term, LIBRARY, rng)
        assert _same(read(statement, LIBRARY), term), statement


@pytest.mark.parametrize("seed", range(6))
def test_a_question_for_a_datum_means_the_datum_of_its_composition(seed: int) -> None:
    rng = Random(seed)
    shape, root = ("chain", "orbits-propellant") if seed % 2 else ("contrast", "mechanics-ramp-return")
    whole = SHAPES.draw(shape, root, rng)
    whole = Combine("difference", whole.left, whole.right) if isinstance(whole, Combine) else whole
    node = rng.choice([one for one in walk(whole) if isinstance(one, Apply)])
    parameters = LIBRARY[node.skill].spec.parameters
    name = rng.choice([key for key, v in node.arguments if isinstance(v, Given) and parameters[key].kind == "decimal"])
    letter = free_letter(whole, LIBRARY[node.skill].spec, name, LIBRARY)
    assert letter is not None
    term = Sought(letter, rebuilt(whole, {node: node.with_argument(name, Variable(letter))}), "12.34")
    statement = write(term, LIBRARY, rng)
    assert _same(read(statement, LIBRARY), term), statement
    assert not _same(read(statement.replace("12.34", "12.35"), LIBRARY), term)
    spec = output_spec(term, LIBRARY)
    assert spec is not None
    assert spec.output is not None
    assert spec.output.unit == (parameters[name].unit or "1")
    assert "answer = sought(" in certificate(term, LIBRARY)
    assert from_json(to_json(term)) == term
    assert "invert" in operators(term)
    assert structure(term) == structure(Sought("z", rebuilt(term.body, {Variable(letter): Variable("z")}), "99"))


def test_a_quantity_feeds_only_data_of_its_unit_and_role() -> None:
    measured = [
        link
        for links in SHAPES.index.into.values()
        for link in links
        if not link.story and LIBRARY[link.consumer].spec.parameters[link.parameter].kind == "decimal"
    ]
    assert measured
    for link in measured:
        output, datum = LIBRARY[link.producer].spec.output, LIBRARY[link.consumer].spec.parameters[link.parameter]
        assert output is not None
        assert output.unit == datum.unit
        assert output.role in datum.roles
    ports = {(link.consumer, link.parameter) for link in measured}
    assert ("orbits-propellant", "v") in ports
    assert ("thermodynamics-heated-oil", "k") not in ports  # watts for each kelvin are no power
    assert ("chemistry-carbon-monoxide-equilibrium", "k") not in ports  # a constant is no pressure


def test_what_is_in_one_unit_need_not_be_one_quantity(library: Mapping[str, Package]) -> None:
    index = Planner(library).index
    pairs = {(link.producer, link.consumer, link.parameter) for links in index.into.values() for link in links}
    assert ("decay-half-life-counting", "decay-mixed-sample", "d") in pairs
    assert ("pharmacology-kidney-half-life", "decay-mixed-sample", "d") not in pairs  # a drug is no nuclide
    assert ("decay-half-life-counting", "decay-mixed-sample", "t") not in pairs  # nor is a half-life a time to wait
    assert ("chemistry-carbonate-gas", "chemistry-carbamate-pressure", "n") in pairs
    assert ("chemistry-carbonate-gas", "chemistry-carbamate-pressure", "b") not in pairs  # no amount of ammonia


def test_a_quantity_exceeds_only_another_of_its_role_and_of_a_thing_of_its_name(
    library: Mapping[str, Package],
) -> None:
    shapes = Shapes(Parts(library, Links(library, {}), EFFORTS[USUAL]))
    constant = library["biochemistry-michaelis-constant"].spec
    assert shapes.alike(constant) == []  # an inhibitor's concentration has the same unit
    load = library["electricity-battery-load"].spec
    assert shapes.alike(load) == ["electricity-series-circuit-power"]  # both are powers of a load
    leak = library["fluids-leaking-tank"].spec
    assert shapes.alike(leak) == []  # nobody takes the time of a tank from that of a reaction, or that of another tank


def test_a_datum_that_names_its_things_is_supplied_by_a_story_of_one_of_them(library: Mapping[str, Package]) -> None:
    index, named = Links(library, {}), 0
    for link in (link for links in index.into.values() for link in links):
        output, of = library[link.producer].spec.output, library[link.consumer].spec.parameters[link.parameter].of
        if of is not None:
            assert link.story
            assert output is not None and output.subject in of
            named += 1
    assert named > 50
    assert {link.producer for link in index.into["waves-wall-beats"] if link.parameter == "f"} == {"waves-stopped-pipe"}


def test_no_letter_stands_for_a_datum_that_names_its_things(library: Mapping[str, Package]) -> None:
    planner, rng = Planner(library), Random(4)
    water = planner.givens("thermodynamics-ice-calorimetry", rng)
    term = planner.givens("modern-physics-neutron-reflection", rng).with_argument("t", water)
    for naming in (False, True) * 4:
        statement = write(term, library, rng, naming=naming)
        assert "mixed water" in statement
        assert not re.search(r"(?:Let|Call|We write)\b", statement)
        assert _same(read(statement, library), term), statement
    beats, pipe = (planner.givens(f"waves-{name}", rng) for name in ("wall-beats", "stopped-pipe"))
    both = beats.with_argument("f", pipe).with_argument("v", planner.givens("mechanics-spring-launch", rng))
    with pytest.raises(Unwritable, match="no story"):
        write(both, library, rng)


def test_a_follow_up_suits_the_role_of_what_it_takes(library: Mapping[str, Package]) -> None:
    """A pendulum fades in degrees, a piston and a body on springs in millimetres."""
    planner, rng = Planner(library), Random(6)
    for name, unit in (("disc-pendulum", r"^\circ$"), ("gas-cushion", "$ mm"), ("spring-chain", "$ mm")):
        fading = planner.givens("oscillation-fading-swing", rng)
        term = fading.with_argument("t", planner.givens(f"oscillation-{name}", rng))
        for _ in range(6):
            statement = write(term, library, rng)
            assert [mark for mark in (r"^\circ$", "$ mm") if mark in statement] == [unit], statement
            assert _same(read(statement, library), term), statement


TOLD_APART = {
    ("chemistry-buffer-ph", "hydroxide"),  # sodium hydroxide, and one that dissolves
    ("kinetics-hydrolysis-constant", "ester"),  # the same ester
    ("optics-lens-shift", "image"),  # in the end the final image is asked for
    ("mechanics-spring-launch", "spring"),  # the stretching at the second turning point
}


def test_no_scene_calls_something_else_by_the_name_of_what_a_later_one_asks_about(
    library: Mapping[str, Package],
) -> None:
    feeding = {
        (link.producer, link.consumer)
        for links in Links(library, {}).into.values()
        for link in links
        if library[link.consumer].spec.domain == "science"
    }
    found = set()
    for producer, consumer in feeding:
        earlier, later = library[producer].spec, library[consumer].spec
        name = later.output and later.output.subject
        if not name or earlier.output is None or earlier.output.subject == name:
            continue
        wordings = [*earlier.phrasings, *(one for some in earlier.follows.values() for one in some)]
        introduced = re.compile(rf"\b(?:an?|another|one) (?:[\w-]+ ){{0,2}}?{re.escape(name)}\b", re.IGNORECASE)
        if any(introduced.search(one.scene or "") for one in wordings):
            found.add((producer, name))
    assert found == TOLD_APART


def test_a_scene_asks_nothing(library: Mapping[str, Package]) -> None:
    for package in library.values():
        for one in (*package.spec.phrasings, *(w for some in package.spec.follows.values() for w in some)):
            assert "?" not in (one.scene or ""), package.name


def test_one_scene_of_science_is_turned_into_a_question_for_a_datum_or_given_up(library: Mapping[str, Package]) -> None:
    planner = Planner(library)
    term = planner.givens("fluids-falling-ball", Random(1))
    assert is_single(term, library)
    assert "single" in planner.shapes("fluids-falling-ball")
    assert "single" not in planner.shapes("number-theory-pell")
    pipe = planner.givens("thermodynamics-heated-oil", Random(1)).with_argument("p", term)
    assert not is_single(pipe, library)
    computed = Observation(
        text="[refine] answer = 0.8962", outcome="ok", turns_left=9, skills=(), messages=(), stage="refine"
    )
    for seed in range(12):  # whatever is drawn
        turned = BuiltinProposer(planner, term, Random(seed))._turned(computed)
        assert turned and all(isinstance(one, Sought) for one in turned)


def test_nobody_asks_for_the_datum_with_which_one_story_exceeds_another(library: Mapping[str, Package]) -> None:
    term = SHAPES.draw("contrast", "mechanics-ramp-return", Random(1))
    assert isinstance(term, Combine)
    assert [*questions(term, library)] == []
    assert [*questions(term.left, library)]


def test_a_story_of_science_goes_on_through_one_skill_of_mathematics(library: Mapping[str, Package]) -> None:
    rng, planner, found = Random(5), Planner(library), set[int]()
    for _ in range(60):
        domains = [library[name].spec.domain for name in skills(planner.plan("genetics", rng))]
        found.add(domains.count("mathematics"))
    assert found == {0, 1}


def test_a_composition_in_science_tells_four_scenes_at_most(library: Mapping[str, Package]) -> None:
    planner = Planner(library, aim=Bands(5, 5))
    lengths = {len(skills(planner.plan(category, Random(n)))) for category in ("decay", "magnetism") for n in range(20)}
    assert max(lengths) == MOST_SCENES


def test_no_time_of_one_story_is_waited_for_in_another(library: Mapping[str, Package]) -> None:
    index = Links(library, {})
    producers = {link.producer for links in index.into.values() for link in links if not link.story}
    times = {name for name, p in library.items() if p.spec.output is not None and p.spec.output.role == "duration"}
    assert len(times) > 5
    assert not times & producers


def test_no_number_of_things_is_sought(library: Mapping[str, Package]) -> None:
    planner = Planner(library)
    for name, count in (
        ("electricity-battery-load", "b"),
        ("genetics-linkage-decay", "n"),
        ("magnetism-gapped-core", "n"),
    ):
        term = planner.givens(name, Random(1))
        asked = [*questions(term, library)]
        assert asked
        assert all(isinstance(one.body, Apply) and isinstance(one.body.argument(count), Given) for one in asked)


def test_a_datum_is_sought_where_only_one_gives_the_value() -> None:
    assert math.isclose(tools.sought(lambda x: x**3, 8.0, 0.5, 30.0), 2.0, rel_tol=1e-9)
    assert math.isclose(tools.sought(lambda t: 50.0 - 6.0 * t, 80.0, -10.0, 30.0), -5.0, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("quantity", "value", "code"),
    [
        (lambda x: (x - 5.0) ** 2 + 1.0, 5.0, "more than one"),
        (lambda x: x, 500.0, "no integer"),
        (lambda x: 100.0 + 0.001 * x, 100.01, "hangs"),
    ],
)
def test_a_datum_is_refused_that_is_not_the_only_one_or_cannot_be_told_exactly(quantity, value, code) -> None:
    with pytest.raises(tools.Conflict, match=code):
        tools.sought(quantity, value, 1.0, 20.0, beyond=True)


def test_by_how_little_a_quantity_exceeds_another_is_not_asked() -> None:
    with pytest.raises(tools.Conflict, match="nearly equal"):
        tools.excess(10.1, 10.0)
    assert tools.excess(10, 9) == 1


def test_a_name_behind_a_scene_has_no_parameter_and_needs_a_scene() -> None:
    package = LIBRARY["optics-lens-shift"]
    spec = package.spec.model_copy(update={"named": ("the length of <a>",)})
    assert any("named.0" in fault for fault in faults(replace(package, spec=spec)))
    bare = tuple(w.model_copy(update={"scene": "", "ask": w.text}) for w in package.spec.phrasings)
    spec = package.spec.model_copy(update={"phrasings": bare})
    assert any("no phrasing has" in fault for fault in faults(replace(package, spec=spec)))
