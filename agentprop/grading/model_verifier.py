"""A problem and its trace → one language model's attempt: its vote, its answer, and its reason.

A reply that is no opinion gets one correction turn. A reply cut off by its token limit, a server that cannot be
reached, a conversation longer than the context and a reply that stays unreadable are attempts without a vote: they say
nothing about the problem. The reply is stored, so that `reread` can judge it again without a request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from agentprop import __version__
from agentprop.grading.verifier_reply import Fault, Opinion, read
from agentprop.models.chat import ChatModel, Message, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.prompts import prompt, prompt_hash
from agentprop.records import Attempt, MadeBy, Problem, Trajectory

Role = Literal["verifier", "auditor"]
VALID, INVALID = "valid", "invalid"
TRUNCATED, MALFORMED, TIMEOUT, OUTAGE, OVERFLOW, REFUSED = (
    "truncated",
    "malformed",
    "timeout",
    "outage",
    "context_overflow",
    "request_refused",
)
UNANSWERED = frozenset({TIMEOUT, OUTAGE})
"""Codes of attempts that may succeed if they are repeated."""
_LOST = {
    FailureKind.TIMEOUT: TIMEOUT,
    FailureKind.CONTEXT_OVERFLOW: OVERFLOW,
    FailureKind.REJECTED: REFUSED,
    FailureKind.UNSUPPORTED: REFUSED,
    FailureKind.REFUSED: REFUSED,
    FailureKind.FILTERED: REFUSED,
}
_CORRECTION = "That cannot be used: {fault}. Write the four sections again, and nothing else."


@dataclass(frozen=True)
class ModelJudge:
    """One voter: a language model as verifier or auditor."""

    name: str
    """The MODEL as named by the user."""
    number: int
    """0 for the first vote of this model, 1 for its second, …"""
    role: Role
    """verifier or auditor."""
    model: ChatModel
    """The model that answers."""
    sampling: Sampling = field(default_factory=Sampling)
    """Sampling parameters."""
    sample: int = 0
    """Number that tells votes of one model, and runs of different seeds, apart, so that replies are independent."""
    revision: str | None = None
    """Model revision, if known."""

    @property
    def made_by(self) -> MadeBy:
        """Model, sampling and prompt, as the records state them."""
        parameters = json.dumps({"temperature": self.sampling.temperature, "max_tokens": self.sampling.max_tokens})
        return MadeBy(
            name=self.model.identity,
            revision=self.revision,
            sampling=parameters,
            prompt_hash=prompt_hash(self.role),
            version=__version__,
        )

    async def attempt(self, problem: Problem, question: str) -> Attempt:
        """Ask, ask for one correction if the reply is no opinion, and record the outcome."""
        blank = Attempt(
            problem_id=problem.id, role=self.role, number=self.number, verifier=self.name, made_by=self.made_by
        )
        messages = [Message("system", prompt(self.role)), Message("user", question)]
        try:
            reply = await self._ask(messages)
            fault = read(reply.text) if not reply.choices[0].truncated else None
            if isinstance(fault, Fault):
                wrong = Message("assistant", reply.text or "(no text)")
                correction = Message("user", _CORRECTION.format(fault=fault.message))
                reply = await self._ask([*messages, wrong, correction])
        except ModelFailure as failure:
            return _changed(blank, code=_LOST.get(failure.kind, OUTAGE), rationale=plain(failure.message))
        finish = reply.choices[0].finish_reason
        stored = {"response": plain(reply.text), "finish_reason": finish and plain(finish)}
        return reread(_changed(blank, duration_s=reply.duration_s, **stored))

    async def _ask(self, messages: Sequence[Message]) -> Reply:
        return await self.model.reply(Request(tuple(messages), self.sampling, sample=self.sample))


def reread(attempt: Attempt) -> Attempt:
    """Judge an attempt's stored reply again; an attempt without a reply stays unchanged."""
    if attempt.response is None:
        return attempt
    if attempt.finish_reason == "length":
        cut_off = "the reply was cut off by its limit"
        return _changed(attempt, vote=None, answer=None, code=TRUNCATED, rationale=cut_off)
    opinion = read(attempt.response)
    if isinstance(opinion, Fault):
        return _changed(attempt, vote=None, answer=None, code=MALFORMED, rationale=opinion.message)
    return _changed(
        attempt, vote=opinion.valid, answer=opinion.answer, code=_code(opinion), rationale=opinion.rationale
    )


def worth_repeating(attempt: Attempt, max_tokens: int | None) -> bool:
    """True if asking again may succeed: the attempt was lost, or cut off at a lower token limit than now."""
    if attempt.code == TRUNCATED:
        before = json.loads(attempt.made_by.sampling or "{}").get("max_tokens")
        return before is not None and (max_tokens is None or max_tokens > before)
    return attempt.code in UNANSWERED


def question(problem: Problem, trajectory: Trajectory | None) -> str:
    """Text that a verifier is shown: the statement, the form of the answer, and the full trace."""
    return "\n\n".join([*_statement(problem), _trace(trajectory), "Judge the statement above."])


def _statement(problem: Problem) -> list[str]:
    return [f"<statement>\n{problem.statement}\n</statement>", f"The answer is {form_of(problem)}."]


def form_of(problem: Problem) -> str:
    """The form of a problem's answer, in words."""
    if problem.answer_type == "program":
        return f"a Python program that defines `{problem.entry_point or 'solve'}`; it is run on hidden tests"
    unit = f" in {problem.unit}" if problem.unit else ""
    figures = f", to {problem.figures} significant figures" if problem.figures else ""
    article = "an" if problem.answer_type[0] in "aeiou" else "a"
    return f"{article} {problem.answer_type}{unit}{figures}"


def _trace(trajectory: Trajectory | None) -> str:
    if trajectory is None:
        return "<trace>\n(none was kept)\n</trace>"
    shown = "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in trajectory.messages() if m["role"] != "system")
    return f"<trace>\n{shown}\n</trace>"


def plain(text: str) -> str:
    """The text without lone surrogates, which JSON may contain and UTF-8 files may not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _code(opinion: Opinion) -> str:
    return ",".join(opinion.flags) or (VALID if opinion.valid else INVALID)


def _changed(attempt: Attempt, **changes: object) -> Attempt:
    """Change fields of an attempt, and with them its id."""
    return Attempt.model_validate({**dict(attempt), **changes, "id": ""})
