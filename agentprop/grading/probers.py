"""A problem and a model → attempts at it. The model is given the statement alone and graded on its answer alone.

The prober is no verifier (paper): it sees only the final statement, is told to think step by step, and its decoding
never changes. The replies to one problem are requested together if the server honours n. Answers are compared with the
problem's by `equivalent`, to the figures that the statement asks for; programs run the problem's tests in the sandbox,
without access to the expected values. A request that fails for another reason than time is no attempt: it remains to be
made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from agentprop.answers.equivalence import DEFAULT_TIMEOUT_S
from agentprop.answers.outcome import Equivalence
from agentprop.answers.reading.extract import final_answer
from agentprop.boundary import RecordFailure, contained_async
from agentprop.grading.comparison import TextAnswers
from agentprop.grading.difficulty import Outcome
from agentprop.grading.judged_tests import program_tests
from agentprop.grading.model_verifier import plain
from agentprop.models.chat import ChatModel, Message, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure, all_of
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox import Sandbox

PROGRAM_S = 5.0
"""Seconds for all tests of a program, or for each run of one that reads and prints; references take milliseconds."""
RERUN_S = 15.0
"""Time limit in seconds for the one rerun of a program that exceeded the first limit; no other rerun is beside it."""
SPLIT = frozenset({FailureKind.TIMEOUT, FailureKind.BAD_REPLY, FailureKind.REJECTED, FailureKind.UNSUPPORTED})
"""Failures of a request for several replies after which they are requested one by one."""
LOST: dict[FailureKind, Outcome] = {
    FailureKind.TIMEOUT: "timeout",
    FailureKind.CONTEXT_OVERFLOW: "truncated",
    FailureKind.REFUSED: "undetermined",
    FailureKind.FILTERED: "undetermined",
    FailureKind.EMPTY: "undetermined",
}
"""Failures of a request for one reply that count as an attempt's outcome."""
VOTES: dict[Outcome, bool] = {"correct": True, "wrong": False, "too_slow": False}


CHECKLIST = "prober_checklist"
"""Prompt that lists what to work through."""
SHIPPED = Prompts()


class ProgramJudge(Protocol):
    """What is known of the programs that solve a problem."""

    def program(self, text: str) -> str | None:
        """The program of a reply; None if there is none."""

    def passes(self, program: str) -> Equivalence:
        """Whether a program is right; it blocks."""


@dataclass(frozen=True)
class Grade:
    """Grade of an attempt."""

    outcome: Outcome
    """Outcome that it counts as."""
    why: str
    """The reason in a sentence."""
    answer: str | None = None
    """The answer that was found; for programs the program."""
    isolation: str = ""
    """Sandbox level, if code ran."""


Grader = Callable[[Problem, str], Awaitable[Grade]]
"""(problem, text of a reply that was not cut off) → its grade."""


@dataclass(frozen=True)
class GradedReply:
    """A reply and its grade."""

    reply: Reply | ModelFailure
    """The reply, with one choice; or the failure that counts as an outcome."""
    grade: Grade
    """Its grade."""


