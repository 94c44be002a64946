"""Families of judged programs: from a setting to a verdict, with wrong, slow and other right programs."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from agentprop.composition import families, suites
from agentprop.composition.announced import announced
from agentprop.composition.mutants import mutants
from agentprop.composition.reader import read
from agentprop.composition.suite_building import settings
from agentprop.composition.terms import Apply, Given, to_json
from agentprop.composition.writer import write
from agentprop.export.reward import grade
from agentprop.export.solver import hidden_tests, question_answer
from agentprop.grading.builtin_verifier import judge
from agentprop.grading.judged_tests import JudgedTests
from agentprop.records import Certificate, Problem
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, load
from agentprop.skills.values import render

LIBRARY = load([])
FAMILIES = sorted(name for name, package in LIBRARY.items() if package.spec.judged is not None)
QUICK = {"vouchers", "presses", "guides", "lamps"}
"""Families of each form, without and with a checker; the others are as many cases again, for the night."""
CASES = [name if name.rpartition("-")[2] in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES]


def problem_of(package: Package, values: dict[str, object]) -> Problem:
    """A problem of a family, as the contract makes it."""
    term = Apply(
        package.name, tuple((name, Given(render(package.spec.parameters[name], v))) for name, v in values.items())
    )
    found, judged = suites.setting(package, values), package.spec.judged
    assert found is not None and judged is not None
    return Problem(
        statement=families.statement(write(term, LIBRARY, Random(1)), judged, found.examples, found.ticks),
        answer=families.program(package, values),
        answer_type="program",
        domain="coding",
        category=package.spec.category,
        skills=(package.name,),
        skill_ids=(package.id,),
        entry_point="solve" if judged.form == "function" else None,
        tests=found.tests,
        judging=families.judging(package, values, found),
        certificate=Certificate(form="composition", composition=to_json(term)),
    )


@pytest.fixture(scope="module")
def sandbox(executor: Executor) -> Sandbox:
    return executor.sandbox


@pytest.fixture(scope="module", params=CASES)
def family(request: pytest.FixtureRequest) -> Package:
    return LIBRARY[request.param]


@pytest.fixture(scope="module")
def problem(family: Package) -> Problem:
    return problem_of(family, next(settings(family)))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_setting_has_tests_and_its_statement_is_read_back(name: str) -> None:
    family = LIBRARY[name]
    for values in settings(family):
        found = problem_of(family, values)
        [term] = read(found.statement, LIBRARY)
        assert to_json(term) == found.certificate.composition
        assert len(found.tests) >= 12
        assert {"edge", "large"} <= set(found.judging.tags)  # type: ignore[union-attr]


def test_the_verifier_accepts_it_from_the_record_alone(problem: Problem, family: Package, sandbox: Sandbox) -> None:
    found = asyncio.run(judge(problem, LIBRARY, {}, Executor(sandbox)))
    assert (found.value, found.code) == ("valid", "agrees"), found.message


def test_a_statement_of_an_earlier_version_without_its_budget_is_accepted(problem: Problem, sandbox: Sandbox) -> None:
    judging = problem.judging
    assert judging is not None
    earlier = problem.statement.replace(f"\n\n{families.SPEED.format(judging.ticks)}", "")
    assert "Speed" not in earlier
    found = asyncio.run(judge(problem.model_copy(update={"statement": earlier}), LIBRARY, {}, Executor(sandbox)))
    assert (found.value, found.code) == ("valid", "agrees"), found.message


def test_a_slow_program_exceeds_the_budget_and_another_right_one_does_not(
    problem: Problem, family: Package, sandbox: Sandbox
) -> None:
    values, script = next(settings(family)), family.script or ""
    judge_ = JudgedTests(problem, sandbox, 30.0)
    others = [line[4:].partition("(")[0] for line in script.splitlines() if line.startswith("def other_")]
    assert len(others) >= 2
    for name in others:
        assert judge_.passes(families.program(family, values, name)).status == "same"
    brute = judge_.passes(families.program(family, values, "check"))
    assert (brute.status, brute.rule) == ("different", "too_slow"), brute.why


def test_wrong_ideas_fail(problem: Problem, family: Package, sandbox: Sandbox) -> None:
    values, script = next(settings(family)), family.script or ""
    judge_ = JudgedTests(problem, sandbox, 30.0)
    for name in (line[4:].partition("(")[0] for line in script.splitlines() if line.startswith("def wrong_")):
        assert judge_.passes(families.program(family, values, name)).status == "different", name


def test_a_test_that_expects_too_much_is_found(problem: Problem, sandbox: Sandbox) -> None:
    wrong = problem.tests[-1].model_copy(update={"expected": problem.tests[0].expected})
    found = asyncio.run(
        judge(problem.model_copy(update={"tests": (*problem.tests[:-1], wrong)}), LIBRARY, {}, Executor(sandbox))
    )
    assert found.value == "invalid", found


def test_a_changed_limit_or_budget_is_no_longer_the_statement_s(problem: Problem, sandbox: Sandbox) -> None:
    judging = problem.judging
    assert judging is not None
    for told in (judging.limits[0], judging.edge_rule, f"at most {judging.ticks} steps"):
        changed = problem.model_copy(update={"statement": problem.statement.replace(told, "Anything.")})
        found = asyncio.run(judge(changed, LIBRARY, {}, Executor(sandbox)))
        assert (found.value, found.code) == ("undetermined", "not_in_grammar")


def test_an_exported_answer_carries_the_tests_and_grades_replies(problem: Problem, family: Package) -> None:
    answer = question_answer(problem).answer
    back = hidden_tests(answer)
    assert back is not None and back.judging is not None
    assert [test.values() for test in back.cases] == [test.values() for test in problem.tests]
    brute = families.program(family, next(settings(family)), "check")
    assert grade(f"```python\n{problem.answer}\n```", answer) == 1.0
    assert grade(f"```python\n{brute}\n```", answer) == 0.0


def test_tuples_and_sets_come_back_as_announced() -> None:
    edges = announced([[1, 2, 3]], "list[tuple[int, int, int]]")
    assert all(len({edge}) == 1 for edge in edges) and [w for _, _, w in edges] == [3]
    assert announced([1, [2]], "tuple[int, list[int]]") == (1, [2])
    assert announced([1, 2], "tuple[int, ...]") == (1, 2)
    assert announced([1], "no type [") == [1]


def test_every_change_of_a_function_is_one_change() -> None:
    script = "def solve(a):\n    if a > 3:\n        a -= 1\n    return a // 2\n"
    found = mutants(script, "solve")
    assert len(set(found.values())) == len(found) == 7
    assert all(compile(text, name, "exec") for name, text in found.items())
