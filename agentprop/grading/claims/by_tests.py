"""The claim of a row with tests, that they are those of its program, by running its own program through them."""

from __future__ import annotations

import asyncio

from agentprop.grading.claims.claim import Claim, Means, RouteFinding, undecided
from agentprop.grading.program_check import TOLD, UNDECIDED, row_fault
from agentprop.records import Problem


async def by_tests(problem: Problem, claim: Claim, means: Means) -> RouteFinding | None:
    """Whether one of the row's own programs passes its tests; None for a problem that asks for no program."""
    if problem.answer_type != "program":
        return None
    references = claim.references or ((problem.answer,) if problem.answer.strip() else ())
    if not references:
        return undecided("no_reference", "the row has tests, and no program of its own to run through them")
    fault = await asyncio.to_thread(row_fault, problem, claim.tests, references, means.executor.sandbox)
    if fault is None:
        return RouteFinding("valid", "tests_pass", "the row's own program passes its tests", evidence="certificate")
    message = f"{TOLD[fault.code]}: {fault.verdict.why}"
    code = fault.code.replace("-", "_")
    return undecided(code, message) if fault.code == UNDECIDED else RouteFinding("invalid", code, message)
