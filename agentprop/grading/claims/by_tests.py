"""The claim of a row with tests, that they are those of its program, by running its own program through them."""

from __future__ import annotations

import asyncio
import re

from agentprop.grading.claims.claim import Claim, Means, RouteFinding, undecided
from agentprop.grading.program_check import FAILS, TOLD, UNDECIDED, row_fault
from agentprop.grading.program_tests import is_python
from agentprop.records import Problem

SEVERAL = re.compile(
    r"\b(?:(?:print|output|return|find|give|choose) any\b"
    r"|any (?:\w+ )?(?:answers?|solutions?|order|one of them|of them)\b"
    r"|if there (?:are|is) (?:multiple|several|many|more than one)\b"
    r"|(?:multiple|several) (?:correct |valid |possible )?(?:answers|solutions|outputs)\b)",
    re.IGNORECASE,
)
"""Words of a question that accepts other outputs than the one that stands in a test."""


async def by_tests(problem: Problem, claim: Claim, means: Means) -> RouteFinding | None:
    """Whether one of the row's own programs passes its tests; None for a problem that asks for no program."""
    if problem.answer_type != "program":
        return None
    references = claim.references or ((problem.answer,) if is_python(problem.answer) else ())
    if not references:
        return undecided("no_reference", "the row has tests, and no program of its own in Python 3 to run through them")
    fault = await asyncio.to_thread(row_fault, problem, claim.tests, references, means.executor.sandbox)
    if fault is None:
        return RouteFinding("valid", "tests_pass", "the row's own program passes its tests", evidence="certificate")
    message = f"{TOLD[fault.code]}: {fault.verdict.why}"
    code = fault.code.replace("-", "_")
    if fault.code == FAILS and SEVERAL.search(problem.statement):
        return undecided("several_outputs", f"{message}, and the question accepts several outputs")
    return undecided(code, message) if fault.code == UNDECIDED else RouteFinding("invalid", code, message)
