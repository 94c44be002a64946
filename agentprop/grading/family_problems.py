"""A problem of a family of judged programs → a judgement, from its record and the package's script alone.

The task must be read back to the setting, and the rest of the statement must say what the record says. Every test and
example is computed anew by the reference and, where it comes to an end, by the brute force; the claimed program must
pass within the budget, and the brute force must not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from agentprop.answers.outcome import Equivalence
from agentprop.composition import families, suites
from agentprop.composition.framing import unframed
from agentprop.composition.program_tasks import Asked, asked, edge_inputs, faulty, slow
from agentprop.composition.terms import Apply
from agentprop.grading.claimed_answers import compared_claim
from agentprop.grading.judged_tests import TOO_SLOW, JudgedTests, remembered
from agentprop.grading.judgement import Judgement
from agentprop.records import Judging, Problem, TestCase
from agentprop.sandbox import Job, Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, origin_of

SECONDS = 30.0
"""Seconds for all calls of a program."""
BRUTE_TICKS = 300_000
"""What the brute force may use on one test to have a say."""
LEAST_CHECKED = 4
"""Fewest hidden tests, and fewest of them and the examples that the brute force must confirm."""


async def judge_family(problem: Problem, term: Apply, package: Package, executor: Executor) -> Judgement:
    """Judge a problem whose task is the question of a family."""
    judged, judging = package.spec.judged, problem.judging
    assert judged is not None  # a family
    text, shown = asked(unframed(problem.statement)[0])
    if shown.task == "edge":
        return await _judge_edge(problem, text, shown, families.parameters(term, package), package, executor)
    if problem.answer_type != "program" or judging is None:
        return Judgement("invalid", "answer_type", "the statement asks for a program that a judge runs")
    if (judging.form, judging.limits, judging.edge_rule) != (judged.form, judged.limits, judged.edge_rule):
        return Judgement("invalid", "mismatch", "form, limits or edge rule are not those of the statement's task")
    if problem.entry_point != (families.ENTRY_POINT if judging.form == "function" else None):
        return Judgement("invalid", "mismatch", "the entry point is not the one that the task asks for")
    told = (judging.ticks, None)  # statements of earlier versions say nothing of the budget
    if text not in [families.statement(families.task(text), judged, judging.examples, ticks) for ticks in told]:
        why = "what follows the task, from the input to the examples, is not as the grammar has it"
        return Judgement("undetermined", "not_in_grammar", why)
    if not judging.examples or {e.arguments for e in judging.examples} & {t.arguments for t in problem.tests}:
        return Judgement("invalid", "examples", "there is no example, or an example is a hidden test")
    if len({test.arguments for test in problem.tests}) < LEAST_CHECKED:
        return Judgement("invalid", "tests", f"a program needs at least {LEAST_CHECKED} different hidden tests")
    values = families.parameters(term, package)
    if judging.checker != families.checker(package, values):
        return Judgement("invalid", "mismatch", "the checker is not the one of the statement's task")
    found = await asyncio.to_thread(_judged_tests, problem, judging, package, values, executor.sandbox)
    if found.value != "valid" or shown.task == "write":
        return found
    return await asyncio.to_thread(_with_program, problem, shown, package, values, executor.sandbox, found)


def _with_program(
    problem: Problem, shown: Asked, package: Package, values: Mapping[str, Any], sandbox: Sandbox, found: Judgement
) -> Judgement:
    """The judgement of a problem that shows a program: a wrong one, or one that is right and too slow."""
    assert problem.judging is not None  # by `judge_family`
    known = faulty(package, values) if shown.task == "repair" else slow(package, values)
    if shown.program not in known:
        return Judgement("undetermined", "not_in_grammar", "the program shown is not one of the family's")
    if shown.task == "optimise":
        return _confirmed(problem, shown.program, problem.judging, sandbox, origin_of([package]))[1] or found
    ran = remembered(problem, shown.program, sandbox, SECONDS, origin_of([package]))
    if ran.status == "undetermined":
        return Judgement("undetermined", ran.rule, ran.why)
    if ran.status == "same":
        return Judgement("invalid", "tests", "the program that is to be repaired passes every test")
    return found


def brute_at_edge(package: Package, values: Mapping[str, Any], given: str) -> Job:
    """The job in which the brute force prints what an input at the edge of the limits gives."""
    brute, calls = families.program(package, values, "check"), given.startswith(f"{families.ENTRY_POINT}(")
    code = f"{brute}\n\nprint({given})" if calls else brute
    return Job(code, stdin="" if calls else f"{given}\n", origin=origin_of([package]), ticks=BRUTE_TICKS)


async def _judge_edge(
    problem: Problem, text: str, shown: Asked, values: Mapping[str, Any], package: Package, executor: Executor
) -> Judgement:
    """Judge a problem that asks what an input at the edge of the limits gives, by the brute force."""
    judged, setting = package.spec.judged, suites.setting(package, values)
    if judged is None or setting is None:
        return Judgement("undetermined", "unknown_skill", "the family's tests are not there")
    rest = families.statement(families.task(text), judged, setting.examples, edge_rule=False)
    if rest != text or shown.program != families.program(package, values):
        why = "what follows the task is not its input, output, limits and examples, or another program is shown"
        return Judgement("undetermined", "not_in_grammar", why)
    if (problem.answer_type, problem.unit, problem.figures) != ("integer", None, None):
        return Judgement("invalid", "answer_type", f"the statement asks for an integer, not {problem.answer_type}")
    if shown.given not in edge_inputs(judged, setting):
        return Judgement("undetermined", "not_in_grammar", "the input shown is not one at the edge of the limits")
    ran = await executor.run(brute_at_edge(package, values, shown.given))
    if ran.status != "ok":
        return Judgement("undetermined", "tests", f"the brute force gives nothing: {ran.error or ran.detail}")
    answer = ran.stdout.strip()[:80]
    compared = compared_claim(answer, problem)
    if compared.status == "undetermined":
        return Judgement("undetermined", "equivalence", compared.why, answer, ran.isolation)
    if compared.status == "different":
        return Judgement("invalid", "answer_differs", f"the brute force gives {answer}", answer, ran.isolation)
    return Judgement("valid", "agrees", "the brute force gives the same result", answer, ran.isolation)


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
    reference = remembered(shown, own, sandbox, SECONDS, origin_of([package]))
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
    checked, fault = _confirmed(shown, brute, judging, sandbox, origin_of([package]))
    if fault is not None:
        return fault
    if checked < LEAST_CHECKED:
        return Judgement("invalid", "tests", f"the brute force confirms only {checked} tests", isolation=isolation)
    why = f"brute force confirms {checked} tests, and exceeds the budget; the program passes all {len(problem.tests)}"
    return Judgement("valid", "agrees", why, problem.answer, isolation)


def _confirmed(
    problem: Problem, brute: str, judging: Judging, sandbox: Sandbox, origin: str | None
) -> tuple[int, Judgement | None]:
    """How many tests the brute force confirms, or what speaks against the problem."""

    def tried(tests: tuple[TestCase, ...], ticks: int) -> list[Equivalence]:
        these = problem.model_copy(update={"tests": tests, "judging": judging.model_copy(update={"ticks": ticks})})
        return JudgedTests(these, sandbox, SECONDS, origin).each(brute)

    few = min(BRUTE_TICKS, judging.ticks)
    found = [  # what the machine may have caused is tried once more, alone
        tried((test,), few)[0] if one.status == "undetermined" else one
        for test, one in zip(problem.tests, tried(problem.tests, few), strict=True)
    ]
    wrong = next((one for one in found if one.status == "different" and one.rule != TOO_SLOW), None)
    if wrong is not None:
        return 0, Judgement("invalid", "tests", f"the brute force: {wrong.why}")
    checked = sum(one.status == "same" for one in found)
    slow = [test for test, one in zip(problem.tests, found, strict=True) if one.rule == TOO_SLOW]
    over = slow if few == judging.ticks else [t for t in slow if tried((t,), judging.ticks)[0].rule == TOO_SLOW][:1]
    doubt = next((one for one in found if one.status == "undetermined"), None)
    if doubt is not None and (not over or checked < LEAST_CHECKED):
        return checked, Judgement("undetermined", doubt.rule, f"the brute force: {doubt.why}")
    if not over:
        return checked, Judgement("invalid", "budget", "the brute force keeps the budget on every test")
    return checked, None