@dataclass(frozen=True)
class ReplyGrader:
    """The grader of this process: answers in threads, programs in a sandbox."""

    sandbox: Sandbox
    """Sandbox that programs run in."""
    tests: Callable[[Problem, float], ProgramJudge] | None = None
    """How the programs of a problem are judged within so many seconds; None means by its hidden tests."""
    reruns: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one program that is run again."""

    async def __call__(self, problem: Problem, text: str) -> Grade:
        """Grade the text of a reply."""
        if problem.answer_type == "program":
            return await self._program(problem, text)
        return await asyncio.to_thread(grade_answer, problem, text)

    async def _program(self, problem: Problem, text: str) -> Grade:
        program = self._judge(problem, PROGRAM_S).program(text)
        if program is None:
            return Grade("wrong", "there is no program in the reply")
        found = await asyncio.to_thread(self._judge(problem, PROGRAM_S).passes, program)
        if found.rule == "timeout":
            async with self.reruns:
                found = await asyncio.to_thread(self._judge(problem, RERUN_S).passes, program)
        return replace(graded(found, program, overran="too_slow"), isolation=self.sandbox.isolation.level)

    def _judge(self, problem: Problem, seconds: float) -> ProgramJudge:
        if self.tests is not None:
            return self.tests(problem, seconds)
        return program_tests(problem, self.sandbox, seconds)


@dataclass(frozen=True)
class Prober:
    """A model that attempts problems, to measure their difficulty."""

    model: ChatModel
    """The model that answers."""
    name: str
    """Model and revision, the same for every run."""
    sampling: Sampling
    """Sampling parameters, the same for every attempt."""
    made_by: MadeBy
    """Provenance that is stored with every attempt."""
    sandbox: Sandbox
    """Sandbox that its programs run in."""
    reruns: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one program that is run again."""
    tests: Callable[[Problem, float], ProgramJudge] | None = None
    """How the programs of a problem are judged within so many seconds; None means by its hidden tests."""
    prompts: Prompts = field(default_factory=Prompts)
    """Prompts in use."""
    checklist: bool = False
    """The prober is given a list to work through."""
    elsewhere: Grader | None = None
    """What grades a reply that was not cut off, such as worker processes; None means threads of this process."""

    async def attempts(self, problem: Problem, start: int, count: int) -> list[Attempt]:
        """Make the attempts start … start + count − 1. Raises ModelFailure if the server gave no replies."""
        tries = await self.tries(problem, start, count)
        return [self.attempt(problem, start + i, tried) for i, tried in enumerate(tries)]

    def question(self, problem: Problem) -> str:
        """All that it is told of a problem."""
        return question(problem, self.prompts, checklist=self.checklist)

    async def tries(self, problem: Problem, start: int, count: int, *, exact: bool = False) -> list[GradedReply]:
        """Make the same attempts as graded replies, with token ids if `exact` asks for them."""
        request = Request((Message("user", self.question(problem)),), self.sampling, n=count, sample=start, exact=exact)
        return await self.graded(problem, await self._replies(request))

    async def graded(self, problem: Problem, replies: Sequence[Reply | ModelFailure]) -> list[GradedReply]:
        """Replies to one problem with their grades."""
        graded_each = (contained_async(partial(self._grade, problem, reply), _ungraded) for reply in replies)
        grades = await asyncio.gather(*graded_each)
        return [GradedReply(reply, grade) for reply, grade in zip(replies, grades, strict=True)]

    def attempt(self, problem: Problem, number: int, tried: GradedReply) -> Attempt:
        """The record of a graded reply."""
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
            **({"made_by": self.made_by} if isinstance(reply, ModelFailure) else self._provenance(reply)),
        )

    # --- asking ---

    async def _replies(self, request: Request) -> list[Reply | ModelFailure]:
        """One reply with one choice, or a failure that counts as an outcome, for each attempt."""
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
        grader = self.elsewhere or ReplyGrader(self.sandbox, self.tests, self.reruns)
        return await grader(problem, choice.text)

    def _provenance(self, reply: Reply) -> dict[str, Any]:
        """Fields of an attempt that come from its reply."""
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


def question(problem: Problem, prompts: Prompts = SHIPPED, *, checklist: bool = False) -> str:
    """All that a prober is told."""
    told = [prompts(CHECKLIST)] if checklist else []
    return "\n\n".join([problem.statement, *told, prompts(prompt_name(problem))])


def prompts_hash(prompts: Prompts, name: str = "prober", *, checklist: bool = False) -> str:
    """Hash of what a prober is told beside the statement."""
    return prompts.hash(*([CHECKLIST] if checklist else []), name)


def prompt_name(problem: Problem) -> str:
    """The prompt that follows a statement: a program without a function to define is one that reads and writes."""
    reads = problem.judging is not None and problem.judging.form == "stdio"
    streams = problem.answer_type == "program" and problem.entry_point is None and not problem.tests
    return "prober_streams" if streams or reads else "prober"


def grade_answer(problem: Problem, text: str) -> Grade:
    """Grade a reply by the problem's answer; may take seconds."""
    answer = final_answer(text)
    return graded(TextAnswers(problem, DEFAULT_TIMEOUT_S)(problem.answer, answer), answer or None, overran="timeout")


def graded(found: Equivalence, answer: str | None, *, overran: Outcome) -> Grade:
    """Grade of an attempt by a comparison; `overran` is the outcome of a time-out."""
    outcomes: dict[str, Outcome] = {"same": "correct", "different": "wrong", "undetermined": "undetermined"}
    outcome = overran if found.rule == "timeout" else outcomes[found.status]
    if found.rule == "too_slow":  # more ticks than allowed, which no other machine changes
        outcome = "too_slow"
    return Grade(outcome, f"{found.why} ({found.rule})", answer)
