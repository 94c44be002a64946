"""A submission → a problem, or the first clause of the contract that it breaks.

Accepted means: well formed, and the certificate, run in the sandbox, computes the claimed answer from the givens of the
statement, with the skills that it names. It does not mean valid: a verifier decides that. Distinctness is checked when
the run commits problems, because all are known there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from random import Random
from typing import Any, NamedTuple

from agentprop.agent.answer_form import form_asked, tells_answer, typed
from agentprop.agent.certificates import CertificateRefusal, called_skills, examination, generated_skills
from agentprop.answers.equivalence import equivalent
from agentprop.composition import ablation, families, program_tasks, promises, suites
from agentprop.composition.ablation import ClauseCounts
from agentprop.composition.answer_text import answer_text
from agentprop.composition.difficulty import declare
from agentprop.composition.grammar import masked
from agentprop.composition.program_tasks import Asked
from agentprop.composition.promises import Promises
from agentprop.composition.returned import agrees
from agentprop.composition.solution import modules as solution_modules
from agentprop.composition.solution import solved, solved_program, traceable, tracing
from agentprop.composition.suites import Setting
from agentprop.composition.terms import Apply, Program, from_json, operators, skills
from agentprop.composition.terms import modules as composed_modules
from agentprop.grading.composed_programs import MIN_TESTS, fails_a_test
from agentprop.grading.family_problems import SECONDS, brute_at_edge
from agentprop.grading.judged_tests import TOO_SLOW, remembered
from agentprop.records import (
    Ablation,
    Certificate,
    Evidence,
    MadeBy,
    Problem,
    Solution,
    Submission,
    Task,
    TestCase,
    content_id,
)
from agentprop.sandbox import OUTSIDE, Job, Result
from agentprop.sandbox.executor import Executor
from agentprop.skills import Judged, Package, origin_of

MOST_TICKS = 10_000_000
"""Ticks that a reference may use on all tests together."""
MIN_STATEMENT, MAX_STATEMENT, MAX_ANSWER = 20, 20_000, 20_000
INERT = "inert:"
"""Beginning of the code of a submission with a clause that does nothing; the clause follows."""
EVIDENCE: tuple[Evidence, ...] = ("none", "certificate", "self-consistent", "independent")


@dataclass(frozen=True)
class Violation:
    """A clause that a submission breaks."""

    code: str
    """Short reason code."""
    message: str
    """Sentence that tells the proposer what to correct."""
    unavailable: bool = False
    """The sandbox failed, not the submission."""


async def check_contract(
    submission: Submission,
    task: Task,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    made_by: MadeBy,
    origin: str | None = None,
) -> Problem | Violation:
    """The problem of a submission that keeps the contract, or what it breaks; `origin` is whose code it holds."""
    posed = _posed(submission, active)
    if posed is not None and posed.asked.task == "edge":
        return await _at_edge(submission, posed, task, active, executor, made_by)
    if posed is not None and submission.answer_type == "program":
        return await _judged(submission, posed, task, active, executor, made_by)
    violation = _form(submission)
    if violation is not None:
        return violation
    if submission.answer_type == "program":
        try:
            promising = _promising(submission, active)
        except ValueError as fault:
            return Violation("promises", str(fault))
        if promising is not None:
            return await _with_promises(submission, *promising, task, active, tools, executor, made_by, origin)
        result = await executor.run(replace(_program_job(submission), origin=origin))
        violation = _program_verdict(submission, result)
        if violation is not None:
            return violation
        found = _problem(submission, task, active, tuple(active), result.isolation, made_by)
        return await _with_ablation(found, active, tools, executor, origin)
    submission = submission.model_copy(update={"answer": _typed(submission)})
    modules = {**tools, **{f"skills.{p.module}": p.script or "" for p in active.values()}}
    job = Job(submission.certificate, modules, returns="answer", origin=origin)
    called: tuple[str, ...] | CertificateRefusal | None = generated_skills(submission, active)
    if called is not None:
        results = [await executor.run(job)]
    else:
        results = await executor.run_in_turn([job, examination(submission, active, tools, origin)])
    violation = _answer_verdict(submission, results[0])
    if violation is not None:
        return violation
    if called is None:
        called = await called_skills(submission, active, tools, executor, origin, results[1])
    if isinstance(called, CertificateRefusal):
        return Violation(called.code, called.message, called.unavailable)
    # A package without a script is a text to work by: nobody can trace its use.
    used = (*called, *(name for name, package in active.items() if package.script is None))
    found = _problem(submission, task, active, used, results[0].isolation, made_by)
    return await _with_ablation(found, active, tools, executor, origin)


class Posed(NamedTuple):
    """The family and the setting that a submission poses a problem of, and what it asks."""

    package: Package
    values: Mapping[str, Any]
    setting: Setting
    judged: Judged
    asked: Asked


def _posed(submission: Submission, active: Mapping[str, Package]) -> Posed | None:
    """What a submission poses of a family; None for any other."""
    if submission.composition is None:
        return None
    try:
        term = from_json(submission.composition)
        package = families.family(term, active)
        if package is None or package.spec.judged is None or not isinstance(term, Apply):
            return None
        values = families.parameters(term, package)
        found = suites.setting(package, values)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # a model may have written it
        return None
    _, asked = program_tasks.asked(submission.statement)
    return None if found is None else Posed(package, values, found, package.spec.judged, asked)


async def _at_edge(
    submission: Submission,
    posed: Posed,
    task: Task,
    active: Mapping[str, Package],
    executor: Executor,
    made_by: MadeBy,
) -> Problem | Violation:
    """The problem that asks what an input at the edge of a family's limits gives."""
    own = families.program(posed.package, posed.values)
    if posed.asked.program != own or posed.asked.given not in program_tasks.edge_inputs(posed.judged, posed.setting):
        return Violation("unfit_program", "the program or the input shown is not one of the family")
    modules = {f"skills.{posed.package.module}": posed.package.script or ""}
    written = families.edge_certificate(posed.package, posed.values, posed.asked.given)
    result, brute = await asyncio.gather(
        executor.run(Job(written, modules, returns="answer", origin=origin_of([posed.package]))),
        executor.run(brute_at_edge(posed.package, posed.values, posed.asked.given)),
    )
    violation = _form(submission) or _answer_verdict(submission, result)
    if violation is None and brute.status == "error":
        violation = Violation("unfit_program", "the brute force does not come to an end on the input shown")
    return violation or _problem(submission, task, active, tuple(active), result.isolation, made_by)


