"""Fitting a composition link by link: what was computed and fits stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from fractions import Fraction
from random import Random

from agentprop.agent.sources import tools
from agentprop.composition import draft_code
from agentprop.composition.planner import Planner
from agentprop.composition.refitting import OPTIONS, Refitting
from agentprop.composition.terms import Apply, Combine, from_json, modules
from agentprop.composition.trial_runs import linked_values, read_lines
from agentprop.sandbox import Job
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

COPRIME = '{"apply":"number-theory-coprime-count","to":{"n":"4525","m":"20"}}'
DISC = from_json(f'{{"apply":"geometry-lattice-disc","to":{{"n":{COPRIME}}}}}')
BASES = from_json(f'{{"apply":"logarithms-two-bases","to":{{"b":"4","c":"32","p":{COPRIME},"q":"3","k":"2"}}}}')


def argument(term: object, name: str) -> object:
    assert isinstance(term, Apply)
    return term.argument(name)


def test_a_broken_constraint_is_met_beside_the_value_that_broke_it(library: Mapping[str, Package]) -> None:
    refitting = Refitting(Planner(library))
    assert refitting.met(BASES, {"v1": 5}, Random(1)) is None, "2 · 5 < 5 · 3 and 2 · 3 < 5 · 5: nothing is broken"
    found = refitting.met(BASES, {"v1": 60}, Random(1))
    assert found is not None
    skill, term = found
    assert skill == "logarithms-two-bases" and argument(term, "p") == argument(BASES, "p")
    assert argument(term, "q") != argument(BASES, "q")
    assert refitting.met(term, {"v1": 60}, Random(1)) is None


def test_only_the_skill_whose_value_is_out_of_range_gets_other_numbers(
    library: Mapping[str, Package],
) -> None:
    options = Refitting(Planner(library)).options(DISC, {"v1": 3}, "v1", Random(2))
    assert options is not None and options.node == argument(DISC, "n")
    assert len(set(options.drawn)) == OPTIONS and options.node not in options.drawn
    assert {one.skill for one in options.drawn} == {"number-theory-coprime-count"}


def test_the_first_numbers_whose_value_fits_are_taken_and_none_if_none_fits(library: Mapping[str, Package]) -> None:
    refitting = Refitting(Planner(library))
    options = refitting.options(DISC, {"v1": 3}, "v1", Random(2))
    assert options is not None
    chosen = refitting.chosen(options, [4, 10**9, 77, 80])
    assert argument(chosen, "n") == options.drawn[2]
    assert refitting.chosen(options, [4, 10**9]) is None
    assert refitting.chosen(options, []) is None
    assert refitting.chosen(options, [None, None]) is None


def test_of_two_values_that_are_combined_the_larger_one_is_changed(library: Mapping[str, Package]) -> None:
    large, small = from_json(COPRIME), from_json(COPRIME.replace("4525", "700"))
    term = from_json('{"apply":"geometry-lattice-disc","to":{"n":"500"}}')
    assert isinstance(term, Apply)
    term = term.with_argument("n", Combine("sum", small, large))
    names = draft_code.named(term, library)
    assert [names[name] for name in ("v1", "v2")] == [small, large]
    options = Refitting(Planner(library)).options(term, {"v1": 6, "v2": 90_000, "v3": 90_006}, "v3", Random(3))
    assert options is not None and options.node == large


def test_the_values_of_all_options_are_printed_by_one_program(
    library: Mapping[str, Package], executor: Executor
) -> None:
    options = Refitting(Planner(library)).options(DISC, {"v1": 3}, "v1", Random(2))
    assert options is not None
    code = draft_code.values(options.targets(), library)
    ran = asyncio.run(executor.run(Job(code, {**tools(), **modules(DISC, library)})))
    assert ran.status == "ok" and len(ran.stdout.splitlines()) == OPTIONS


def test_a_value_that_was_too_long_to_be_shown_is_not_known() -> None:
    text = f"[refine] v1 = {'7' * 200}… (512 characters)\nv2 = 3/4\nerror: tools.Conflict: v2 = 3/4 is not an integer"
    assert linked_values(text) == {"v2": Fraction(3, 4)}
    assert read_lines(f"[check] {'7' * 200}… (512 characters)\n12\nerror: ValueError: no") == [None, 12, None]
