"""A submission and what the sandbox says of it → what is wrong with it, or the problem that it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentprop.agent.answer_form import form_asked, tells_answer, typed
from agentprop.answers.equivalence import equivalent
from agentprop.composition import promises
from agentprop.composition.answer_text import answer_text
from agentprop.composition.grammar import masked
from agentprop.composition.returned import agrees
from agentprop.composition.terms import from_json, operators, skills
from agentprop.grading.composed_programs import MIN_TESTS
from agentprop.records import Certificate, Evidence, MadeBy, Problem, Submission, Task, content_id
from agentprop.sandbox import OUTSIDE, Job, Result
from agentprop.skills import Package

MIN_STATEMENT, MAX_STATEMENT, MAX_ANSWER = 20, 20_000, 20_000
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


def form_violation(s: Submission) -> Violation | None:
    """What is wrong with the form of a submission; None if nothing is."""
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
        return Violation("answer_form", f"the answer must be {asked}; {brief(s.answer)} is not")
    if s.answer_type != "program" and tells_answer(s.statement, typed_answer(s)):
        return Violation("statement_tells_answer", "the statement tells its own answer: leave it out")
    return None


def typed_answer(s: Submission) -> str:
    """The answer in the one form of its type."""
    return typed(s.answer, s.answer_type, s.unit) or s.answer


def answer_verdict(s: Submission, result: Result) -> Violation | None:
    """What is wrong with the answer that a certificate computed; None if it is the claimed one."""
    if result.status == "error" and (result.error or "").endswith("no global named 'answer'"):
        return Violation("certificate_silent", "the certificate does not assign `answer`")
    violation = failure(result)
    if violation is not None:
        return violation
    if same_answer(s.answer, result.value, unit=s.unit, figures=s.figures):
        return None
    return Violation("certificate_differs", f"the certificate gives {brief(result.value)}, not the claimed answer")


def same_answer(claimed: str, value: Any, *, unit: str | None, figures: int | None) -> bool:
    """True if a computed value is the claimed answer."""
    try:
        text = value if isinstance(value, str) else answer_text(value, unit=unit, figures=figures)
    except ValueError:
        return False
    return text == claimed or equivalent(gold=text, pred=claimed, precision=figures).status == "same"


def brief(value: object) -> str:
    """A value in at most 200 characters."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:
        text = "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:200]}…"


def program_job(s: Submission) -> Job:
    """The job of calling a program with the arguments of each test."""
    return calling(s, [test.values()[0] for test in s.tests])


def calling(s: Submission, calls: Sequence[list[Any]]) -> Job:
    """The job of calling a program with each list of arguments."""
    called = ", ".join(f"{entry_point(s.statement)}(*{arguments!r})" for arguments in calls)
    return Job(f"{s.answer}\n\noutputs = [{called}]\n", returns="outputs")


def program_verdict(s: Submission, result: Result) -> Violation | None:
    """What is wrong with the outputs of a program for its tests; None if nothing is."""
    return values_verdict([test.values() for test in s.tests], result)


def values_verdict(calls: Sequence[tuple[list[Any], Any]], result: Result) -> Violation | None:
    """What is wrong if a program was called with these arguments and then perhaps others; None if nothing is."""
    violation = failure(result)
    if violation is not None:
        return violation
    outputs = result.value if isinstance(result.value, list) else []
    for (arguments, expected), output in zip(calls, outputs, strict=False):
        if not agrees(output, expected):
            told = f"the program gives {brief(output)}, not {brief(expected)}, for {brief(arguments)}"
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


def problem_of(
    s: Submission,
    task: Task,
    active: Mapping[str, Package],
    used: tuple[str, ...],
    isolation: str,
    made_by: MadeBy,
) -> Problem | Violation:
    """The problem of a submission that was found in order; `used` are the skills if no composition names them."""
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
