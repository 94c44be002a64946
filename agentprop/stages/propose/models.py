"""Batches → candidates by a language model: many conversations at once, in as many processes as they need.

Each process has its own event loop, connections and sandbox, and its share of the requests that may be under way. They
share the journal of replies and the accounts, so bounds hold for all of them together. A candidate depends on its index
and its batch's mastery alone, so the result does not depend on the number of processes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentprop.agent.bundles import written_skills
from agentprop.agent.candidates import Candidate, CandidateMaker, model_made_by
from agentprop.config import ProposeConfig
from agentprop.engine import ordered_async, usable_cores
from agentprop.engine.rolling import together
from agentprop.models.accounts import AccountsHandle, SharedAccounts, kept
from agentprop.models.cache import FILE, ReplyCache
from agentprop.models.chat import Sampling
from agentprop.models.client import AllowanceShare, Model
from agentprop.models.costs import Meter
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.registry import Models, resolve
from agentprop.models.settings import InProcessSettings, ModelSettings, ServedSettings
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.models import RoleModels, in_process, roles
from agentprop.stages.common.plan import CandidateBatch, Plan
from agentprop.stages.propose.builtin import surviving
from agentprop.stages.propose.ledger import BATCH, WINDOW

ROLE = "proposer"
CONVERSATIONS_PER_PROCESS = 256
"""Conversations of one process, unless --workers says otherwise: a core sends about a thousand requests a second, so
only replies within a quarter of a second would overtax it."""
CANDIDATES_PER_REQUEST = 12
"""Candidates in flight for each request that may be under way; with fewer, a slow conversation at the head of the order
would leave the server idle."""
CONVERSATIONS_PER_REQUEST = 2
"""Conversations for each request that may be under way: one that runs its code, or waits for its reply to be written to
disk, sends no request meanwhile."""


def window_of(config: ProposeConfig) -> int:
    """Number of batches in flight. Mastery lags behind by that many, so a run keeps the number that it began with."""
    if config.proposer == "builtin":
        return WINDOW
    return max(WINDOW, math.ceil(CANDIDATES_PER_REQUEST * resolve(config.proposer).max_concurrency / BATCH))


@dataclass(frozen=True)
class WorkerSession:
    """Data that a process needs beside the plan."""

    settings: ModelSettings
    """The model, with its address."""
    replies: Path | None
    """Journal of replies; None if there is none."""
    handle: AccountsHandle
    """Accounts of all processes."""
    processes: int
    """Number of processes that share the work."""


class ModelSource:
    """A language model as the source of candidates."""

    def __init__(self, plan: Plan, session: WorkerSession, models: RoleModels, window: int) -> None:
        self.plan, self.session, self.models, self.window = plan, session, models, window

    def results(
        self, batches: Iterator[CandidateBatch], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Candidate]]:
        """Yield the candidates of each batch, in order; conversations of later batches go on meanwhile."""

        def watch() -> None:
            _check(self.models.settings[ROLE])
            idle()

        made = ordered_async(
            open_conversations,
            (self.plan, self.session),
            batches,
            workers=self.session.processes,
            window=self.window,
            stop=stop,
            idle=watch,
            split=CandidateBatch.split,
        )
        return surviving(made)

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """Requests, tokens and cost, for the summary."""
        return {"spending": self.models.spending(accepted, target)}


@contextmanager
def conversations(plan: Plan, folder: Path | None, window: int) -> Iterator[ModelSource]:
    """Open the proposer of a run that stores its replies in `folder`."""
    config = plan.config
    opened = roles(folder, {ROLE: config.proposer}, max_cost=config.max_cost, max_tokens=config.max_tokens)
    with opened as models:
        settings = models.settings[ROLE]
        count = _processes(config.workers, settings, window)
        account = (ROLE, settings.identity)
        rows = count + 1  # one more for the process in which candidates are tried alone
        with SharedAccounts.opened((account,), rows, models.meter.accounts.totals()) as shared:
            models.meter.accounts = shared
            replies = None if folder is None else folder / FILE
            plain = type(settings).model_validate(settings.model_dump())  # without the server that only we can watch
            try:
                yield ModelSource(plan, WorkerSession(plain, replies, shared.handle, count), models, window)
            finally:
                models.meter.accounts = kept(shared)  # the shared ones are closed here


def _processes(workers: int | None, settings: ModelSettings, window: int) -> int:
    """Number of worker processes: as asked for, but only as many as can each have a request and a batch under way."""
    if settings.replies is not None or isinstance(settings, InProcessSettings):
        return 1  # a script has one order, and a model is loaded into memory once
    wanted = workers or min(usable_cores(), math.ceil(settings.max_concurrency / CONVERSATIONS_PER_PROCESS))
    return min(wanted, settings.max_concurrency, window)


def _check(settings: ModelSettings) -> None:
    """Raises ModelOutage as soon as a server that we started has ended."""
    if isinstance(settings, ServedSettings) and settings.gone:
        message = f"the server of {settings.identity} has ended"
        raise ModelOutage(message, cause=ModelFailure(FailureKind.CONNECTION, message))


# --- in a worker ---


@asynccontextmanager
async def open_conversations(
    plan: Plan, session: WorkerSession
) -> AsyncIterator[Callable[[CandidateBatch], Awaitable[list[Candidate]]]]:
    """Set up a process, and yield a function that makes the candidates of a batch."""
    config, settings = plan.config, session.settings
    with ExitStack() as stack:
        slots = math.ceil(usable_cores() / session.processes)
        sandbox = stack.enter_context(Sandbox(slots=slots, allow_weak=config.allow_weak_sandbox))
        accounts = stack.enter_context(SharedAccounts.joined(session.handle))
        cache = None if session.replies is None else stack.enter_context(closing(ReplyCache(session.replies)))
        meter = Meter(max_cost=config.max_cost, max_tokens=config.max_tokens, accounts=accounts)
        part = AllowanceShare(accounts.number - 1, session.processes)
        models = Models(cache=cache, meter=meter, part=part, loader=in_process)
        maker = _maker(plan, settings, models.open(ROLE, settings), sandbox)
        places = asyncio.Semaphore(CONVERSATIONS_PER_REQUEST * part.of(settings.max_concurrency))

        async def candidate(index: int, probabilities: list[float]) -> Candidate:
            async with places:
                return await maker.candidate(index, probabilities)

        async def make(batch: CandidateBatch) -> list[Candidate]:
            probabilities = plan.curriculum.probabilities(batch.mastery)
            return await together(candidate(i, probabilities) for i in batch.indices)

        try:
            yield make
        finally:
            await models.aclose()


def _maker(plan: Plan, settings: ModelSettings, model: Model, sandbox: Sandbox) -> CandidateMaker:
    config = plan.config
    sampling = Sampling(temperature=config.temperature, max_tokens=config.reply_tokens)
    return CandidateMaker(
        plan.planner(),
        plan.curriculum,
        Executor(sandbox, shared=False),
        plan.rules,
        config.seed,
        plan.judges,
        model,
        sampling,
        native=settings.tools,
        made_by=model_made_by(settings.identity, settings.revision, sampling, native=settings.tools),
        written=written_skills(plan.library),
    )