async def _judged(
    submission: Submission,
    posed: Posed,
    task: Task,
    active: Mapping[str, Package],
    executor: Executor,
    made_by: MadeBy,
) -> Problem | Violation:
    """The problem of a family with the tests of its setting; its reference must pass them within the budget.

    The tests are the family's own: they were made against wrong and slow programs, and none is taken from a proposer.
    """
    submission = submission.model_copy(update={"tests": posed.setting.tests})
    judging, asked = families.judging(posed.package, posed.values, posed.setting), posed.asked
    shown = {"repair": program_tasks.faulty, "optimise": program_tasks.slow}.get(asked.task)
    if shown is not None and asked.program not in shown(posed.package, posed.values):
        return Violation("unfit_program", "the program shown is not one of the family's wrong or slow ones")
    violation = _form(submission)
    if violation is not None:
        return violation
    found = _problem(submission, task, active, tuple(active), executor.sandbox.isolation.level, made_by)
    if isinstance(found, Violation):
        return found
    point = families.ENTRY_POINT if judging.form == "function" else None
    found = found.model_copy(update={"judging": judging, "entry_point": point})
    verdict = await asyncio.to_thread(remembered, found, found.answer, executor.sandbox, SECONDS)
    if verdict.status == "same":
        term = from_json(found.certificate.composition or "")  # _posed read it
        told = solved_program(term, active, found.answer)
        return found.model_copy(update={"solution": told})
    code = TOO_SLOW if verdict.rule == TOO_SLOW else "tests_fail" if verdict.status == "different" else verdict.rule
    return Violation(code.replace("-", "_"), verdict.why, verdict.rule in OUTSIDE)


