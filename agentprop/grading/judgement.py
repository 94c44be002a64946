"""A local verifier's judgement of a problem → its attempt and its verdict; and the protocol of such verifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from agentprop.records import Attempt, Evidence, MadeBy, Problem, Verdict
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.records import UNDECIDED, Result
from agentprop.skills import Package

Value = Literal["valid", "invalid", "undetermined"]


@dataclass(frozen=True)
class Judgement:
    """Judgement of one problem."""

    value: Value
    """The verdict."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    answer: str | None = None
    """Answer that the verifier computed."""
    isolation: str = ""
    """Sandbox level of the computation."""
    evidence: Evidence | None = None
    """What a verdict `valid` rests on; None means the problem's own evidence."""

    def records(self, problem: Problem, made_by: MadeBy) -> tuple[Attempt, Verdict]:
        """Make the attempt and the verdict to store; `made_by` names the verifier."""
        vote = {"valid": True, "invalid": False, "undetermined": None}[self.value]
        attempt = Attempt(
            problem_id=problem.id,
            role="verifier",
            verifier=made_by.name,
            vote=vote,
            answer=self.answer,
            code=self.code,
            rationale=self.message,
            isolation=self.isolation,
            made_by=made_by,
        )
        evidence: Evidence = (self.evidence or problem.evidence) if self.value == "valid" else "none"
        verdict = Verdict(
            problem_id=problem.id,
            value=self.value,
            code=self.code,
            message=self.message,
            answer=self.answer,
            evidence=evidence,
            attempt_ids=(attempt.id,),
            made_by=made_by,
        )
        return attempt, verdict


class LocalVerifier(Protocol):
    """A verifier V(q) without a language model.

    To add one, write a file with a function of this signature and name it in `VERIFIERS`, or in another package as an
    entry point of the group `agentprop.verifiers`; `verify --verifier NAME` uses it.
    """

    async def __call__(
        self, problem: Problem, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
    ) -> Judgement:
        """Judge a problem. `tools` are modules that code in the sandbox may import; all code runs in the executor."""
        ...


def failure(result: Result) -> Judgement | None:
    """The judgement that a sandbox result amounts to; None if it has a value."""
    match result.status:
        case "ok" if result.has_value:
            return None
        case "ok":
            return Judgement("undetermined", "no_value", "the check gave no value", isolation=result.isolation)
        case status if status in UNDECIDED:
            return Judgement("undetermined", status, result.detail or status, isolation=result.isolation)
        case _:
            return Judgement("invalid", "check_fails", result.error or result.status, isolation=result.isolation)
