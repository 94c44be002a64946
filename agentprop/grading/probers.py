"""A problem and a model → attempts at it: it is given nothing but the statement, and graded on nothing but its answer.

The prober is no verifier (paper): it sees only the final statement, is told to think step by step, and its decoding
stays as it is. Replies to one problem are asked for together where the server honours n. Answers meet the problem's by
`equivalent` with the figures that the statement asks for; programs run the problem's tests in the sandbox, where the
expected values never are. A request that brings nothing for another reason than time is no attempt: it stays owed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from agentprop.answers.equivalence import DEFAULT_TIMEOUT_S
from agentprop.answers.outcome import Equivalence
from agentprop.answers.reading.extract import final_answer
from agentprop.boundary import RecordFailure, contained_async
from agentprop.grading.comparison import HiddenTests, Texts
from agentprop.grading.difficulty import Outcome
from agentprop.grading.model_verifier import plain
from agentprop.models.chat import ChatModel, Message, Reply, Request, Sampling
from agentprop.models.failures import Kind, ModelFailure, all_of
from agentprop.prompts import prompt
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox import Sandbox

PROGRAM_S = 5.0
"""Seconds for all tests of a program; reference programs take milliseconds."""
RERUN_S = 15.0
"""Seconds for a program that overran, run once more with no other rerun beside it: then it is too slow."""
SPLIT = frozenset({Kind.TIMEOUT, Kind.BAD_REPLY, Kind.REJECTED})
"""Failures of a request for several replies after which each is asked for by itself."""
LOST: dict[Kind, Outcome] = {Kind.TIMEOUT: "timeout", Kind.CONTEXT_OVERFLOW: "truncated"}
"""Failures of a request for one reply that are an attempt's outcome."""
VOTES: dict[Outcome, bool] = {"correct": True, "wrong": False, "too_slow": False}

Passes = Callable[[str], Equivalence]
"""Whether a program is right; it blocks."""


@dataclass(frozen=True)
class Grade:
    """What an attempt amounts to."""

    outcome: Outcome
    """How it counts."""
    why: str
    """The reason in a sentence."""
    answer: str | None = None
    """The answer found; for programs the program."""
    isolation: str = ""
    """Sandbox level, where code ran."""


@dataclass(frozen=True)
class Try:
    """A reply and its grade."""

    reply: Reply | ModelFailure
    """With one choice; or the failure that is an outcome."""
    grade: Grade
    """How it counts."""