def _promising(submission: Submission, active: Mapping[str, Package]) -> tuple[Program, Promises] | None:
    """What the statement of a composed program promises; None if it promises nothing.

    Raises ValueError if that is not what the composition's data are.
    """
    try:
        term = from_json(submission.composition or "")
        if not isinstance(term, Program) or set(skills(term)) - set(active):
            return None
        promisable = promises.can_promise(term, active)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError):  # a model wrote it
        return None
    found = promises.promised(program_tasks.asked(submission.statement)[0])
    if found is None:
        return None
    least = promises.least(found.limits, term, active) if promisable else None
    if least is None:
        raise ValueError("the limits are not those of the data")
    data = [test.values()[0] for test in submission.tests]
    if any(len(one) != 1 or not promises.fits(one[0], least, term, active) for one in data):
        raise ValueError("a test breaks the limits of the statement")
    return term, found


async def _with_promises(
    submission: Submission,
    term: Program,
    promised: Promises,
    task: Task,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    made_by: MadeBy,
    origin: str | None,
) -> Problem | Violation:
    """The problem of a composed program, with large tests and a budget beside the tests of the proposer."""
    shown = [(list(arguments), value) for arguments, value in (*promised.edge, *promised.examples)]
    given = [test.values() for test in submission.tests] + shown
    large = promises.large(term, active, Random(submission.statement))
    calls = [arguments for arguments, _ in given] + [[value] for value in large]
    result = await executor.run(replace(_calling(submission, calls), origin=origin, ticks=MOST_TICKS))
    violation = _values_verdict(given, result)
    if violation is not None:
        return violation
    assert isinstance(result.value, list)  # by `_values_verdict`
    added = tuple(TestCase.of([value], out) for value, out in zip(large, result.value[len(given) :], strict=True))
    submission = submission.model_copy(update={"tests": (*submission.tests, *added)})
    found = _problem(submission, task, active, tuple(active), result.isolation, made_by)
    if isinstance(found, Violation):
        return found
    edges = {repr(value) for value in promises.edges(term, active)}
    tags = ["edge" if repr(arguments[0]) in edges else "small" for arguments, _ in given[: -len(shown)]]
    judging = promises.judging(term, active, promised, result.ticks, (*tags, *("large" for _ in added)))
    found = found.model_copy(update={"judging": judging})
    unfit = await _unfit_program(found, executor, origin)
    return unfit or await _with_ablation(found, active, tools, executor, origin)


async def _unfit_program(found: Problem, executor: Executor, origin: str | None) -> Violation | None:
    """What is wrong with the program that a composed program's statement shows; None if it shows none."""
    _, asked = program_tasks.asked(found.statement)
    if asked.task == "write":
        return None
    if asked.task != "repair" or asked.program not in program_tasks.changed(found.answer):
        return Violation("unfit_program", "the program shown is not the reference with one change")
    fails = await fails_a_test(found, asked.program, executor, origin)
    if fails is None:
        return Violation("unfit_program", "it could not be found out whether the program shown is wrong")
    return None if fails else Violation("unfit_program", "the program shown passes every test")


async def _with_ablation(
    found: Problem | Violation,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    origin: str | None,
) -> Problem | Violation:
    """The problem with its difficulty and the figures of its clauses, or the violation that one does nothing."""
    if isinstance(found, Violation) or found.certificate.composition is None:
        return found
    tried = await tried_clauses(found, active, tools, executor, origin)
    if isinstance(tried, Violation):
        return tried
    if tried is None:
        return found
    if tried.clauses is None:
        return found.model_copy(update={"solution": tried.solution})
    if tried.clauses.inert:
        inert = tried.clauses.inert[0]
        told = f"{inert} does nothing: the answer is the same without it; change it or leave it out"
        return Violation(f"{INERT}{inert}", told)
    found = _with_difficulty(found, active, tried.clauses)
    return found.model_copy(update={"ablation": Ablation(**tried.clauses.counts), "solution": tried.solution})


