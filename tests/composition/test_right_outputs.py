"""A family with several right outputs: the independent route may find another one than the reference."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from agentprop.agent.candidates import tools
from agentprop.composition import families
from agentprop.composition.trial_runs import values_of
from agentprop.records import TestCase
from agentprop.sandbox import Job
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

LAMPS = "coding-judge-lamps"


def outputs(package: Package, route: str, executor: Executor) -> str:
    test = TestCase.of(["2\n0 0 20 20\n5 5 30 30\n"], "")
    code = families.attempt(package, {"g": 2}, (test,), route)
    result = asyncio.run(executor.run(Job(code, {**tools(), **package.sources})))
    assert result.status == "ok", result.error
    return result.stdout


def test_the_independent_route_confirms_any_right_output_of_the_reference(
    library: Mapping[str, Package], executor: Executor
) -> None:
    assert outputs(library[LAMPS], "check", executor) == outputs(library[LAMPS], "solve", executor)


def test_a_value_that_was_too_long_to_be_shown_is_passed_over() -> None:
    text = "[check] v1 = [(1, 2, 5), (2, 3, … (443 characters)\nanswer = 7"
    assert values_of(text) == {"answer": 7}
