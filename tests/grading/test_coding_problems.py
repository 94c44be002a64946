"""Coding problems of the built-in proposer: who writes what a statement announces passes, and who errs does not."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from judging import Judge, is_composed

from agentprop.agent.candidates import builtin_made_by, tools
from agentprop.agent.environment import Environment, Rules, rollout
from agentprop.composition.answer_text import read_value
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.terms import Apply, Program, Variable, expression, from_json, skills
from agentprop.export.reward import grade
from agentprop.export.solver import question_answer
from agentprop.grading.judged_tests import program_tests
from agentprop.records import Problem, Task, TestCase
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

TABLE: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "composition" / "coding_solutions.toml").read_text(encoding="utf-8")
)["skill"]
SOLUTIONS = {entry["name"]: entry["code"] for entry in TABLE}
NETWORK = "coding-graphs-near-network"
"""A skill whose value is a graph, with which no program ends."""
PROBLEMS = 3
"""Problems that each solution is judged on."""
Make = Callable[[str, int], list[Problem]]


@pytest.fixture(scope="module")
def make(library: Mapping[str, Package], executor: Executor) -> Make:
    """Problems that ask for a program of one skill, as the proposer makes them and the contract accepts them."""
    planner = Planner(library)

    async def one(skill: str, seed: int) -> Problem | None:
        rng, spec = Random(f"{skill}/{seed}"), library[skill].spec
        try:
            given = planner.givens(skill, rng)
        except Impossible:
            return None
        term = Program(spec.data or "", given.with_argument(spec.data or "", Variable(spec.data or "")))
        task = Task(
            seed=seed,
            index=seed,
            domain="coding",
            category=spec.category,
            skill_ids=(library[skill].id,),
            skill_names=(skill,),
        )
        environment = Environment(task, library, executor, tools(), Rules(), builtin_made_by())
        return (await rollout(environment, BuiltinProposer(planner, term, rng))).problem

    async def several(skill: str, count: int) -> list[Problem]:
        found = await asyncio.gather(*(one(skill, seed) for seed in range(3 * count)))
        return [problem for problem in found if problem is not None and problem.answer_type == "program"][:count]

    return lambda skill, count: asyncio.run(several(skill, count))


def program(problem: Problem, library: Mapping[str, Package], codes: Mapping[str, str] = SOLUTIONS) -> str:
    """A program for a problem, made of the table's solutions as its statement chains them."""
    term = from_json(problem.certificate.composition or "")
    assert isinstance(term, Program)
    call = expression(term, library, "solve")
    parts = []
    for skill in skills(term):
        name = f"step_{library[skill].module}"
        parts.append(re.sub(r"\bstep\b", name, codes[skill]))
        call = call.replace(f"{library[skill].module}.solve(", f"{name}(")
    return "\n".join([*parts, f"def solve({term.variable}):\n    return {call}\n"])


def mutants(skill: str) -> list[str]:
    (entry,) = (entry for entry in TABLE if entry["name"] == skill)
    for old, _ in entry["mutants"]:
        assert old in entry["code"], old
    return [entry["code"].replace(old, new, 1) for old, new in entry["mutants"]]


def test_the_table_has_every_coding_skill(library: Mapping[str, Package]) -> None:
    specs = {name: package.spec for name, package in library.items()}
    coding = {name for name, spec in specs.items() if spec.domain == "coding" and spec.judged is None}
    assert set(SOLUTIONS) == coding and len(coding) == 33


@pytest.mark.parametrize("skill", [skill for skill in SOLUTIONS if skill != NETWORK])
def test_an_independent_solution_passes_and_its_mutants_do_not(
    skill: str, make: Make, library: Mapping[str, Package], executor: Executor, judge: Judge
) -> None:
    problems = make(skill, PROBLEMS)
    assert len(problems) == PROBLEMS
    assert [judgement.value for judgement in judge(problems)] == ["valid"] * PROBLEMS
    for problem in problems:
        tests = program_tests(problem, executor.sandbox, 5.0)
        found = tests.passes(program(problem, library))
        assert found.status == "same", (problem.statement, found)
        for mutant in mutants(skill):
            altered = program(problem, library, {**SOLUTIONS, skill: mutant})
            assert tests.passes(altered).status == "different", (problem.statement, mutant)


def test_pipelines_of_any_skills_are_solved_by_the_same_solutions(
    problems: Sequence[Problem], library: Mapping[str, Package], executor: Executor
) -> None:
    asked = [problem for problem in problems if is_composed(problem)]
    assert len(asked) >= 3
    for problem in asked:
        found = program_tests(problem, executor.sandbox, 5.0).passes(program(problem, library))
        assert found.status == "same", (problem.statement, found)


def test_what_is_announced_is_what_arrives_and_what_is_exported(make: Make, library: Mapping[str, Package]) -> None:
    """An edge is a tuple, in the stored tests, in exports and for the reward."""
    for skill, size in (("coding-graphs-hop-distances", 2), ("coding-graphs-tree-weights", 3)):
        (problem,) = make(skill, 1)
        letters = ", ".join("abw"[:size])
        assert f"`({letters})`" in problem.statement
        for test in problem.tests:
            [edges], _ = test.values()
            assert type(edges) is list and {(type(edge), len(edge)) for edge in edges} == {(tuple, size)}
        answer, solution = question_answer(problem).answer, program(problem, library)
        assert grade(f"```python\n{solution}```", answer) == 1.0
        assert grade(f"```python\n{solution.replace('set(edges)', 'set(map(tuple, edges[1:]))')}```", answer) == 0.0


def test_tests_of_older_runs_are_judged_as_they_were(make: Make, executor: Executor) -> None:
    """Plain JSON, in which an edge is a list."""
    (problem,) = make("coding-graphs-hop-distances", 1)
    older = tuple(
        TestCase(arguments=test.arguments.replace("(", "[").replace(")", "]"), expected=test.expected)
        for test in problem.tests
    )
    task = problem.statement.partition("\n\nLimits: ")[0]
    kept = problem.model_dump(exclude={"id"})
    stored = Problem.model_validate({**kept, "tests": older, "judging": None, "statement": task})
    assert read_value(older[0].arguments) == [[list(edge) for edge in problem.tests[0].values()[0][0]]]
    assert problem.judging is not None and problem.id != stored.id
    assert program_tests(stored, executor.sandbox, 5.0).passes(problem.answer).status == "same"
    assert isinstance(from_json(problem.certificate.composition or ""), Program | Apply)
