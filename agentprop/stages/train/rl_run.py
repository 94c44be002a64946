"""A school and a policy → steps of reinforcement in a run directory: saved, sampled, resumed, stopped.

What is kept of a step is committed with the checkpoint it belongs to. A step whose rollout fails or is stopped has
changed nothing, so the steps before it are saved as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentprop.boundary import Tolerance
from agentprop.config.reinforce import IN_PROCESS, VLLM, ReinforceConfig
from agentprop.errors import AgentpropError, ConfigError, TooManyFailures
from agentprop.models.local import vllm_program
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.stages.train.run_dir import TrainingRun

if TYPE_CHECKING:
    from agentprop.training.metrics import Metrics
    from agentprop.training.model.distributed import World
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.rl.loop import Experience, Loop
    from agentprop.training.rl.samplers import Sampler

RECENT = 10
"""Steps that the summary is the mean of."""


@dataclass
class RlProgress:
    """Where a run is; what a checkpoint keeps besides weights."""

    step: int = 0
    """Rollout batches learnt from."""
    tokens: int = 0
    """Tokens sampled."""
    seconds: float = 0.0
    """Time in steps."""
    recent: list[dict[str, float]] = field(default_factory=list)
    """The watched numbers of the last steps."""
    school: dict[str, Any] = field(default_factory=dict)
    """The school's own state."""
    episodes: int = 0
    """Episodes of all processes."""
    failures: int = 0
    """Those of them that failed unexpectedly."""

    def after(self, metrics: Mapping[str, float], watched: Sequence[str], school: dict[str, Any]) -> RlProgress:
        """One step on."""
        row = {name: metrics[name] for name in watched if name in metrics}
        seconds = sum(value for name, value in metrics.items() if name.startswith("seconds/"))
        return RlProgress(
            self.step + 1,
            self.tokens + int(metrics["tokens/sampled"]),
            self.seconds + seconds,
            [*self.recent, row][-RECENT:],
            school,
            self.episodes,
            self.failures,
        )

    def counting(self, experience: Experience, config: ReinforceConfig, world: World) -> RlProgress:
        """With the episodes of a step. Raises TooManyFailures, in all processes, where too many of them failed."""
        failed, rolled = world.sum([float(len(experience.failures)), float(experience.episodes)])
        counted = replace(self, episodes=self.episodes + int(rolled), failures=self.failures + int(failed))
        last = experience.failures[-1][1].message if experience.failures else ""
        expected = config.steps * config.groups * config.group_size
        Tolerance(config.max_failures, expected, counted.episodes, counted.failures, last).check()
        return counted

    def summary(self) -> dict[str, Any]:
        """The numbers the command prints; means over the last steps."""
        names = list(dict.fromkeys(name for row in self.recent for name in row))
        found = {name: [row[name] for row in self.recent if name in row] for name in names}
        means = {name: sum(values) / len(values) for name, values in found.items()}
        return {
            "steps": self.step,
            "sampled_tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "mean_of_last": len(self.recent),
            **({"failed_episodes": self.failures} if self.failures else {}),
            **means,
        }


def check_world(groups: int, world: World) -> None:
    """Refuse groups that cannot be shared out evenly. Raises ConfigError."""
    if groups % world.size:
        raise ConfigError(
            f"{groups} groups cannot be shared out over {world.size} processes",
            hint="make groups a multiple of the number of processes",
        )


def check_sampler(name: str) -> ModelSettings | None:
    """How the server that samples is started; None where there is none. Raises ConfigError where it cannot be."""
    if name == IN_PROCESS:
        return None
    settings = ModelSettings(model=VLLM) if name == VLLM else resolve(name)
    if not settings.local:
        raise ConfigError(
            f"{name} cannot sample: a trainer needs a server of its own, to give it new weights",
            hint=f"give {IN_PROCESS}, {VLLM}, or a name from agentprop.toml without base_url",
        )
    if vllm_program() is None:
        raise ConfigError("vLLM is not installed, and is to sample", hint=f"pip install vllm, or give {IN_PROCESS}")
    return settings


def sampler_of(config: ReinforceConfig, policy: PolicyModel, world: World, folder: Path) -> Sampler:
    """Who samples; `folder` is for the log of a server."""
    from agentprop.training.rl.samplers import InProcessSampler

    settings = check_sampler(config.sampler)
    if settings is None:
        return InProcessSampler(policy, config, world)
    from agentprop.training.rl.vllm_sampler import VllmSampler

    return VllmSampler(policy, config, world, folder, settings)


def loaded(config: ReinforceConfig, world: World, *, beta: float) -> PolicyModel:
    """The policy on its device, with a copy as π_ref where β > 0 and there are no adapters to switch off."""
    from agentprop.training.memory_errors import memory_errors
    from agentprop.training.model.policy import PolicyModel

    with memory_errors("the model"):
        policy = PolicyModel.load(config).spread(world)
        if beta and not config.lora_rank:
            policy.keep_reference(PolicyModel.load(config, frozen=True).spread(world))
    return policy


def reinforce(
    loop: Loop[Any], place: TrainingRun, watched: Sequence[str], *, stop: Callable[[], bool], quiet: bool
) -> RlProgress:
    """Take the steps that are owed. Raises what ended the run early, after saving what was learnt until then."""
    restored = place.restore(loop.optimiser)
    progress = RlProgress(**restored.state) if restored else RlProgress()
    loop.school.state = progress.school
    total = loop.config.steps
    with place.metrics(total, watched, quiet=quiet) as metrics, asyncio.Runner() as runner:
        try:
            runner.run(loop.sampler.refresh(loop.policy, progress.step))
            while progress.step < total:
                experience, progress = _attempt(loop, place, progress, runner, stop)
                told = runner.run(loop.learn(progress.step, experience))
                progress = progress.after(told, watched, loop.school.state)
                _keep(loop, place, metrics, progress, experience, told)
        finally:
            runner.run(loop.aclose())
    return progress


def _attempt(
    loop: Loop[Any], place: TrainingRun, progress: RlProgress, runner: asyncio.Runner, stop: Callable[[], bool]
) -> tuple[Experience, RlProgress]:
    """Roll out and score one step, and count its failures; alone, a process may be stopped in the middle of it."""
    from agentprop.training.rl.loop import unless

    alone = loop.world.size == 1
    try:
        if loop.world.any(stop()):
            raise KeyboardInterrupt
        attempt = loop.attempt(progress.step)
        experience = runner.run(unless(stop, attempt) if alone else attempt)
        place.reject(progress.step, experience.failures)
        return experience, progress.counting(experience, loop.config, loop.world)
    except (KeyboardInterrupt, AgentpropError) as ended:
        if progress.step and (alone or isinstance(ended, KeyboardInterrupt | TooManyFailures)):
            place.save(progress.step, loop.policy, loop.optimiser, asdict(progress))
        elif place.run is not None and not progress.step:
            place.run.commit({"step": 0})
        raise


def _keep(
    loop: Loop[Any],
    place: TrainingRun,
    metrics: Metrics,
    progress: RlProgress,
    experience: Experience,
    told: Mapping[str, float],
) -> None:
    """Metrics, samples and checkpoints, as they are due after a step."""
    config = loop.config
    if progress.step % config.log_every == 0:
        metrics.write(progress.step, told)
    if place.run is not None and (progress.step - 1) % config.sample_every == 0:
        for record in experience.records:
            place.run.add(record)
    if progress.step % config.save_every == 0 or progress.step == config.steps:
        place.save(progress.step, loop.policy, loop.optimiser, asdict(progress))
