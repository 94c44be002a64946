"""A problem and its trace → one language model's attempt: its vote, its answer, and its reason.

A verifier solves the statement blind first, and is shown the claim and the trace in a second message of the same
conversation, so that the claim does not anchor it; a single message with everything is the other way to ask.
A reply that is no opinion gets one correction turn. A reply cut off by its token limit, a server that cannot be
reached, a conversation longer than the context and a reply that stays unreadable are attempts without a vote: they say
nothing about the problem. The reply is stored, so that `reread` can judge it again without a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agentprop import __version__
from agentprop.grading.consensus import MALFORMED
from agentprop.grading.json_reply import SCHEMA, blind_answer, sectioned
from agentprop.grading.verifier_reply import Opinion, ReplyFault, read
from agentprop.models.chat import ChatModel, Message, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem, Trajectory

Role = Literal["verifier", "auditor"]
VALID, INVALID = "valid", "invalid"
TRUNCATED, TIMEOUT, OUTAGE, OVERFLOW, REFUSED = (
    "truncated",
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
BLIND = ("verifier_blind", "verifier_solve", "verifier_reveal", "verdict_sections", "verdict_json")
"""Prompts of a verifier that solves first."""
_JSON_CORRECTION = "That cannot be used: {fault}. Write the JSON object again, and nothing else."
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
    prompts: Prompts = field(default_factory=Prompts)
    """Prompts in use."""
    blind: bool = False
    """The verifier solves the statement before it is shown claim and trace."""
    checklist: bool = False
    """The verifier is given a list to work through."""
    schema: bool = False
    """The server can make the verdict follow a JSON schema."""
    schemaless: set[str] = field(default_factory=set)
    """Models that are not asked for the schema again; filled when one fails at it."""

    def questions(self, problem: Problem, trajectory: Trajectory | None) -> tuple[str, ...]:
        """The messages that a verifier is sent, one after the other."""
        if not self.blind:
            return (question(problem, trajectory),)
        solve = self.prompts.filled("verifier_solve", statement="\n\n".join(_statement(problem)))
        return solve, self._reveal(problem, trajectory)

    def _reveal(self, problem: Problem, trajectory: Trajectory | None) -> str:
        form = self.prompts("verdict_json" if self._structured else "verdict_sections")
        return self.prompts.filled("verifier_reveal", trace=_trace(trajectory), claim=problem.answer, form=form)

    @property
    def _structured(self) -> bool:
        return self.blind and self.schema and self.model.identity not in self.schemaless

    @property
    def _names(self) -> tuple[str, ...]:
        """Prompts of the role."""
        if self.role == "auditor":
            return ("auditor",)
        return verifier_prompts(blind=self.blind, checklist=self.checklist)

    @property
    def _system(self) -> str:
        told = [self.prompts(self._names[0])]
        return "\n\n".join([*told, self.prompts("verifier_checklist")] if self.checklist else told)

    @property
    def made_by(self) -> MadeBy:
        """Model, sampling and prompt, as the records state them."""
        parameters = json.dumps({"temperature": self.sampling.temperature, "max_tokens": self.sampling.max_tokens})
        return MadeBy(
            name=self.model.identity,
            revision=self.revision,
            sampling=parameters,
            prompt_hash=self.prompts.hash(*self._names),
            version=__version__,
        )

    async def judge(self, problem: Problem, trajectory: Trajectory | None) -> Attempt:
        """Make a verifier's attempt; a schema that is refused, or fills with blanks, gives way to sections for good."""
        found = await self.attempt(problem, *self.questions(problem, trajectory))
        if not self._structured or not (found.code == REFUSED or _ran_into_blanks(found)):
            return found
        again = await replace(self, schema=False).judge(problem, trajectory)
        if again.code != REFUSED:
            self.schemaless.add(self.model.identity)
        return again

    async def attempt(self, problem: Problem, *questions: str) -> Attempt:
        """Ask one question after the other; the last reply is the opinion, and gets one correction if it is none."""
        blank = Attempt(
            problem_id=problem.id, role=self.role, number=self.number, verifier=self.name, made_by=self.made_by
        )
        messages, schema = [Message("system", self._system)], SCHEMA if self._structured else None
        try:
            for asked in questions[:-1]:
                messages.append(Message("user", asked))
                reply = await self._ask(messages)
                if reply.choices[0].truncated:
                    return reread(_changed(blank, duration_s=reply.duration_s, **_stored(reply)))
                messages.append(Message("assistant", reply.text or "(no text)"))
            first = blind_answer(messages[-1].text) if len(questions) > 1 else None
            messages.append(Message("user", questions[-1]))
            reply = await self._opinion(messages, schema)
        except ModelFailure as failure:
            return _changed(blank, code=_LOST.get(failure.kind, OUTAGE), rationale=plain(failure.message))
        known = {"duration_s": reply.duration_s, "blind_answer": first and plain(first)}
        return reread(_changed(blank, **known, **_stored(reply)))

    async def _opinion(self, messages: Sequence[Message], schema: Mapping[str, object] | None) -> Reply:
        """Ask for the opinion, and once more if the reply is none."""
        reply = await self._ask(messages, schema)
        fault = read(sectioned(reply.text)) if not reply.choices[0].truncated else None
        if not isinstance(fault, ReplyFault):
            return reply
        wrong = Message("assistant", reply.text or "(no text)")
        told = (_JSON_CORRECTION if schema else _CORRECTION).format(fault=fault.message)
        return await self._ask([*messages, wrong, Message("user", told)], schema)

    async def _ask(self, messages: Sequence[Message], schema: Mapping[str, object] | None = None) -> Reply:
        return await self.model.reply(Request(tuple(messages), self.sampling, sample=self.sample, schema=schema))


def verifier_prompts(*, blind: bool, checklist: bool) -> tuple[str, ...]:
    """Names of the prompts that a verifier is sent."""
    names = BLIND if blind else ("verifier",)
    return (*names, "verifier_checklist") if checklist else names


def _ran_into_blanks(attempt: Attempt) -> bool:
    """Whether a reply was cut off that is blanks for the most part: grammars of JSON allow them without end."""
    text = attempt.response or ""
    return attempt.code == TRUNCATED and 2 * sum(map(str.isspace, text)) > len(text)


def _stored(reply: Reply) -> dict[str, str | None]:
    """What an attempt keeps of a reply."""
    finish = reply.choices[0].finish_reason
    return {"response": plain(reply.text), "finish_reason": finish and plain(finish)}


def reread(attempt: Attempt) -> Attempt:
    """Judge an attempt's stored reply again; an attempt without a reply stays unchanged."""
    if attempt.response is None:
        return attempt
    if attempt.finish_reason == "length":
        cut_off = "the reply was cut off by its limit"
        return _changed(attempt, vote=None, answer=None, code=TRUNCATED, rationale=cut_off)
    opinion = read(sectioned(attempt.response))
    if isinstance(opinion, ReplyFault):
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
