"""Batches → candidates by a language model: many conversations at once, in as many processes as that takes.

Each process has its own event loop, connections and sandbox, and its part of the requests that may be under way. They
share the journal of bought replies and the accounts, so bounds hold for all of them together; and as a candidate
depends on nothing but its index and its batch's standing, what comes out does not depend on how many there are.
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
from agentprop.agent.candidates import Candidate, CandidateMaker, model_maker
from agentprop.config import ProposeConfig
from agentprop.engine import ordered_async, usable_cores
from agentprop.engine.rolling import together
from agentprop.models.accounts import SharedAccounts, Ticket
from agentprop.models.cache import FILE, ReplyCache
from agentprop.models.chat import Sampling
from agentprop.models.client import AllowanceShare, Model
from agentprop.models.costs import Meter
from agentprop.models.failures import Kind, ModelFailure, ModelOutage
from agentprop.models.registry import Models, resolve
from agentprop.models.settings import Loaded, ModelSettings, Served
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.models import RoleModels, in_process, roles
from agentprop.stages.common.plan import CandidateBatch, Plan
from agentprop.stages.propose.builtin import surviving
from agentprop.stages.propose.ledger import BATCH, WINDOW

ROLE = "proposer"
PER_PROCESS = 256
"""Conversations that one process keeps up with, where --workers does not say: a core sends about a thousand requests a
second, so it would take replies within a quarter of a second to overtax it."""
AHEAD = 12
"""Candidates in flight for each request that may be under way: fewer, and a slow conversation at the head of the order
leaves places at the server empty."""
TALKING = 2
"""Conversations for each request that may be under way: one that runs its code, or waits for its reply to be on the
disk, asks nothing meanwhile."""


def window_of(config: ProposeConfig) -> int:
    """Batches in flight. Mastery lags behind by so many, so a run keeps the number that it began with."""
    if config.proposer == "builtin":
        return WINDOW
    return max(WINDOW, math.ceil(AHEAD * resolve(config.proposer).max_concurrency / BATCH))


@dataclass(frozen=True)
class Session:
    """What a process needs beside the plan."""

    settings: ModelSettings
    """The model, with its address."""
    replies: Path | None
    """Journal of bought replies; None where none is kept."""
    ticket: Ticket
    """Accounts of all processes."""
    processes: int
    """How many share the work."""


class ModelSource:
    """A language model as the source of candidates."""

    def __init__(self, plan: Plan, session: Session, cast: RoleModels, window: int) -> None:
        self.plan, self.session, self.cast, self.window = plan, session, cast, window

    def results(
        self, batches: Iterator[CandidateBatch], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Candidate]]:
        """The candidates of each batch, in order; conversations of later batches go on meanwhile."""

        def watch() -> None:
            _check(self.cast.settings[ROLE])
            idle()

        made = ordered_async(
            talking,
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
        """Requests, tokens and money."""
        return {"spending": self.cast.spending(accepted, target)}


@contextmanager
def conversations(plan: Plan, folder: Path | None, window: int) -> Iterator[ModelSource]:
    """The proposer of a run that has its replies in `folder`."""
    config = plan.config
    opened = roles(folder, {ROLE: config.proposer}, max_cost=config.max_cost, max_tokens=config.max_tokens)
    with opened as cast:
        settings = cast.settings[ROLE]
        count = _processes(config.workers, settings, window)
        account = (ROLE, settings.identity)
        rows = count + 1  # one more for the process in which candidates are tried alone
        with SharedAccounts.opened((account,), rows, cast.meter.accounts.totals()) as shared:
            cast.meter.accounts = shared
            replies = None if folder is None else folder / FILE
            alike = type(settings).model_validate(settings.model_dump())  # without what only this process can watch
            yield ModelSource(plan, Session(alike, replies, shared.ticket, count), cast, window)


def _processes(workers: int | None, settings: ModelSettings, window: int) -> int:
    """Worker processes: as many as asked for, as far as each can have a request under way and a batch to work on."""
    if settings.replies is not None or isinstance(settings, Loaded):
        return 1  # a script is read in one order, and a model in memory is not wanted there twice
    wanted = workers or min(usable_cores(), math.ceil(settings.max_concurrency / PER_PROCESS))
    return min(wanted, settings.max_concurrency, window)


def _check(settings: ModelSettings) -> None:
    """Raises ModelOutage as soon as a server that we started has ended."""
    if isinstance(settings, Served) and settings.gone:
        message = f"the server of {settings.identity} has ended"
        raise ModelOutage(message, cause=ModelFailure(Kind.CONNECTION, message))


# --- in a worker ---


@asynccontextmanager
async def talking(
    plan: Plan, session: Session
) -> AsyncIterator[Callable[[CandidateBatch], Awaitable[list[Candidate]]]]:
    """Set a process up; what comes out makes the candidates of a batch."""
    config, settings = plan.config, session.settings
    with ExitStack() as stack:
        slots = math.ceil(usable_cores() / session.processes)
        sandbox = stack.enter_context(Sandbox(slots=slots, allow_weak=config.allow_weak_sandbox))
        accounts = stack.enter_context(SharedAccounts.joined(session.ticket))
        cache = None if session.replies is None else stack.enter_context(closing(ReplyCache(session.replies)))
        meter = Meter(max_cost=config.max_cost, max_tokens=config.max_tokens, accounts=accounts)
        part = AllowanceShare(accounts.number - 1, session.processes)
        models = Models(cache=cache, meter=meter, part=part, loader=in_process)
        maker = _maker(plan, settings, models.open(ROLE, settings), sandbox)
        places = asyncio.Semaphore(TALKING * part.of(settings.max_concurrency))

        async def candidate(index: int, probabilities: list[float]) -> Candidate:
            async with places:
                return await maker.candidate(index, probabilities)

        async def make(batch: CandidateBatch) -> list[Candidate]:
            probabilities = plan.curriculum.probabilities(batch.standing)
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
        made_by=model_maker(settings.identity, settings.revision, sampling, native=settings.tools),
        written=written_skills(plan.library),
    )
