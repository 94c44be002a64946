"""Problems → verdicts by language models: an attempt from every verifier, the auditor where answers differ, the rule.

Many problems are under way at once in this process. The unit that is owed is one verifier's attempt at one problem: an
attempt stored by an earlier run is read again and costs nothing, and a reply that was paid for before a kill is in the
cache. The models are opened when the first of them is asked, so judging again needs no server.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from agentprop import __version__
from agentprop.config import VerifyConfig
from agentprop.engine.rolling import ordered_rolling, together
from agentprop.grading import auditor
from agentprop.grading import builtin_verifier as builtin
from agentprop.grading import model_verifier as verifiers
from agentprop.grading.comparison import ComparisonLimits, comparison_of
from agentprop.grading.consensus import verdict, weigh
from agentprop.grading.model_verifier import ModelJudge, Role, owed_again, reread
from agentprop.models.chat import Sampling
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.prompts import prompt_hash
from agentprop.records import Attempt, MadeBy
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common.feed import ThreadedSource
from agentprop.stages.common.intake import Item, Judged
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.stored_attempts import StoredAttempts
from agentprop.stages.verify.builtin import Builtin

BATCH = 8
"""Problems committed together."""
WINDOW = 64
"""Batches under way at least; a slow problem holds up the commits after it, not the use of the servers."""


@dataclass(frozen=True)
class Seat:
    """A place at the table."""

    role: Role
    """verifier or auditor."""
    name: str
    """`builtin` or a MODEL."""
    number: int
    """0 for the first seat with this name, 1 for the second, …"""
    part: str
    """The role's name in the accounts: verifier-1, auditor, …"""


def seats_of(config: VerifyConfig) -> tuple[Seat, ...]:
    """The verifiers' seats, in order."""
    taken: Counter[str] = Counter()
    seats = []
    for position, name in enumerate(config.verifier, 1):
        seats.append(Seat("verifier", name, taken[name], f"verifier-{position}"))
        taken[name] += 1
    return tuple(seats)


class PanelModels:
    """The judges in their seats; all models are opened when the first one is asked."""

    def __init__(self, config: VerifyConfig, seats: Sequence[Seat], folder: Path | None, stack: ExitStack) -> None:
        self.config, self.folder, self._stack = config, folder, stack
        self.names = {seat.part: seat.name for seat in seats if seat.name != builtin.NAME}
        self.settings: dict[str, ModelSettings] = {part: resolve(name) for part, name in self.names.items()}
        self._cast: RoleModels | None = None

    def judge(self, seat: Seat) -> ModelJudge:
        """Who sits there."""
        if self._cast is None:
            opened = roles(self.folder, self.names, max_cost=self.config.max_cost, max_tokens=self.config.max_tokens)
            self._cast = self._stack.enter_context(opened)
        return ModelJudge(
            seat.name,
            seat.number,
            seat.role,
            self._cast[seat.part],
            self.sampling(seat),
            sample=self.config.seed * 1_000_003 + seat.number,
            revision=self.settings[seat.part].revision,
        )

    def sampling(self, seat: Seat) -> Sampling:
        """How this judge's tokens are drawn, the model's own settings included."""
        config, settings = self.config, self.settings[seat.part]
        temperature = settings.temperature if config.temperature is None else config.temperature
        return Sampling(temperature=temperature, max_tokens=config.reply_tokens or settings.max_tokens)

    @property
    def concurrency(self) -> int:
        """Problems under way: twice what one model takes, because each waits for its slowest verifier."""
        return 2 * max(settings.max_concurrency for settings in self.settings.values())

    def spending(self, valid: int, problems: int) -> dict[str, Any]:
        """Requests, tokens and money, over all sessions."""
        if self._cast is not None:
            return self._cast.spending(valid, problems)
        folder = self.folder if self.folder is not None and self.folder.exists() else None
        with roles(folder, {}) as earlier:
            return earlier.spending(valid, problems)

    async def aclose(self) -> None:
        """Let go of connections."""
        if self._cast is not None:
            await self._cast.aclose()