class Tried(NamedTuple):
    """What came of running a composition once more, part by part."""

    clauses: ClauseCounts | None
    """What became of its clauses; None if it has none that can be tried."""
    solution: Solution | None
    """Its solution in words."""


def _with_difficulty(found: Problem, active: Mapping[str, Package], clauses: ClauseCounts) -> Problem:
    """The problem with its declared difficulty, if its composition can be looked through."""
    try:
        term = from_json(found.certificate.composition or "")
        declared = declare(term, active, families.task(found.statement), clauses)
    except (ValueError, LookupError, AttributeError, TypeError):  # a model may have written it
        return found
    return found.model_copy(update={"difficulty": declared})


def _drawn(problem: Problem) -> list[Any]:
    """The data of a program's tests that were drawn at random: any clause may do nothing for the others."""
    tags = problem.judging.tags if problem.judging is not None else ()
    return [test.values()[0][0] for test, tag in zip_longest(problem.tests, tags) if tag in (None, "small")]


async def tried_clauses(
    problem: Problem,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    origin: str | None,
) -> Tried | Violation | None:
    """Try the clauses of a problem's composition, and trace its solution in the same job; None if it has no terms."""
    try:
        term = from_json(problem.certificate.composition or "")
        inputs = _drawn(problem)
        code = ablation.program(term, active, inputs)
        trace = f"\n{tracing(term, active)}" if code is not None and traceable(term, active) else ""
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # a model may have written it
        return None
    if code is None:
        return Tried(None, solved_program(term, active, problem.answer))
    modules = {**tools, **ablation.modules(), **solution_modules(), **composed_modules(term, active)}
    result = await executor.run(Job(code + trace, modules, returns="found", origin=origin))
    if result.status in OUTSIDE:
        return Violation(result.status.replace("-", "_"), result.detail or "the sandbox did not answer", True)
    values = result.value if result.has_value and isinstance(result.value, list) else []
    clauses = ablation.read(values[:3])
    if clauses is None:
        told = result.error or result.detail or result.status
        return Violation("clauses_untried", f"it could not be found out whether every clause matters: {told}")
    if not trace:
        return Tried(clauses, solved_program(term, active, problem.answer))
    return Tried(clauses, solved(term, active, problem.statement, problem.answer, values[3] if values[3:] else None))


def _form(s: Submission) -> Violation | None:
    if not MIN_STATEMENT <= len(s.statement) <= MAX_STATEMENT:
        return Violation("statement_length", f"the statement has {len(s.statement)} characters")
    if "<action:" in s.statement or "\x00" in s.statement:
        return Violation("statement_text", "the statement contains tags of the protocol")
    if not s.answer.strip() or len(s.answer) > MAX_ANSWER:
        return Violation("answer_missing", "the answer is empty or too long")
    if s.answer_type == "program" and len({test.arguments for test in s.tests}) < MIN_TESTS:
        return Violation("tests_missing", f"a program needs at least {MIN_TESTS} different tests")
    if s.answer_type != "program" and not s.certificate.strip():
        return Violation("certificate_missing", "there is no certificate")
    if s.answer_type != "program" and typed(s.answer, s.answer_type, s.unit) is None:
        asked = form_asked(s.answer_type, s.unit)
        return Violation("answer_form", f"the answer must be {asked}; {_brief(s.answer)} is not")
    if s.answer_type != "program" and tells_answer(s.statement, _typed(s)):
        return Violation("statement_tells_answer", "the statement tells its own answer: leave it out")
    return None


def _typed(s: Submission) -> str:
    """The answer in the one form of its type."""
    return typed(s.answer, s.answer_type, s.unit) or s.answer


def _answer_verdict(s: Submission, result: Result) -> Violation | None:
    if result.status == "error" and (result.error or "").endswith("no global named 'answer'"):
        return Violation("certificate_silent", "the certificate does not assign `answer`")
    violation = failure(result)
    if violation is not None:
        return violation
    if same_answer(s.answer, result.value, unit=s.unit, figures=s.figures):
        return None
    return Violation("certificate_differs", f"the certificate gives {_brief(result.value)}, not the claimed answer")


