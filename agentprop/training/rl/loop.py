"""The loop of reinforcement learning: roll out → score → update, and give the new weights to the sampler.

    for step in range(done, steps):
        experience = await loop.attempt(step)           # roll out and score: changes nothing yet, so it may fail
        metrics = await loop.learn(step, experience)    # update policy, environment and sampler

A `TrainingEnv` defines the tasks and their rewards: `proposer_env` for the proposer, `solver_env` for the solver. A
step depends only on the seed, its number, the weights and the environment's state, so a run that continues from a
checkpoint takes the same steps. With `max_staleness` the roll-outs of later steps are under way while one is learnt
from; they are in no checkpoint, so a run that continues meets the same tasks, but not the same replies.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from agentprop.boundary import RecordFailure
from agentprop.config.reinforce import ReinforceConfig
from agentprop.records import Record
from agentprop.training.means import prefixed
from agentprop.training.memory_errors import memory_errors, peak_memory_mib
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.ahead import Ahead
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.refill import Place, Places, extra_groups
from agentprop.training.rl.samplers import Sampler
from agentprop.training.rl.update import learn

ENDS = ("truncated", "out_of_turns", "lost")
"""Ends of episodes that a run counts: cut off by the limit of a reply or the context, out of turns, reward unknown."""
POLL_S = 0.25
"""Seconds between checks for a request to stop."""

Rollouts = TypeVar("Rollouts")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Experience:
    """Scored rollouts of one step."""

    groups: Sequence[TrainingGroup]
    """Training groups of this process."""
    metrics: dict[str, float]
    """Metrics of rollouts and rewards, over all processes."""
    records: Sequence[Record]
    """Records of the first groups, kept if this step is a sample."""
    state: dict[str, Any]
    """The school's state once this was learnt, the same in all processes."""
    episodes: int = 0
    """Episodes that this process rolled out."""
    failures: Sequence[tuple[str, RecordFailure]] = ()
    """Names of those that failed unexpectedly, and why."""
    ends: Mapping[str, int] = field(default_factory=dict)
    """Those of them that ended by no decision of the policy's, by `ENDS`."""


class TrainingEnv(Protocol[Rollouts]):
    """Environment of training: the tasks, and the rewards of attempts at them."""

    state: dict[str, Any]
    """State that the next step depends on besides its number and the weights; JSON values."""

    async def roll_out(self, step: int) -> Rollouts:
        """Roll out this process's share of a step."""
        ...

    async def silent(self, rollouts: Rollouts) -> list[int]:
        """Return the slots of the batch whose groups teach nothing, in all processes. Every process must call it."""
        ...

    async def roll_on(self, rollouts: Rollouts, places: Sequence[Place]) -> Rollouts:
        """Roll out this process's share of further tasks, and return all rollouts so far."""
        ...

    async def score(self, rollouts: Rollouts) -> Experience:
        """Score the rollouts. Every process must call it."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass
class Timer:
    """Timer of the phases of a step."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Seconds of the last step, by phase."""

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


@dataclass(frozen=True)
class Evaluation:
    """Evaluation of the policy on tasks that training never sees, the same ones every time."""

    env: TrainingEnv[Any]
    """Environment of these tasks, of which only the first step is taken."""
    measure: str
    """Metric by which the best policy is chosen, without `reward/`; more is better."""

    async def __call__(self) -> dict[str, float]:
        """Return the environment's rewards as `evaluation/…`."""
        found = (await self.env.score(await self.env.roll_out(0))).metrics
        rewards = {name: value for name, value in found.items() if name.startswith("reward/")}
        return {name.replace("reward/", "evaluation/", 1): value for name, value in rewards.items()}