@dataclass(frozen=True)
class Panel:
    """Who judges, and by what."""

    config: VerifyConfig
    seats: tuple[Seat, ...]
    bench: PanelModels
    reader: Builtin
    sandbox: Sandbox
    stored: StoredAttempts
    auditor: Seat | None = None
    made_by: MadeBy = field(default_factory=MadeBy)

    async def judge(self, item: Item) -> Judged:
        """Every verifier's attempt, the auditor's where the answers differ, and the verdict."""
        problem, known = item.problem, self.stored.of(item.problem.id)
        trace = verifiers.question(problem, item.trajectory)
        found = await together([self._attempt(seat, item, trace, known) for seat in self.seats])
        attempts, reused = tuple(attempt for attempt, _ in found), sum(again for _, again in found)
        limits = ComparisonLimits(self.config.comparison_timeout_s, self.config.program_timeout_s)
        weighed = partial(weigh, problem.answer, alike=comparison_of(problem, self.sandbox, limits))
        standing = await asyncio.to_thread(weighed, attempts)
        if standing.disputed and self.auditor is not None:
            settled = known if reused == len(self.config.verifier) - self.config.verifier.count(builtin.NAME) else {}
            audit, again = await self._attempt(self.auditor, item, auditor.question(problem, attempts), settled)
            attempts, reused = (*attempts, audit), reused + again
            standing = await asyncio.to_thread(weighed, attempts)
        return Judged(item, attempts, verdict(problem, attempts, standing, self.made_by), reused)

    async def _attempt(
        self, seat: Seat, item: Item, question: str, known: Mapping[tuple[str, str, int], Attempt]
    ) -> tuple[Attempt, bool]:
        """A seat's attempt, and whether it was there already."""
        if seat.name == builtin.NAME:
            return (await self.reader.records(item))[0], False
        earlier = known.get((seat.role, seat.name, seat.number))
        if earlier is not None and not owed_again(earlier, self.bench.sampling(seat).max_tokens):
            return reread(earlier), True
        return await self.bench.judge(seat).attempt(item.problem, question), False


@dataclass(frozen=True)
class Conversations:
    """Many problems under way at once."""

    panel: Panel

    def results(
        self, items: Iterator[Item], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Judged]]:
        """The judged problems, in order."""
        feed = ThreadedSource(items)
        concurrency = self.panel.bench.concurrency

        async def next_one() -> Judged | None:
            item = await feed.take()
            return None if item is None else await self.panel.judge(item)

        try:
            for found in ordered_rolling(
                lambda size: [next_one] * size,
                repeat(BATCH),
                concurrency=concurrency,
                window=max(WINDOW, 2 * concurrency // BATCH),
                stop=stop,
                idle=idle,
                close=self.panel.bench.aclose,
            ):
                yield [judged for judged in found if judged is not None]
                if found[-1] is None:
                    return
        finally:
            feed.close()

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """What was asked and what it cost."""
        told = {name: counts[name] for name in ("attempts", "reused", "audited")}
        return {**told, "spending": self.panel.bench.spending(counts["valid"], counts["problems"])}


@contextmanager
def conversations(config: VerifyConfig, library: dict[str, Package], folder: Path | None) -> Iterator[Conversations]:
    """The panel of a run. Raises ConfigError where a model is not known."""
    seats = seats_of(config)
    auditing = Seat("auditor", config.auditor, 0, "auditor") if config.auditor is not None else None
    with ExitStack() as stack:
        bench = PanelModels(config, [*seats, auditing] if auditing else seats, folder, stack)
        sandbox = stack.enter_context(Sandbox(allow_weak=config.allow_weak_sandbox))
        reader = Builtin(library, Executor(sandbox, shared=False))
        stored = StoredAttempts.open(config.reuse)
        yield Conversations(Panel(config, seats, bench, reader, sandbox, stored, auditing, _made_by(config)))


def _made_by(config: VerifyConfig) -> MadeBy:
    """The panel, as the verdicts name it."""
    names = " + ".join(config.verifier) + (f", audited by {config.auditor}" if config.auditor else "")
    return MadeBy(name=names, prompt_hash=prompt_hash("verifier", "auditor"), version=__version__)
