"""Batches → candidates by a proposer that a program brings along, in a thread of its process.

Its code may hold what no other process can be given, such as a model in memory, so nothing is sent anywhere. A thread
is used so that a caller's running event loop is no obstacle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agentprop import __version__
from agentprop.agent.candidates import Candidate, CandidateMaker
from agentprop.agent.environment import Policy
from agentprop.records import MadeBy, Task
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.plan import Plan
from agentprop.stages.propose.digest import Digest
from agentprop.stages.propose.ledger import Ledger

TOGETHER = 8
"""Episodes that advance together, so that a proposer may answer several at once."""
PATIENCE_S = 0.25
"""Seconds between looks at whether the run is to stop."""
PolicyMaker = Callable[[Task], Policy]
"""A task → the policy that proposes in its episode."""


@dataclass
class PolicySource:
    """A program's own proposer as the source of candidates."""

    plan: Plan
    ledger: Ledger
    maker: CandidateMaker
    thread: ThreadPoolExecutor
    bound: str = ""
    awaited: str = "the candidates under way"

    @classmethod
    @contextmanager
    def opened(cls, plan: Plan, ledger: Ledger, policy: PolicyMaker) -> Iterator[PolicySource]:
        """Open it with a sandbox."""
        config = plan.config
        made_by = MadeBy(name=config.proposer, version=__version__)
        with (
            Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
            ThreadPoolExecutor(1, "agentprop-propose") as thread,
        ):
            maker = CandidateMaker(
                plan.planner(),
                plan.curriculum,
                Executor(sandbox),
                plan.rules,
                config.seed,
                plan.judges,
                made_by=made_by,
                tries=config.tries,
                prompts=plan.prompts,
                guidance=plan.guidance,
                policy=policy,
                variety=plan.variety,
            )
            yield cls(plan, ledger, maker, thread)

    def results(self, limit: int, stop: Callable[[], bool], idle: Callable[[], None]) -> Iterator[list[Digest]]:
        """Yield the candidates in order, a few at a time."""
        while not stop() and (batch := self.ledger.batch(self.ledger.next, limit, TOGETHER)) is not None:
            made: Future[list[Candidate]] = self.thread.submit(
                self.maker.batch, batch.indices, batch.mastery, batch.fresh
            )
            while not made.done():
                idle()
                wait([made], PATIENCE_S)
            yield [Digest.of(candidate) for candidate in made.result()]

    def progress(self, seconds: float, *, quiet: bool) -> str:
        """Share of the candidates that were accepted."""
        return f"{self.ledger.accepted / max(self.ledger.counts['candidates'], 1):.0%} of candidates"

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """How the messages were written; what the proposer cost is its own affair."""
        return {"messages": {self.plan.config.proposer: self.ledger.notes.summary()}}
