"""Batches → candidates by a language model: many conversations at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from agentprop.agent.bundles import written_skills
from agentprop.agent.candidates import Candidate, Maker, model_maker
from agentprop.engine.rolling import ordered_rolling
from agentprop.models.chat import Sampling
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.propose_ledger import BATCH, WINDOW
from agentprop.stages.propose_plan import Batch, Plan
from agentprop.stages.roles import Cast, roles


class Conversations:
    """A language model: many conversations at once in this process."""

    def __init__(self, plan: Plan, cast: Cast, sandbox: Sandbox) -> None:
        config, settings = plan.config, cast.settings["proposer"]
        self.cast = cast
        self.concurrency = settings.max_concurrency
        sampling = Sampling(temperature=config.temperature, max_tokens=config.reply_tokens)
        self.maker = Maker(
            plan.planner(), plan.curriculum, Executor(sandbox, shared=False), plan.rules,
            config.seed, plan.judges, cast["proposer"], sampling,
            made_by=model_maker(settings.identity, settings.revision, sampling),
            written=written_skills(plan.library),
        )  # fmt: skip

    def results(
        self, batches: Iterator[Batch], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Candidate]]:
        """The candidates of each batch, in order; conversations of later batches go on meanwhile."""
        return ordered_rolling(
            self._expand, batches, concurrency=self.concurrency, window=WINDOW, stop=stop, idle=idle,
            close=self.cast.aclose,
        )  # fmt: skip

    def _expand(self, batch: Batch) -> list[Callable[[], Awaitable[Candidate]]]:
        probabilities = self.maker.curriculum.probabilities(batch.standing)
        return [partial(self.maker.candidate, i, probabilities) for i in range(batch.start, batch.start + BATCH)]

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """Requests, tokens and money."""
        return {"spending": self.cast.spending(accepted, target)}


@contextmanager
def conversations(plan: Plan, folder: Path | None) -> Iterator[Conversations]:
    """The proposer of a run that has its replies in `folder`."""
    config = plan.config
    wanted = {"proposer": config.proposer}
    with roles(folder, wanted, max_cost=config.max_cost, max_tokens=config.max_tokens) as cast, \
            Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox:  # fmt: skip
        yield Conversations(plan, cast, sandbox)
