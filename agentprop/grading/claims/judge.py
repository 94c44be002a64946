"""The findings of all routes → one judgement of a claim.

One route for a claim is enough unless another is against it: then nothing is known, and both are told. What all routes
leave open is `not_in_grammar`, or whatever the route says that came furthest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from agentprop.boundary import RecordFailure, contained_async
from agentprop.grading.claims.by_certificate import by_certificate
from agentprop.grading.claims.by_grammar import by_grammar
from agentprop.grading.claims.by_question import by_question
from agentprop.grading.claims.by_tests import by_tests
from agentprop.grading.claims.claim import Claim, ClaimRoute, Means, RouteFinding
from agentprop.grading.judgement import Judgement
from agentprop.records import Problem

ROUTES: dict[str, ClaimRoute] = {
    "grammar": by_grammar,
    "tests": by_tests,
    "question": by_question,
    "certificate": by_certificate,
}
"""Routes by name, those with the better evidence first."""
NOT_READ = "not_in_grammar"
UNREAD = "the statement is not written in a grammar that is read, and the row has no program that computes its answer"


async def judge_claim(problem: Problem, claim: Claim, means: Means) -> Judgement | RecordFailure:
    """Judge a problem by all routes; the failure of one counts only if no other finds anything."""
    found = [await contained_async(partial(route, problem, claim, means), _itself) for route in ROUTES.values()]
    findings = [one for one in found if isinstance(one, RouteFinding)]
    failures = [one for one in found if isinstance(one, RecordFailure)]
    if failures and all(one.value == "undetermined" for one in findings):
        return failures[0]
    return combined(findings)


def _itself(failure: RecordFailure) -> RouteFinding | RecordFailure | None:
    return failure


def combined(findings: Sequence[RouteFinding]) -> Judgement:
    """The judgement of several findings; the first ones have the better evidence."""
    good = [one for one in findings if one.value == "valid"]
    bad = [one for one in findings if one.value == "invalid"]
    if good and bad:
        told = f"{good[0].message}; but {bad[0].message}"
        return Judgement("undetermined", "routes_differ", told, isolation=_isolation(findings))
    if good or bad:
        decided = good or bad
        told = "; ".join(one.message for one in decided)
        first = decided[0]
        return Judgement(
            first.value, first.code, told, first.answer, _isolation(findings), first.evidence if good else None
        )
    told_open = [one for one in findings if one.code != NOT_READ] or list(findings)
    if not told_open:
        return Judgement("undetermined", NOT_READ, UNREAD)
    told = "; ".join(dict.fromkeys(one.message for one in told_open))
    return Judgement("undetermined", told_open[0].code, told, told_open[0].answer, _isolation(findings))


def _isolation(findings: Sequence[RouteFinding]) -> str:
    return next((one.isolation for one in findings if one.isolation), "")
