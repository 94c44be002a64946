"""The loop of reinforcement: roll out → score → update, and the new weights go to whoever samples.

    for step in range(done, steps):
        experience = await loop.attempt(step)     roll out and score: nothing has changed yet, so it may fail
        metrics = await loop.learn(step, experience) update policy, environment and sampler

What is rolled out and how it is scored is a `TrainingEnv`: the proposer's (`proposer_env`) and the solver's
(`solver_env`). A step depends on the seed, its number, the weights and the environment's state alone, so a run that
goes on from a checkpoint takes the same steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from agentprop.boundary import RecordFailure
from agentprop.config.reinforce import ReinforceConfig
from agentprop.records import Record
from agentprop.training.means import prefixed
from agentprop.training.memory_errors import memory_errors, peak_memory_mib
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.samplers import Sampler
from agentprop.training.rl.update import Objective, learn

POLL_S = 0.25
"""How often a rollout asks whether it is to stop."""

Rollouts = TypeVar("Rollouts")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Experience:
    """What a step is learnt from."""

    lessons: Sequence[TrainingGroup]
    """Groups of trajectories with their advantages: this process's own."""
    metrics: dict[str, float]
    """Rewards and the like, over all processes."""
    records: Sequence[Record]
    """What to keep where this step is a sample, the first groups alone."""
    state: dict[str, Any]
    """The school's state once this was learnt, the same in all processes."""
    episodes: int = 0
    """Episodes that this process rolled out."""
    failures: Sequence[tuple[str, RecordFailure]] = ()
    """Names of those that failed unexpectedly, and why."""


class TrainingEnv(Protocol[Rollouts]):
    """What is tried, and what it earns."""

    state: dict[str, Any]
    """What the next step depends on besides its number and the weights; JSON."""

    async def roll_out(self, step: int) -> Rollouts:
        """Let the policy try. Every process its own share."""
        ...

    async def score(self, rollouts: Rollouts) -> Experience:
        """Judge what came out. Every process calls it."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@dataclass
class Timer:
    """Seconds by phase."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the block."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


@dataclass
class Loop(Generic[Rollouts]):
    """The parts of a trainer."""

    policy: PolicyModel
    optimiser: Optimiser
    sampler: Sampler
    school: TrainingEnv[Rollouts]
    objective: Objective
    config: ReinforceConfig
    world: World
    timer: Timer = field(default_factory=Timer)

    async def attempt(self, step: int) -> Experience:
        """Roll out and score. Raises ModelOutage or BoundReached where nobody answers any more."""
        with memory_errors("sampling"):
            with self.timer.phase("rollout"):
                rollouts = await self.school.roll_out(step)
            with self.timer.phase("score"):
                return await self.school.score(rollouts)

    async def learn(self, step: int, experience: Experience) -> dict[str, float]:
        """Update the policy, the school and the sampler; the metrics of the whole step."""
        with self.timer.phase("update"), memory_errors("an update"):
            update = learn(
                self.policy,
                self.optimiser,
                experience.lessons,
                self.objective,
                self.world,
                groups=self.config.groups,
                pack_tokens=self.config.pack_tokens,
                seed=f"{self.config.seed}/{step}",
            )
        self.school.state = experience.state
        with self.timer.phase("refresh"):
            await self.sampler.refresh(self.policy, step + 1)
        return experience.metrics | prefixed("update", update) | self._spent(experience)

    async def aclose(self) -> None:
        """Let go of everything, in the loop that used it."""
        await self.sampler.aclose()
        await self.school.aclose()

    def _spent(self, experience: Experience) -> dict[str, float]:
        """Time and memory."""
        seconds = self.timer.seconds
        examples = [example for lesson in experience.lessons for example in lesson.examples]
        sampled, seen = self.world.sum(
            [
                float(sum(example.n_actions for example in examples)),
                float(sum(len(sequence) for example in examples for sequence in example.sequences)),
            ]
        )
        return prefixed("seconds", seconds) | {
            "tokens/sampled": sampled,
            "tokens/trained": seen,
            "tokens/observed": 1 - sampled / max(seen, 1.0),
            "speed/rollout": sampled / seconds["rollout"],
            "speed/update": seen / seconds["update"],
            "memory_mib": peak_memory_mib(self.world.device),
        }


async def unless(stop: Callable[[], bool], work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work. Raises KeyboardInterrupt, with the work ended, as soon as `stop` says so."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=POLL_S)
            if stop() and not task.done():
                raise KeyboardInterrupt
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
