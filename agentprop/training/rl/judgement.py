"""Episodes as they end → V and ρ of the problems that they submitted.

An episode is judged while others are still under way, so a slow one delays nobody: its problem goes to the verifiers as
soon as it ends, and to the prober as soon as they accept it. Nothing depends on the order in which episodes end: a
submission, and a problem, is judged once, by its content, and results are looked up in the order of the groups.

A prober inside this process decodes together what it is asked, and what is decoded together moves the last bits of its
log-probs. So it is asked when all verdicts are there, in the order of the groups.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agentprop.boundary import CODES, RecordFailure, contained_async
from agentprop.engine.rolling import together
from agentprop.grading.difficulty import AttemptCounts
from agentprop.grading.measured import measured
from agentprop.grading.probers import Prober
from agentprop.models.failures import ModelFailure
from agentprop.records import Attempt, Difficulty, Problem, Trajectory, Verdict
from agentprop.training.rl.rollout import RolledOut


class ValidityJudge(Protocol):
    """Judge of validity, V."""

    async def __call__(self, problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        """Return the attempts behind a verdict, and the verdict. Raises ModelOutage if the verifiers stop answering."""
        ...


@dataclass(frozen=True)
class SubmissionVerdict:
    """Verdict on one submission, with the attempts behind it."""

    attempts: tuple[Attempt, ...]
    verdict: Verdict | None
    """None where the verifiers could not be reached."""
    failure: RecordFailure | None = None
    """What failed unexpectedly instead."""


@dataclass(frozen=True)
class ProberResult:
    """Difficulty of one problem, with the attempts behind it."""

    attempts: tuple[Attempt, ...] = ()
    difficulty: Difficulty | None = None
    """None where no attempt counts, or the prober could not be reached."""
    failure: RecordFailure | None = None
    """What failed unexpectedly instead."""


Verdicts = dict[str, SubmissionVerdict]
"""Verdicts by the id of the trajectory that submitted the problem."""
Measured = dict[str, ProberResult]
"""Measurements by the id of the problem."""


@dataclass
class Judgement:
    """Judging of the episodes of one step: `take` each as it ends, then wait for the `results`."""

    verify: ValidityJudge
    prober: Prober | None
    """Prober; None measures nothing."""
    k: int
    """Attempts at each problem."""
    _verdicts: dict[str, asyncio.Task[SubmissionVerdict]] = field(default_factory=dict)
    _measured: dict[str, asyncio.Task[ProberResult]] = field(default_factory=dict)

    def take(self, member: RolledOut) -> None:
        """Begin to judge what an episode submitted; nothing if it was taken before, or submitted nothing."""
        key, problem = member.trajectory.id, member.problem
        if problem is not None and key not in self._verdicts:
            self._verdicts[key] = asyncio.ensure_future(self._judged(problem, member.trajectory))

    async def results(self, members: Sequence[RolledOut]) -> tuple[Verdicts, Measured]:
        """Return verdicts and measurements of some episodes.

        Raises ModelOutage or BoundReached if judging cannot go on.
        """
        try:
            verdicts = await self._all_verdicts(members)
            valid = {
                m.problem.id: m.problem
                for m in members
                if m.problem is not None and _accepted(verdicts[m.trajectory.id])
            }
            return verdicts, {} if self.prober is None else await self._all_measured(valid, self.prober)
        except BaseException:
            await self.aclose()
            raise

    async def _all_verdicts(self, members: Sequence[RolledOut]) -> Verdicts:
        for member in members:
            self.take(member)
        keys = list(dict.fromkeys(m.trajectory.id for m in members if m.problem is not None))
        return dict(zip(keys, await together([self._verdicts[key] for key in keys]), strict=True))

    async def _all_measured(self, problems: Mapping[str, Problem], prober: Prober) -> Measured:
        for problem in problems.values():
            self._measure(problem, prober)
        return dict(zip(problems, await together([self._measured[name] for name in problems]), strict=True))

    async def aclose(self) -> None:
        """Cancel what is under way."""
        tasks = [*self._verdicts.values(), *self._measured.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _judged(self, problem: Problem, trajectory: Trajectory) -> SubmissionVerdict:
        verdict = await _judge(self.verify, problem, trajectory)
        if self.prober is not None and not getattr(self.prober.model, "order_matters", False) and _accepted(verdict):
            self._measure(problem, self.prober)
        return verdict

    def _measure(self, problem: Problem, prober: Prober) -> None:
        if problem.id not in self._measured:
            self._measured[problem.id] = asyncio.ensure_future(_measure(problem, prober, self.k))


def _accepted(judged: SubmissionVerdict) -> bool:
    return judged.verdict is not None and judged.verdict.value == "valid"


async def _judge(verify: ValidityJudge, problem: Problem, trajectory: Trajectory) -> SubmissionVerdict:
    """Its verdict; judging that fails is no other episode's concern."""

    async def judged() -> SubmissionVerdict:
        try:
            attempts, verdict = await verify(problem, trajectory)
        except ModelFailure:
            return SubmissionVerdict((), None)
        failed = next((a for a in attempts if verdict.code in CODES and a.code == verdict.code), None)
        failure = RecordFailure.of(failed.code, failed.rationale) if failed is not None else None
        return SubmissionVerdict(tuple(attempts), verdict, failure)

    return await contained_async(judged, lambda failure: SubmissionVerdict((), None, failure))


async def _measure(problem: Problem, prober: Prober, k: int) -> ProberResult:
    """Its difficulty; a measurement that fails is no other problem's concern."""

    async def tried() -> ProberResult:
        try:
            attempts = tuple(await prober.attempts(problem, 0, k))
        except ModelFailure:
            return ProberResult()
        tally = AttemptCounts().plus(attempt.code for attempt in attempts)
        return ProberResult(attempts, measured(problem, tally, prober))

    return await contained_async(tried, lambda failure: ProberResult(failure=failure))