@dataclass
class Loop(Generic[Rollouts]):
    """Trainer: policy, optimiser, sampler, environment and objective."""

    policy: PolicyModel
    optimiser: Optimiser
    sampler: Sampler
    env: TrainingEnv[Rollouts]
    objective: Objective
    config: ReinforceConfig
    world: World
    timer: Timer = field(default_factory=Timer)
    evaluation: Evaluation | None = None

    def __post_init__(self) -> None:
        """Prepare to sample ahead, if the settings say so."""
        ahead = self.config.max_staleness
        self._ahead = Ahead(self.env.roll_out, ahead, self.config.steps) if ahead else None

    async def attempt(self, step: int, stop: Callable[[], bool] | None = None) -> Experience:
        """Roll out and score. Raises ModelOutage or BoundReached if the models cannot go on.

        With `stop`, which all processes must give, raises KeyboardInterrupt in all of them if one of them was asked to
        stop while it sampled.
        """
        with memory_errors("sampling"):
            with self.timer.phase("rollout"):
                work = self.env.roll_out(step) if self._ahead is None else self._ahead.take(step)
                rollouts = await self._rolled_out(work, stop)
                rollouts = await self._refilled(step, rollouts, stop)
            with self.timer.phase("score"):
                return await self.env.score(rollouts)

    async def _refilled(self, step: int, rollouts: Rollouts, stop: Callable[[], bool] | None) -> Rollouts:
        """Let new tasks take the places of silent groups, round by round."""
        places = Places(step, self.config.groups, extra_groups(self.config.refill, self.config.groups))
        while places.used < places.extra:
            places, tasks = places.more(await self.env.silent(rollouts))
            if not tasks:
                break
            rollouts = await self._rolled_out(self.env.roll_on(rollouts, tasks), stop)
        return rollouts

    async def _rolled_out(self, work: Coroutine[Any, Any, Rollouts], stop: Callable[[], bool] | None) -> Rollouts:
        if stop is None:
            return await work
        rollouts: Rollouts | None = None
        with suppress(KeyboardInterrupt):
            rollouts = await unless_stopped(stop, work)
        if self.world.any(rollouts is None) or rollouts is None:
            raise KeyboardInterrupt
        return rollouts

    async def learn(self, step: int, experience: Experience, stop: Callable[[], bool] = bool) -> dict[str, float]:
        """Update the policy, the environment and the sampler; return the metrics of the whole step.

        Raises Interrupted, with nothing learnt, if it was asked to stop in the middle of the update.
        """
        if self._ahead is None:
            await self.sampler.rest()
        with self.timer.phase("update"), memory_errors("an update"):
            work = partial(
                learn,
                self.policy,
                self.optimiser,
                experience.groups,
                self.objective,
                self.world,
                n_groups=self.config.groups,
                pack_tokens=self.config.tokens_per_pass,
                seed=f"{self.config.seed}/{step}",
                step=step,
                stop=stop,
            )
            update = work() if self._ahead is None else await asyncio.to_thread(work)  # sampling goes on meanwhile
        self.env.state = experience.state
        with self.timer.phase("refresh"):
            await self.sampler.refresh(self.policy, step + 1)
        if self._ahead is not None:
            self._ahead.begin(step + 1)
        return experience.metrics | prefixed("update", update) | self._spent(experience)

    async def evaluate(self, step: int) -> dict[str, float]:
        """Return the evaluation after `step`; the sampler is left as the step left it. Raises as `attempt` does."""
        assert self.evaluation is not None
        with memory_errors("an evaluation"):
            found = await self.evaluation()
        await self.sampler.refresh(self.policy, step)
        return found

    async def aclose(self) -> None:
        """Close sampler and environment, in the event loop that used them."""
        if self._ahead is not None:
            await self._ahead.aclose()
        await self.sampler.aclose()
        await self.env.aclose()

    def _spent(self, experience: Experience) -> dict[str, float]:
        """Return metrics of time, tokens, speed and memory."""
        seconds = self.timer.seconds
        examples = [example for group in experience.groups for example in group.examples]
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


async def unless_stopped(stop: Callable[[], bool], work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of the work. Once `stop` returns True, cancel the work and raise KeyboardInterrupt."""
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
