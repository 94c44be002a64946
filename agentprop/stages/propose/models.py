"""Batches → candidates by a language model: many conversations at once, in as many processes as they need.

Each process has its own event loop, connections and sandbox, and its share of the requests that may be under way. They
share the journal of replies and the accounts, so bounds hold for all of them together. A candidate depends on its index
and its batch's mastery alone, so the result does not depend on the number of processes.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agentprop.agent.bundles import written_skills
from agentprop.agent.candidates import Candidate, CandidateMaker
from agentprop.agent.identities import model_made_by
from agentprop.agent.sources import own_sources
from agentprop.config import ProposeConfig
from agentprop.engine import ordered_as_wanted, usable_cores
from agentprop.engine.rolling import together
from agentprop.models.accounts import AccountsHandle, SharedAccounts, kept
from agentprop.models.cache import FILE, ReplyCache
from agentprop.models.chat import Sampling, Usage
from agentprop.models.client import AllowanceShare, Model
from agentprop.models.costs import PICO, Meter, cost_pico
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.registry import Models, resolve
from agentprop.models.settings import InProcessSettings, ModelSettings, ServedSettings
from agentprop.models.wire import sampling_of
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.models import RoleModels, in_process, roles
from agentprop.stages.common.plan import CandidateBatch, Plan
from agentprop.stages.propose.avoided import Statements
from agentprop.stages.propose.builtin import surviving
from agentprop.stages.propose.digest import Digest, digests
from agentprop.stages.propose.forecast import PILOT, forecast, in_words
from agentprop.stages.propose.ledger import BATCH, Ledger
from agentprop.stages.propose.opening import Price, wanted

ROLE = "proposer"
CONVERSATIONS_PER_PROCESS = 256
"""Conversations of one process, unless --workers says otherwise: a core sends about a thousand requests a second, so
only replies within a quarter of a second would overtax it."""
CANDIDATES_PER_REQUEST = 12
"""Candidates in flight for each request that may be under way; with fewer, a slow conversation at the head of the order
would leave the server idle."""
SLICES = 16
"""Conversations are opened and committed in slices of so small a part of those that are open: one by one while they are
few, and a batch at a time later, when messages between the processes would cost more."""
CONVERSATIONS_PER_REQUEST = 2
"""Conversations for each request that may be under way: one that runs its code, or waits for its reply to be written to
disk, sends no request meanwhile."""


def window_of(config: ProposeConfig) -> int:
    """Number of batches in flight. Mastery lags behind by that many, so a run keeps the number that it began with."""
    if config.proposer == "builtin":
        return config.window
    return max(config.window, math.ceil(CANDIDATES_PER_REQUEST * resolve(config.proposer).max_concurrency / BATCH))


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
    """A language model as the source of candidates, which opens as many conversations as are needed and paid for."""

    awaited = "the conversations under way"

    def __init__(self, plan: Plan, session: WorkerSession, models: RoleModels, ledger: Ledger) -> None:
        self.plan, self.session, self.models, self.ledger = plan, session, models, ledger
        self.bound = ""
        self._first = ledger.next
        self._told = ledger.counts["candidates"] >= PILOT
        self._seconds: float | None = None

    def results(self, limit: int, stop: Callable[[], bool], idle: Callable[[], None]) -> Iterator[list[Digest]]:
        """Yield the candidates in order, a few or a batch at a time."""

        def watch() -> None:
            _check(self.models.settings[ROLE])
            idle()

        made = ordered_as_wanted(
            open_conversations,
            (self.plan, self.session),
            partial(self._wanted, limit),
            workers=self.session.processes,
            stop=stop,
            idle=watch,
            split=CandidateBatch.split,
        )
        return surviving(made)

    def _wanted(self, limit: int, _: int) -> CandidateBatch | None:
        """The next candidates to begin; None if enough are open."""
        ledger, begun = self.ledger, self._first - self.ledger.next
        candidates, accepted = ledger.ended
        prices = self._prices()
        owed, most = ledger.owed, ledger.window * BATCH
        room = wanted(owed, accepted, candidates, most=most, prices=tuple(prices.values())) - begun
        if not begun and room <= 0:
            self.bound = next((name for name, price in prices.items() if not price.affords()), "")
        size = max(1, min(BATCH, (begun + room) // SLICES))
        if room < size:
            return None
        batch = ledger.batch(self._first, limit, most=size)
        self._first = self._first if batch is None else batch.indices.stop - ledger.offset
        return batch

    def _prices(self) -> dict[str, Price]:
        """Bound of the run → what the candidates took of it."""
        config, usage = self.plan.config, _usage(self.ledger.counts)
        ended = self.ledger.counts["candidates"]
        found: dict[str, Price] = {}
        if config.max_tokens is not None:
            found[f"--max-tokens {config.max_tokens}"] = Price(usage.total, ended, config.max_tokens)
        if config.max_cost is not None:
            found[f"--max-cost {config.max_cost:g}"] = Price(self._cost or 0.0, ended, config.max_cost)
        return found

    @property
    def _cost(self) -> float | None:
        """Money for the committed candidates; None without prices."""
        pico = cost_pico(_usage(self.ledger.counts), self.models.settings[ROLE])
        return None if pico is None else pico / PICO

    def progress(self, seconds: float, *, quiet: bool) -> str:
        """The forecast in short; after the first handful of candidates it is told in full, once."""
        ledger, self._seconds = self.ledger, seconds
        found = forecast(ledger, self._cost, seconds)
        if not self._told and ledger.counts["candidates"] >= PILOT:
            self._told = True
            ledger.first_forecast = found
            if not quiet:
                print(in_words(self.session.settings.identity, ledger.notes, found), file=sys.stderr, flush=True)
        share = f"{ledger.accepted / max(ledger.counts['candidates'], 1):.0%} of candidates"
        tokens = "" if found["tokens"] is None else f" · {found['tokens']:,} tokens in all"
        return share + tokens + ("" if found["cost"] is None else f" · cost {found['cost']:.4g}")

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """Requests, tokens and cost, how the model wrote, and the forecast, for the summary."""
        return {
            "spending": self.models.spending(accepted, target),
            "messages": {self.session.settings.identity: self.ledger.notes.summary()},
            "forecast": forecast(self.ledger, self._cost, self._seconds),
            "first_forecast": self.ledger.first_forecast or None,
        }


def _usage(counts: Mapping[str, int]) -> Usage:
    return Usage(counts["prompt_tokens"], counts["completion_tokens"], cached_tokens=counts["cached_tokens"])


@contextmanager
def conversations(plan: Plan, folder: Path | None, ledger: Ledger) -> Iterator[ModelSource]:
    """Open the proposer of a run that stores its replies in `folder`."""
    config = plan.config
    opened = roles(folder, {ROLE: config.proposer}, max_cost=config.max_cost, max_tokens=config.max_tokens)
    with opened as models:
        settings = models.settings[ROLE]
        count = _processes(config.workers, settings, ledger.window)
        account = (ROLE, settings.identity)
        rows = count + 1  # one more for the process in which candidates are tried alone
        with SharedAccounts.opened((account,), rows, models.meter.accounts.totals()) as shared:
            models.meter.accounts = shared
            replies = None if folder is None else folder / FILE
            plain = type(settings).model_validate(settings.model_dump())  # without the server that only we can watch
            try:
                yield ModelSource(plan, WorkerSession(plain, replies, shared.handle, count), models, ledger)
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
) -> AsyncIterator[Callable[[CandidateBatch], Awaitable[list[Digest]]]]:
    """Set up a process, and yield a function that makes the candidates of a batch."""
    config, settings = plan.config, session.settings
    with ExitStack() as stack:
        slots = math.ceil(usable_cores() / session.processes)
        sandbox = stack.enter_context(
            Sandbox(slots=slots, sources=own_sources({}), allow_weak=config.allow_weak_sandbox)
        )
        accounts = stack.enter_context(SharedAccounts.joined(session.handle))
        cache = None if session.replies is None else stack.enter_context(closing(ReplyCache(session.replies)))
        meter = Meter(max_cost=config.max_cost, max_tokens=config.max_tokens, accounts=accounts)
        part = AllowanceShare(accounts.number - 1, session.processes)
        models = Models(cache=cache, meter=meter, part=part, loader=in_process)
        maker = _maker(plan, settings, models.open(ROLE, settings), sandbox)
        places = asyncio.Semaphore(CONVERSATIONS_PER_REQUEST * part.of(settings.max_concurrency))

        async def candidate(index: int, probabilities: list[float], avoid: Statements, failed: Statements) -> Candidate:
            async with places:
                return await maker.candidate(index, probabilities, avoid, failed)

        async def make(batch: CandidateBatch) -> list[Digest]:
            probabilities = plan.curriculum.probabilities(batch.mastery)
            # A model without guidance has learnt from episodes whose tasks name no statements to avoid.
            told = (probabilities, {} if plan.guidance is None else batch.avoid, batch.failures)
            return digests(await together(candidate(i, *told) for i in batch.indices))

        try:
            yield make
        finally:
            await models.aclose()


def _maker(plan: Plan, settings: ModelSettings, model: Model, sandbox: Sandbox) -> CandidateMaker:
    config = plan.config
    sampling = Sampling(temperature=config.temperature, max_tokens=config.reply_tokens)
    told: dict[str, Any] = {"native": settings.tools, "prompts": plan.prompts, "guided": plan.guidance is not None}
    made_by = model_made_by(settings.identity, settings.revision, sampling_of(sampling, settings), **told)
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
        made_by=made_by,
        written=written_skills(plan.library),
        paths=config.bundles == "path",
        drafts=config.drafts,
        tries=config.tries,
        prompts=plan.prompts,
        guidance=plan.guidance,
        variety=plan.variety,
    )