@dataclass(frozen=True)
class Prober:
    """A model that only tries."""

    model: ChatModel
    """Who answers."""
    name: str
    """Model and revision, the same in every session."""
    sampling: Sampling
    """How tokens are drawn; the same for every attempt."""
    made_by: MadeBy
    """What is stored with every attempt."""
    sandbox: Sandbox
    """Where its programs run."""
    reruns: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one program that is run again."""
    tests: Callable[[Problem, float], Passes] | None = None
    """How the programs of a problem are judged within so many seconds; None means by its hidden tests."""

    async def attempts(self, problem: Problem, start: int, count: int) -> list[Attempt]:
        """Attempts start … start + count − 1. Raises ModelFailure where the server gave no replies."""
        tries = await self.tries(problem, start, count)
        return [self.attempt(problem, start + i, tried) for i, tried in enumerate(tries)]

    async def tries(self, problem: Problem, start: int, count: int, *, exact: bool = False) -> list[Try]:
        """The same as replies, with token ids where `exact` asks for them."""
        request = Request((Message("user", question(problem)),), self.sampling, n=count, sample=start, exact=exact)
        replies = await self._replies(request)
        graded_each = (contained_async(partial(self._grade, problem, reply), _ungraded) for reply in replies)
        grades = await asyncio.gather(*graded_each)
        return [Try(reply, grade) for reply, grade in zip(replies, grades, strict=True)]

    def attempt(self, problem: Problem, number: int, tried: Try) -> Attempt:
        """The record of a try."""
        reply, grade = tried.reply, tried.grade
        return Attempt(
            problem_id=problem.id,
            role="prober",
            number=number,
            verifier=self.name,
            vote=VOTES.get(grade.outcome),
            answer=None if grade.answer is None else plain(grade.answer),
            code=grade.outcome,
            rationale=plain(grade.why),
            isolation=grade.isolation,
            **({"made_by": self.made_by} if isinstance(reply, ModelFailure) else self._told(reply)),
        )

    # --- asking ---

    async def _replies(self, request: Request) -> list[Reply | ModelFailure]:
        """One reply with one choice, or the failure that is an outcome, for each attempt."""
        try:
            reply = await self.model.reply(request)
        except ModelFailure as failure:
            if request.n > 1 and failure.kind in SPLIT | LOST.keys():
                return await self._one_by_one(request)
            if failure.kind in LOST:
                return [failure]
            raise
        return [replace(reply, choices=(choice,)) for choice in reply.choices[: request.n]]

    async def _one_by_one(self, request: Request) -> list[Reply | ModelFailure]:
        singles = (replace(request, n=1, sample=request.sample + i) for i in range(request.n))
        return [reply for found in await all_of(map(self._replies, singles)) for reply in found]

    # --- grading ---

    async def _grade(self, problem: Problem, reply: Reply | ModelFailure) -> Grade:
        if isinstance(reply, ModelFailure):
            return Grade(LOST[reply.kind], reply.message)
        choice = reply.choices[0]
        if choice.truncated:
            return Grade("truncated", "the reply was cut off by its token limit")
        if choice.finish_reason == "content_filter":
            return Grade("undetermined", "the server withheld the reply")
        if problem.answer_type == "program":
            return await self._grade_program(problem, choice.text)
        return await asyncio.to_thread(grade_answer, problem, choice.text)

    async def _grade_program(self, problem: Problem, text: str) -> Grade:
        program = program_of(text, problem.entry_point or "solve")
        if program is None:
            return Grade("wrong", "there is no program in the reply")
        found = await asyncio.to_thread(self._passes(problem, PROGRAM_S), program)
        if found.rule == "timeout":
            async with self.reruns:
                found = await asyncio.to_thread(self._passes(problem, RERUN_S), program)
        return replace(graded(found, program, overran="too_slow"), isolation=self.sandbox.isolation.level)

    def _passes(self, problem: Problem, seconds: float) -> Passes:
        if self.tests is not None:
            return self.tests(problem, seconds)
        return HiddenTests(problem, self.sandbox, seconds).passes

    def _told(self, reply: Reply) -> dict[str, Any]:
        """What a reply says of itself."""
        reported = {"name": reply.model, "revision": self.made_by.revision or reply.fingerprint}
        return {
            "response": plain(reply.text),
            "finish_reason": reply.choices[0].finish_reason,
            "duration_s": reply.duration_s,
            "made_by": self.made_by.model_copy(update=reported),
        }


def _ungraded(failure: RecordFailure) -> Grade:
    """Return the grade of a reply that could not be graded, which is no other reply's concern."""
    return Grade("internal", failure.told)


def question(problem: Problem) -> str:
    """All that a prober is told."""
    return f"{problem.statement}\n\n{prompt('prober')}"


def grade_answer(problem: Problem, text: str) -> Grade:
    """A reply against the problem's answer; may take seconds."""
    answer = final_answer(text)
    return graded(Texts(problem, DEFAULT_TIMEOUT_S)(problem.answer, answer), answer or None, overran="timeout")


def graded(found: Equivalence, answer: str | None, *, overran: Outcome) -> Grade:
    """What a comparison says of an attempt; `overran` is what a time-out amounts to."""
    outcomes: dict[str, Outcome] = {"same": "correct", "different": "wrong", "undetermined": "undetermined"}
    outcome = overran if found.rule == "timeout" else outcomes[found.status]
    return Grade(outcome, f"{found.why} ({found.rule})", answer)


def program_of(text: str, function: str) -> str | None:
    """The last fenced block that defines the function; the whole text where it has no fences."""
    parts = text.split("```")
    blocks = [body.partition("\n")[2] for body in parts[1::2]] if len(parts) > 1 else [text]
    defines = re.compile(rf"^[ \t]*def {re.escape(function)}\b", re.MULTILINE)
    return next((block for block in reversed(blocks) if defines.search(block)), None)
