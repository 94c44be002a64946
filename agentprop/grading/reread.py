"""A problem made from mined questions → the same answer from its statement alone, by the question-directed reader.

The built-in verifier reads a statement with the wordings it was written with. The question-directed reader knows none
of them, and takes the whole text by a grammar of its own, so what it computes shares nothing with the composition but
the words. Stories are not its language, and many chains are not either: those stay *not re-read*, which says nothing
against them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from agentprop.composition.terms import Apply, Term, walk
from agentprop.grading.judgement import Judgement
from agentprop.records import Problem
from agentprop.skills import Package

UNREAD = "not re-read by the question-directed reader"


async def reread(problem: Problem, term: Term, library: Mapping[str, Package], judgement: Judgement) -> Judgement:
    """A judgement `valid` with what a second reading of the statement says; unchanged if no question was mined."""
    if not any(_is_mined_question(node, library) for node in walk(term)):
        return judgement
    from agentprop.grading.claims.by_question import read_claim  # the whole reader, which bundled skills never need
    from agentprop.grading.claims.claim import Claim

    finding = await asyncio.to_thread(read_claim, Claim(problem.statement, problem.answer))
    if finding.value == "valid":
        return replace(judgement, message=f"{judgement.message}; read again, {finding.message}")
    if finding.value == "invalid":
        told = f"{judgement.message}; but read again, {finding.message}"
        return Judgement("undetermined", "routes_differ", told, judgement.answer, judgement.isolation)
    return replace(judgement, message=f"{judgement.message}; {UNREAD}")


def _is_mined_question(node: Term, library: Mapping[str, Package]) -> bool:
    return isinstance(node, Apply) and library[node.skill].spec.witness is not None
