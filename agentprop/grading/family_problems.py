"""A problem of a family of judged programs → a judgement, from its record and the package's script alone.

The task must be read back to the setting, and the rest of the statement must say what the record says. Every test and
example is computed anew by the reference and, where it comes to an end, by the brute force; the claimed program must
pass within the budget, and the brute force must not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from agentprop.composition import families
from agentprop.composition.framing import unframed
from agentprop.composition.terms import Apply
from agentprop.grading.judged_tests import TOO_SLOW, remembered
from agentprop.grading.judgement import Judgement
from agentprop.records import Judging, Problem
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

SECONDS = 30.0
"""Seconds for all calls of a program."""
BRUTE_TICKS = 300_000
"""What the brute force may use on one test to have a say."""
LEAST_CHECKED = 4
"""Fewest tests that the brute force must confirm."""


async def judge_family(problem: Problem, term: Apply, package: Package, executor: Executor) -> Judgement:
    """Judge a problem whose task is the question of a family."""
    judged, judging = package.spec.judged, problem.judging
    assert judged is not None  # a family
    if problem.answer_type != "program" or judging is None:
        return Judgement("invalid", "answer_type", "the statement asks for a program that a judge runs")
    if (judging.form, judging.limits, judging.edge_rule) != (judged.form, judged.limits, judged.edge_rule):
        return Judgement("invalid", "mismatch", "form, limits or edge rule are not those of the statement's task")
    if problem.entry_point != (families.ENTRY_POINT if judging.form == "function" else None):
        return Judgement("invalid", "mismatch", "the entry point is not the one that the task asks for")
    text, _ = unframed(problem.statement)
    if families.statement(families.task(text), judged, judging.examples) != text:
        why = "what follows the task is not its input, output, limits, edge rule and examples as the grammar has them"
        return Judgement("undetermined", "not_in_grammar", why)
    if not judging.examples or {e.arguments for e in judging.examples} & {t.arguments for t in problem.tests}:
        return Judgement("invalid", "examples", "there is no example, or an example is a hidden test")
    values = families.parameters(term, package)
    if judging.checker != families.checker(package, values):
        return Judgement("invalid", "mismatch", "the checker is not the one of the statement's task")
    return await asyncio.to_thread(_judged_tests, problem, judging, package, values, executor.sandbox)


def _judged_tests(
    problem: Problem, judging: Judging, package: Package, values: Mapping[str, Any], sandbox: Sandbox
) -> Judgement:
    key = (package.id, tuple(values.items()), problem.answer, problem.tests, judging)
    if key not in _JUDGED:
        found = _tried(problem, judging, package, values, sandbox)
        if found.value == "undetermined":
            return found
        _JUDGED[key] = found
    return _JUDGED[key]


_JUDGED: dict[object, Judgement] = {}
"""Judgements of everything but the statement: problems of one setting differ in their stories only."""


def _tried(
    problem: Problem, judging: Judging, package: Package, values: Mapping[str, Any], sandbox: Sandbox
) -> Judgement:
    shown = problem.model_copy(update={"tests": (*problem.tests, *judging.examples)})
    own = families.program(package, values)
    reference = remembered(shown, own, sandbox, SECONDS)
    claimed = remembered(shown, problem.answer, sandbox, SECONDS)
    for code, found in (("tests", reference), ("answer_differs", claimed)):
        if found.status == "undetermined":
            return Judgement("undetermined", found.rule, found.why)
        if found.status == "different":
            return Judgement("invalid", TOO_SLOW if found.rule == TOO_SLOW else code, found.why)
    isolation = sandbox.isolation.level
    if problem.answer.strip() != own.strip():
        why = "the program passes the stored tests, which say nothing of other inputs; it is not the family's own"
        return Judgement("undetermined", "foreign_program", why, isolation=isolation)
    brute = families.program(package, values, "check")
    checked, fault = _confirmed(shown, brute, judging, sandbox)
    if fault is not None:
        return fault
    if checked < LEAST_CHECKED:
        return Judgement("invalid", "tests", f"the brute force confirms only {checked} tests", isolation=isolation)
    why = f"brute force confirms {checked} tests, and exceeds the budget; the program passes all {len(problem.tests)}"
    return Judgement("valid", "agrees", why, problem.answer, isolation)


def _confirmed(problem: Problem, brute: str, judging: Judging, sandbox: Sandbox) -> tuple[int, Judgement | None]:
    """How many tests the brute force confirms, or what speaks against the problem."""
    checked, over = 0, False
    for test in problem.tests:
        alone = problem.model_copy(update={"tests": (test,), "judging": judging})
        small = alone.model_copy(update={"judging": judging.model_copy(update={"ticks": BRUTE_TICKS})})
        found = remembered(small if judging.ticks > BRUTE_TICKS else alone, brute, sandbox, SECONDS)
        if found.status == "same":
            checked += 1
        elif found.status == "different" and found.rule != TOO_SLOW:
            return checked, Judgement("invalid", "tests", f"the brute force: {found.why}")
        elif found.rule == TOO_SLOW and not over:
            over = remembered(alone, brute, sandbox, SECONDS).rule == TOO_SLOW
    if not over:
        return checked, Judgement("invalid", "budget", "the brute force keeps the budget on every test")
    return checked, None
