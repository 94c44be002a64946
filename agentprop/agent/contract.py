"""A submission → a problem, or the first clause of the contract that it breaks.

Accepted means: well formed, and the certificate, run in the sandbox, computes the claimed answer from the givens of the
statement, with the skills that it names. It does not mean valid: a verifier decides that. Distinctness is checked when
the run commits problems, because all are known there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentprop.agent.certificates import CertificateRefusal, called_skills, examination, generated_skills
from agentprop.agent.clauses import with_ablation
from agentprop.agent.program_contract import at_edge, judged, posed_by, promising, with_promises
from agentprop.agent.submissions import (
    Violation,
    answer_verdict,
    form_violation,
    problem_of,
    program_job,
    program_verdict,
    typed_answer,
)
from agentprop.records import MadeBy, Problem, Submission, Task
from agentprop.sandbox import Job
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, sources_of


async def check_contract(
    submission: Submission,
    task: Task,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    made_by: MadeBy,
    origin: str | None = None,
    *,
    solutions: bool = True,
) -> Problem | Violation:
    """The problem of a submission that keeps the contract, or what it breaks; `origin` is whose code it holds.

    Without `solutions` those that need a trace are not told.
    """
    posed = posed_by(submission, active)
    if posed is not None and posed.asked.task == "edge":
        return await at_edge(submission, posed, task, active, executor, made_by)
    if posed is not None and submission.answer_type == "program":
        return await judged(submission, posed, task, active, executor, made_by)
    violation = form_violation(submission)
    if violation is not None:
        return violation
    if submission.answer_type == "program":
        try:
            promised = promising(submission, active)
        except ValueError as fault:
            return Violation("promises", str(fault))
        if promised is not None:
            return await with_promises(submission, promised, task, active, tools, executor, made_by, origin)
        result = await executor.run(replace(program_job(submission), origin=origin))
        violation = program_verdict(submission, result)
        if violation is not None:
            return violation
        found = problem_of(submission, task, active, tuple(active), result.isolation, made_by)
        return await with_ablation(found, active, tools, executor, origin, solutions=solutions)
    submission = submission.model_copy(update={"answer": typed_answer(submission)})
    modules = {**tools, **sources_of(active.values())}
    job = Job(submission.certificate, modules, returns="answer", origin=origin)
    called: tuple[str, ...] | CertificateRefusal | None = generated_skills(submission, active)
    if called is not None:
        results = [await executor.run(job)]
    else:
        results = await executor.run_in_turn([job, examination(submission, active, tools, origin)])
    violation = answer_verdict(submission, results[0])
    if violation is not None:
        return violation
    if called is None:
        called = await called_skills(submission, active, tools, executor, origin, results[1])
    if isinstance(called, CertificateRefusal):
        return Violation(called.code, called.message, called.unavailable)
    # A package without a script is a text to work by: nobody can trace its use.
    used = (*called, *(name for name, package in active.items() if package.script is None))
    found = problem_of(submission, task, active, used, results[0].isolation, made_by)
    return await with_ablation(found, active, tools, executor, origin, solutions=solutions)
