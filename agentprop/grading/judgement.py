"""What a verifier that needs no language model makes of a problem, and the records that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from agentprop.records import Attempt, Evidence, MadeBy, Problem, Verdict
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

Value = Literal["valid", "invalid", "undetermined"]


@dataclass(frozen=True)
class Judgement:
    """What the verifier made of a problem."""

    value: Value
    """The verdict."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    answer: str | None = None
    """The answer the verifier computed."""
    isolation: str = ""
    """Sandbox level of the computation."""

    def records(self, problem: Problem, made_by: MadeBy) -> tuple[Attempt, Verdict]:
        """The attempt and the verdict to keep; `made_by` names the verifier."""
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
        evidence: Evidence = problem.evidence if self.value == "valid" else "none"
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
    """V(q) without a language model.

    To add one, write one file with a function of this shape and name it in `VERIFIERS`, or in another package as an
    entry point of the group `agentprop.verifiers`; `verify --verifier NAME` asks it.
    """

    async def __call__(
        self, problem: Problem, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
    ) -> Judgement:
        """The judgement. `tools` are modules that code in the sandbox may import; all code runs in the executor."""
        ...
