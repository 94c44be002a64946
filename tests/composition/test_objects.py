"""Object kinds: their models are constructed, read back from any wording, and lose their answer with any fact."""

from __future__ import annotations

import asyncio
import operator
import re
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from agentprop.agent.candidates import CandidateMaker, Curriculum
from agentprop.agent.environment import Rules
from agentprop.composition import ablation, object_tools, objects
from agentprop.composition.freshness import Freshness
from agentprop.composition.lint.sentences import MAX_MEASURES, measures
from agentprop.composition.planner import Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.reader import read
from agentprop.composition.skill_runs import run
from agentprop.composition.structure import structure_digest
from agentprop.composition.terms import Apply, Given, from_json, operators
from agentprop.composition.writer import write
from agentprop.grading import builtin_verifier
from agentprop.records import Observation, Problem
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, load
from agentprop.skills.values import Parameter, faults, parse, render
from agentprop.skills.values.models import OPERATORS

KINDS = [name for name, package in load([]).items() if package.spec.is_object]
MODELS = 10


@pytest.fixture(scope="module")
def models(library: Mapping[str, Package]) -> dict[str, list[dict[str, Any]]]:
    with Sandbox(preload=(), slots=1) as sandbox:
        return {name: objects.samples(library[name], MODELS, 0, sandbox) for name in KINDS}


def applied(package: Package, model: Mapping[str, Any]) -> Apply:
    parameters = package.spec.parameters.items()
    return Apply(package.name, tuple((name, Given(render(p, model[name]))) for name, p in parameters))


def test_what_the_range_is_about_is_not_told(models: Mapping[str, list[dict[str, Any]]]) -> None:
    ranged = {"graphs-five-vertices": "greatest", "vectors-grid-walk": "total", "orbits-ellipse": "far"}
    for name, port in {**ranged, "probability-urn": "total"}.items():
        assert not any(told == port for model in models[name] for told, _ in model["facts"])


