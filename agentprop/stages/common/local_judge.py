"""A problem with its packages → the attempt and verdict of a verifier that needs no model.

Packages that come with a problem replace those of this library that have their names, because the problem was made from
them; the evidence that such skills claim is not changed. The rest of the library stays: a statement may mean more than
its problem names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from agentprop import __version__
from agentprop.agent.sources import tools
from agentprop.boundary import RecordFailure, contained_async
from agentprop.grading.claims import Claim
from agentprop.grading.claims.claim import Means
from agentprop.grading.claims.judge import judge_claim
from agentprop.grading.judgement import LocalVerifier
from agentprop.grading.verifiers import BUILTIN, VERIFIERS
from agentprop.records import Attempt, MadeBy, Skill, Verdict, check_storable
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, parse
from agentprop.stages.common.intake import ProblemItem


@dataclass(frozen=True)
class JudgedProblem:
    """A judged problem."""

    item: ProblemItem
    """The problem."""
    attempts: tuple[Attempt, ...]
    """Every attempt, the auditor's last."""
    verdict: Verdict
    """The verdict."""
    reused: int = 0
    """How many of the attempts come from an earlier run."""
    failure: RecordFailure | None = None
    """The last unexpected failure of judging it."""


def failed(verifier: str, item: ProblemItem, failure: RecordFailure) -> JudgedProblem:
    """Return a problem that a local verifier could not judge."""
    made_by, problem = MadeBy(name=verifier, version=__version__), item.problem.id
    attempt = Attempt(
        problem_id=problem,
        role="verifier",
        verifier=verifier,
        code=failure.code,
        rationale=failure.told,
        made_by=made_by,
    )
    verdict = Verdict(
        problem_id=problem,
        value="undetermined",
        code=failure.code,
        message=failure.message,
        attempt_ids=(attempt.id,),
        made_by=made_by,
    )
    return JudgedProblem(item, (attempt,), verdict, failure=failure)


@dataclass
class LocalJudge:
    """A verifier with the packages that it needs."""

    library: dict[str, Package]
    executor: Executor
    name: str = BUILTIN
    tools: dict[str, str] = field(default_factory=tools)
    parsed: dict[str, Package] = field(default_factory=dict)
    verifier: LocalVerifier | None = None
    """A program's own verifier; None means the one that is registered under the name."""

    def __post_init__(self) -> None:
        self._verifier = self.verifier or VERIFIERS[self.name]
        self.made_by = MadeBy(name=self.name, version=__version__)

    async def records(self, item: ProblemItem) -> tuple[Attempt, Verdict]:
        """Its attempt, and what that is worth by itself."""
        judged = await self.judge(item)
        return judged.attempts[0], judged.verdict

    async def judge(self, item: ProblemItem) -> JudgedProblem:
        """Its verdict alone; undetermined if the verifier fails, which is no other problem's concern."""
        return await contained_async(partial(self._judge, item), partial(failed, self.name, item))

    async def _judge(self, item: ProblemItem) -> JudgedProblem:
        if item.claim is not None and self.name == BUILTIN:
            return await self._judge_claim(item, item.claim)
        judgement = await self._verifier(item.problem, self._library(item.skills), self.tools, self.executor)
        attempt, verdict = judgement.records(item.problem, self.made_by)
        return JudgedProblem(item, (check_storable(attempt),), check_storable(verdict))

    async def _judge_claim(self, item: ProblemItem, claim: Claim) -> JudgedProblem:
        """Judge a problem that somebody else wrote, by every route that needs no model."""
        judgement = await judge_claim(item.problem, claim, Means(self.library, self.tools, self.executor))
        if isinstance(judgement, RecordFailure):
            return failed(self.name, item, judgement)
        attempt, verdict = judgement.records(item.problem, self.made_by)
        return JudgedProblem(item, (check_storable(attempt),), check_storable(verdict))

    async def judge_all(self, items: Sequence[ProblemItem]) -> list[JudgedProblem]:
        """Judge a batch."""
        return list(await asyncio.gather(*map(self.judge, items)))

    def _library(self, records: Sequence[Skill]) -> dict[str, Package]:
        """The library, with other packages of the same names where a problem brought them."""
        brought: dict[str, Package] = {}
        for record in records:
            known = self.library.get(record.name)
            if known is not None and known.id == record.id:
                continue
            if record.id not in self.parsed:
                self.parsed[record.id] = parse(record.skill_md, record.script)
            brought[record.name] = self.parsed[record.id]
        return {**self.library, **brought} if brought else self.library
