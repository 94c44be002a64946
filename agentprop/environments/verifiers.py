"""An endless taskset of PrimeIntellect's verifiers (v1), which prime-rl trains on.

    from agentprop.environments.verifiers import Problems, ProblemsConfig
    tasks = Problems(ProblemsConfig(id="agentprop_vf", domain="mathematics", seed=5)).take(8)

Its loader and prime-rl find a taskset by the name of a top-level module: `examples/environments` has one to install.
Source: verifiers 0.4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import verifiers.v1 as vf

from agentprop.api.dataset import dataset, prompt_of
from agentprop.api.scoring import score


class ProblemsConfig(vf.TasksetConfig):
    """Settings, with the names of `agentprop.dataset`."""

    domain: str | None = None
    """mathematics, coding, science or None for all."""
    seed: int = 0
    """Seed: the same on every rank."""
    start: int = 0
    """First item."""
    size: int | None = None
    """Number of items; without one the taskset has no end, and cannot be shuffled."""


class ProblemData(vf.TaskData):
    """What a task holds beside its prompt."""

    answer: str
    """The answer, or a program's hidden tests."""
    answer_type: str
    """Kind of the answer."""
    problem: str
    """Id of the problem."""


class ProblemTask(vf.Task[ProblemData]):
    """One problem."""

    @property
    def key(self) -> str:
        """Identity: the problem's id."""
        return str(self.data.problem)

    @vf.reward(weight=1.0)
    async def correct(self, trace: vf.Trace) -> float:
        """1.0 for the right answer; 0.0 for a wrong one, or if neither can be shown."""
        return await self._score(trace) or 0.0

    @vf.metric
    async def undetermined(self, trace: vf.Trace) -> float:
        """1.0 if the reply could be shown neither right nor wrong."""
        return float(await self._score(trace) is None)

    async def _score(self, trace: vf.Trace) -> float | None:
        return await asyncio.to_thread(
            score, self.data.answer, trace.last_reply or "", answer_type=self.data.answer_type
        )


class Problems(vf.Taskset[ProblemTask, ProblemsConfig]):
    """Problems as they are asked for."""

    INFINITE = True

    @property
    def bounded(self) -> bool:
        """Whether the tasks end: with a size they do, and can be shuffled."""
        return bool(super().bounded) or self.config.size is not None

    def load(self) -> Iterator[ProblemTask]:
        """Make the tasks one after the other."""
        config = self.config
        end = None if config.size is None else config.start + config.size
        for item in dataset(config.domain, config.seed, end).items(config.start):
            told = item["metadata"]
            data = ProblemData(
                prompt=prompt_of(item), answer=item["answer"], answer_type=told["answer_type"], problem=told["id"]
            )
            yield ProblemTask(data, config.task)


__all__ = ["Problems"]