def same_answer(claimed: str, value: Any, *, unit: str | None, figures: int | None) -> bool:
    """True if a computed value is the claimed answer."""
    try:
        text = value if isinstance(value, str) else answer_text(value, unit=unit, figures=figures)
    except ValueError:
        return False
    return text == claimed or equivalent(gold=text, pred=claimed, precision=figures).status == "same"


def _brief(value: object) -> str:
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:
        text = "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:200]}…"


def _program_job(s: Submission) -> Job:
    return _calling(s, [test.values()[0] for test in s.tests])


def _calling(s: Submission, calls: Sequence[list[Any]]) -> Job:
    """The job of calling a program with each list of arguments."""
    called = ", ".join(f"{entry_point(s.statement)}(*{arguments!r})" for arguments in calls)
    return Job(f"{s.answer}\n\noutputs = [{called}]\n", returns="outputs")


def _program_verdict(s: Submission, result: Result) -> Violation | None:
    return _values_verdict([test.values() for test in s.tests], result)


def _values_verdict(calls: Sequence[tuple[list[Any], Any]], result: Result) -> Violation | None:
    """What is wrong if a program was called with these arguments and then perhaps others; None if nothing is."""
    violation = failure(result)
    if violation is not None:
        return violation
    outputs = result.value if isinstance(result.value, list) else []
    for (arguments, expected), output in zip(calls, outputs, strict=False):
        if not agrees(output, expected):
            told = f"the program gives {_brief(output)}, not {_brief(expected)}, for {_brief(arguments)}"
            return Violation("tests_fail", told)
    if len(outputs) < len(calls):
        return Violation("tests_fail", "the program did not answer every test")
    return None


def failure(result: Result) -> Violation | None:
    """The violation that a sandbox result amounts to; None if the code ran to its end."""
    if result.status == "ok":
        return None
    if result.status in OUTSIDE:
        code = result.status.replace("-", "_")
        return Violation(code, result.detail or "the sandbox did not answer", unavailable=True)
    return Violation(f"certificate_{result.status}".replace("-", "_"), result.error or result.detail or result.status)


def _problem(
    s: Submission,
    task: Task,
    active: Mapping[str, Package],
    used: tuple[str, ...],
    isolation: str,
    made_by: MadeBy,
) -> Problem | Violation:
    composed: tuple[str, ...] = ()
    form: Any = "program" if s.certificate.strip() else "none"
    if s.composition is not None:
        try:
            term = from_json(s.composition)
        except ValueError as error:
            return Violation("composition_unreadable", str(error))
        used, composed, form = skills(term), operators(term), "composition"
        if not used:
            return Violation("composition_unreadable", "the composition applies no skill")
        if set(used) - set(active):
            return Violation("inactive_skill", f"not active: {', '.join(sorted(set(used) - set(active)))}")
    return Problem(
        statement=s.statement,
        answer=s.answer,
        answer_type=s.answer_type,
        unit=s.unit,
        figures=s.figures,
        domain=task.domain,
        category=task.category,
        skills=used,
        skill_ids=tuple(active[name].id for name in used),
        operators=composed,
        entry_point=entry_point(s.statement) if s.answer_type == "program" else None,
        tests=s.tests,
        certificate=Certificate(form=form, composition=s.composition, source=s.certificate),
        evidence=_weakest(active[name].spec.evidence for name in used) if form == "composition" else "certificate",
        template=content_id(masked(promises.kind_of(s.statement))),
        task_id=task.id,
        index=task.index,
        isolation=isolation,
        made_by=made_by,
    )


def entry_point(statement: str) -> str:
    """Name of the function that a program's statement asks for."""
    found = re.search(r"`(\w+)\(", statement)
    return found[1] if found else "solve"


def _weakest(evidence: Any) -> Evidence:
    return min(evidence, key=EVIDENCE.index, default="none")