def test_an_optimum_would_be_another_one_in_a_wider_range(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    with Sandbox(preload=(), slots=1) as sandbox:
        for name in KINDS:
            best = [model for model in models[name] if model["question"][0] in ("greatest", "least")]
            wider = [{**model, "box": model["box"] + max(3, model["box"] // 2)} for model in best]
            calls = run(library[name].script or "", "solve", [*best, *wider], sandbox)
            values = [None if call.refused else call.value for call in calls]
            assert best
            assert None not in values[: len(best)]
            assert not any(map(operator.eq, values[: len(best)], values[len(best) :])), name


def test_what_is_told_of_a_lens_or_a_mirror_concerns_the_heights_that_the_scene_speaks_of(
    models: Mapping[str, list[dict[str, Any]]],
) -> None:
    for name in ("optics-bench", "optics-mirror"):
        for model in models[name]:
            assert {"size", "together"} & {*(port for port, _ in model["facts"]), *model["question"][1:]}


def test_one_more_fact_is_told_where_nobody_could_look_through_what_is_left() -> None:
    numbers = SimpleNamespace(PORTS={"even": lambda n: n % 2, "third": lambda n: n % 3}, members=range)
    drawing = object_tools.Drawing(
        numbers, Random(1), 200, ["even", "third"], [], lambda box: object_tools.Family(numbers, box), strict=True
    )
    pool = [("even", 1), ("third", 2)]
    assert drawing.some(pool, 1) == pool  # 100 are odd
    assert drawing.some([("third", 5), *pool], 1) == [("third", 5)]
    drawing.strict = False
    assert drawing.some(pool, 1) == pool[:1]


def test_a_measured_value_that_is_told_has_a_small_denominator(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    told = [value for model in models["electricity-branched-circuit"] for _, value in model["facts"]]
    assert sum(Fraction(value).denominator > object_tools.PLAIN for value in told) <= 1


def test_every_kind_asks_by_every_operator(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    assert len(KINDS) >= 4
    for name in KINDS:
        found = {operators(applied(library[name], model)) for model in models[name]}
        assert found == {(operator,) for operator in OPERATORS}, name


def test_a_model_of_a_posed_structure_gives_way_to_a_new_one_of_several_that_are_constructed_at_once(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    name = "algebra-cubic"
    terms = {
        structure_digest(term, library): repr(model)
        for model in models[name]
        if (term := applied(library[name], model))
    }
    (posed, old), (new, other) = [*terms.items()][:2]
    planner = Planner(library)
    undrawn = objects.undrawn(name, "extremum", 7)
    proposer = BuiltinProposer(planner, undrawn, Random(1), fresh=Freshness(frozenset([posed])))
    assert _message(proposer, "").count("drawn(") == 1
    assert "The same was asked" in _message(proposer, f"[draft] {old}")
    assert _message(proposer, "[draft] thought").count("drawn(") == 4
    statement = _message(proposer, "[draft] " + "\n".join([old, old, other, old]))
    assert structure_digest(proposer.term, library) == new
    assert proposer.term in read(statement.partition("Draft:\n")[2].partition("\n<")[0], library)


def test_a_model_that_cannot_be_constructed_gives_way_to_one_of_any_operator(library: Mapping[str, Package]) -> None:
    asked = set[str]()
    for seed in range(20):
        proposer = BuiltinProposer(Planner(library), objects.undrawn("probability-urn", "conjunction", 7), Random(seed))
        _message(proposer, "")
        assert "There is none" in _message(proposer, "[draft] error: ValueError", outcome="error")
        program = _message(proposer, "[draft] thought")
        asked |= {operator for operator in OPERATORS if f"'{operator}'" in program}
    assert asked == {*OPERATORS}


def _message(proposer: BuiltinProposer, seen: str, outcome: str = "ok") -> str:
    observation = Observation(text=seen, outcome=outcome, turns_left=9, skills=(), messages=(), stage="draft")
    message = asyncio.run(proposer.act(observation)).message
    assert message is not None
    return message


def test_a_statement_in_any_wording_is_read_as_its_model_and_no_other(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    rng = Random(1)
    for name in KINDS:
        for model in models[name]:
            term = applied(library[name], model)
            for _ in range(4):
                text = write(term, library, rng)
                assert read(text, library) == [term], text


@pytest.mark.slow
def test_of_5000_statements_none_is_misread(library: Mapping[str, Package]) -> None:
    rng = Random(5)
    with Sandbox(preload=(), slots=1) as sandbox:
        for name in KINDS:
            for model in objects.samples(library[name], 5000 // len(KINDS) + 1, 1, sandbox):
                term = applied(library[name], model)
                assert read(write(term, library, rng), library) == [term]


def test_without_any_fact_the_answer_or_its_uniqueness_is_gone(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    with Sandbox(preload=(), slots=1) as sandbox:
        for name in KINDS:
            script = library[name].script or ""
            cases = [(model, fact) for model in models[name] for fact in (None, *model["facts"])]
            told = [{**m, "facts": tuple(f for f in m["facts"] if f != fact)} for m, fact in cases]
            calls = run(script, "check", told, sandbox)
            answers = [None if call.refused else call.value for call in calls]
            whole = None
            for (_, fact), answer in zip(cases, answers, strict=True):
                whole = answer if fact is None else whole
                assert whole is not None
                assert fact is None or answer != whole, (name, fact)


def test_the_gate_names_a_fact_that_follows_from_the_others(library: Mapping[str, Package]) -> None:
    model = {
        "box": 12,
        "facts": (("BC", 4), ("CA", 4), ("AB", 3), ("perimeter", 11)),
        "question": ("value", "squared"),
    }
    code = ablation.program(applied(library["geometry-triangle"], model), library)
    assert code is not None
    for port in ("BC", "perimeter"):
        assert f"'geometry-triangle.{port}'" in code


def maker_of(kind: str, library: Mapping[str, Package], executor: Executor) -> CandidateMaker:
    planner = Planner({kind: library[kind]})
    curriculum = Curriculum((library[kind].spec.category,))
    return CandidateMaker(planner, curriculum, executor, Rules(), 1, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_becomes_a_problem_that_is_verified_from_its_text_alone(
    kind: str, library: Mapping[str, Package]
) -> None:
    with Sandbox(preload=(), slots=1) as sandbox:
        maker = maker_of(kind, library, Executor(sandbox))
        made = maker.batch(range(4), maker.curriculum.start())
    found = [candidate for candidate in made if candidate.success]
    assert len(found) >= 2
    for candidate in found:
        problem = candidate.problem
        assert problem is not None and problem.ablation is not None
        term = from_json(problem.certificate.composition or "")
        assert isinstance(term, Apply)
        told = term.argument("facts")
        assert isinstance(told, Given)
        facts = parse(library[kind].spec.parameters["facts"], told.text)
        assert problem.ablation.restrictions == len(facts)
        assert problem.operators == operators(term)


def test_another_answer_or_another_number_contradicts_the_text(library: Mapping[str, Package]) -> None:
    with Sandbox(preload=(), slots=1) as sandbox:
        maker = maker_of("algebra-cubic", library, Executor(sandbox))
        problem = next(c.problem for c in maker.batch(range(4), maker.curriculum.start()) if c.success)
        assert problem is not None
        box = re.search(r'"box":"(\d+)"', problem.certificate.composition or "")
        assert box is not None
        certificate = problem.certificate.model_copy(update={"composition": None})
        wrong = problem.model_copy(update={"answer": str(int(problem.answer) + 1), "certificate": certificate})
        larger = problem.statement.replace(f"{box[1]}$", f"{int(box[1]) + 1}$")
        changed = problem.model_copy(update={"statement": larger})

        async def judged(*problems: Problem) -> list[str]:
            found = [await builtin_verifier.judge(p, library, maker.tools, maker.executor) for p in problems]
            return [judgement.code for judgement in found]

        assert larger != problem.statement
        assert asyncio.run(judged(problem, wrong, changed)) == ["agrees", "answer_differs", "mismatch"]


def test_a_wording_that_could_be_two_facts_is_refused() -> None:
    joined = Parameter(kind="facts", phrases={"a": ("$a$ is even and positive",)})
    assert "joint" in faults(joined)[0]
    twice = Parameter(kind="facts", phrases={"a": ("it is odd",), "b": ("it is odd",)})
    assert "twice" in faults(twice)[0]


def test_a_seed_stands_for_one_model(library: Mapping[str, Package]) -> None:
    with Sandbox(preload=(), slots=1) as sandbox:
        package = library["algebra-cubic"]
        assert objects.samples(package, 5, 3, sandbox) == objects.samples(package, 5, 3, sandbox)


@pytest.mark.parametrize(("unit", "added"), [("cm", True), ("g", False)])
def test_only_values_of_one_unit_are_added(unit: str, added: bool) -> None:
    kind = SimpleNamespace(
        members=lambda box: [(x, y) for x in range(2, box) for y in range(2, box)],
        PORTS={"x": lambda m: m[0], "y": lambda m: m[1], "sum": sum, "product": lambda m: m[0] * m[1]},
        DIRECT=(),
        SAME={},
        UNITS={"x": "cm", "y": unit},
    )
    call = (kind, "shared-object", 1, (8, 9), ["sum", "product"], ["x", "y"], [])
    if added:
        assert set(object_tools.drawn(*call)["question"]) == {"sum", "x", "y"}
    else:
        with pytest.raises(ValueError, match="no model"):
            object_tools.drawn(*call)


def test_a_value_is_not_added_to_another_that_is_the_same() -> None:
    kind = SimpleNamespace(
        members=lambda box: [(x, x) for x in range(2, box)],
        PORTS={"x": lambda m: m[0], "y": lambda m: m[1], "product": lambda m: m[0] * m[1]},
        DIRECT=(),
        SAME={},
    )
    with pytest.raises(ValueError, match="no model"):
        object_tools.drawn(kind, "shared-object", 1, (8, 9), ["product"], ["x", "y"], [])


def test_a_scene_is_told_at_length_only_for_a_model_that_needs_it(models: Mapping[str, list[dict[str, Any]]]) -> None:
    about_play = {"moves", "taken", "lost", "single"}
    for model in models["combinatorics-heaps"]:
        used = {port for port, _ in model["facts"]} | {*model["question"][1:]}
        assert used & about_play, model


TOY = {
    "x": lambda m: m[0],
    "y": lambda m: m[1],
    "sum": sum,
    "product": lambda m: m[0] * m[1],
    "gap": lambda m: abs(m[0] - m[1]),
    "rest": lambda m: (m[0] * m[1]) % 7,
    "even": lambda m: m[0] % 2 == 0,
}


def _toy(**more: Any) -> SimpleNamespace:
    return SimpleNamespace(
        members=lambda box: [(x, y) for x in range(2, box + 1) for y in range(2, box + 1)],
        PORTS=TOY,
        DIRECT=("x",),
        SAME={},
        **more,
    )


def _left(box: int, facts: Any) -> list[Any]:
    return [m for m in _toy().members(box) if all(TOY[port](m) == told for port, told in facts)]


def test_a_model_is_preferred_whose_range_is_needed_for_its_answer() -> None:
    for seed in range(30):
        model = object_tools.drawn(_toy(), "conjunction", seed, (9, 12), ["sum", "gap", "rest"], ["x"], [])
        box, facts = model["box"], model["facts"]
        assert len(_left(box, facts)) < len(_left(box + max(3, box // 2), facts)), model


def test_a_fact_that_bounds_the_family_by_itself_is_told_only_if_nothing_else_can_be() -> None:
    some, every = {"sum": lambda told: told - 2}, dict.fromkeys(TOY, lambda told: 12)
    call = ("conjunction", ["sum", "gap", "rest"])
    for seed in range(20):
        model, last = (
            object_tools.drawn(_toy(BOUNDS=bounds), call[0], seed, (12, 12), call[1], ["x"], [])
            for bounds in (some, every)
        )
        assert dict(model["facts"]).get("sum", 99) - 2 > 12
        assert len(last["facts"]) > 1


def test_no_fact_alone_settles_the_condition_of_a_branch() -> None:
    ports = ["sum", "gap", "rest", "y"]
    for seed in range(30):
        model = object_tools.drawn(_toy(), "branch", seed, (9, 12), ports, ["sum", "product"], ["even"])
        for fact in model["facts"]:
            left = _left(model["box"], [fact])
            assert len(left) == 1 or len({TOY["even"](m) for m in left}) == 2, model


def test_nobody_is_told_that_there_are_exactly_none() -> None:
    for counts, zeros in (((), True), (("rest",), False)):
        models = [
            object_tools.drawn(_toy(COUNTS=counts), "conjunction", seed, (9, 12), ["sum", "gap", "rest"], ["x"], [])
            for seed in range(40)
        ]
        assert any(("rest", 0) in model["facts"] for model in models) == zeros


def test_no_question_about_an_urn_stacks_measures(library: Mapping[str, Package]) -> None:
    phrases = library["probability-urn"].spec.parameters["question"].phrases
    texts = [text for wordings in phrases.values() for text in wordings]
    most = max(measures(f"What is obtained when {one} and {other} are added?") for one in texts for other in texts)
    assert most <= MAX_MEASURES


def test_most_models_of_a_kind_need_their_range(
    library: Mapping[str, Package], models: Mapping[str, list[dict[str, Any]]]
) -> None:
    told = [(name, model, model["box"] + max(3, model["box"] // 2)) for name in KINDS for model in models[name]]
    with Sandbox(preload=(), slots=1) as sandbox:
        idle = 0
        for name in KINDS:
            cases = [({**model, "box": wide}, model) for kind, model, wide in told if kind == name]
            wider, own = (run(library[name].script or "", "solve", side, sandbox) for side in zip(*cases, strict=True))
            idle += sum(a.value == b.value for a, b in zip(wider, own, strict=True))
    assert idle <= 0.2 * len(told)
