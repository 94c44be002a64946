"""A training environment and a policy → steps of reinforcement learning in a run directory: saved, resumed, stopped.

Records of a step are committed together with its checkpoint. A step whose rollout fails or is stopped has changed
nothing, so the steps before it are saved as they are.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from agentprop.boundary import Tolerance
from agentprop.config import TrainMgpoConfig, TrainSolverConfig
from agentprop.config.reinforce import IN_PROCESS, VLLM, ReinforceConfig
from agentprop.errors import AgentpropError, ConfigError, TooManyFailures
from agentprop.models.annealing import Annealing
from agentprop.models.cache import FILE as REPLIES
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Sampling
from agentprop.models.costs import Meter
from agentprop.models.local import vllm_program
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.notices import note
from agentprop.records.action_text import OPENED_THOUGHT
from agentprop.stages.train.budget import POLICY
from agentprop.stages.train.memory import GIB, memory_plan, tell_memory
from agentprop.stages.train.outcome import NothingLearnt, check_episodes, check_weights
from agentprop.stages.train.run_dir import TrainingRun

if TYPE_CHECKING:
    from agentprop.training.metrics import Metrics
    from agentprop.training.model.distributed import World
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.rl.algorithms import Algorithm
    from agentprop.training.rl.loop import Experience, Loop
    from agentprop.training.rl.samplers import Sampler

R = TypeVar("R", bound=ReinforceConfig)
ENV_STATE = "school"
"""Key of the environment's state in checkpoints; every version of them has it under this name."""
RECENT = 10
"""Number of last steps that the summary averages over."""


@dataclass
class RlProgress:
    """Progress of a run, as a checkpoint stores it beside the weights."""

    step: int = 0
    """Number of rollout batches trained on."""
    tokens: int = 0
    """Number of tokens sampled."""
    seconds: float = 0.0
    """Seconds spent in steps."""
    recent: list[dict[str, float]] = field(default_factory=list)
    """Watched metrics of the last steps."""
    env: dict[str, Any] = field(default_factory=dict)
    """State of the environment."""
    episodes: int = 0
    """Episodes of all processes."""
    failures: int = 0
    """Those of them that failed unexpectedly."""
    ends: dict[str, int] = field(default_factory=dict)
    """Those of them that were cut off, ran out of turns or were lost, by name."""
    evaluated: int = -1
    """Step after which the policy was last evaluated; −1 if it never was."""
    best: float | None = None
    """Best evaluation of a trained policy; None without one."""
    best_step: int | None = None
    """The step after which it was found."""
    began_at: float | None = None
    """Evaluation before the first step."""

    def stored(self) -> dict[str, Any]:
        """Return the state that a checkpoint keeps, as JSON values."""
        state = asdict(self)
        env = state.pop("env")
        return {**state, ENV_STATE: env}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the progress from what `stored` returned."""
        return cls(**{"env" if key == ENV_STATE else key: value for key, value in state.items()})

    def after(self, metrics: Mapping[str, float], watched: Sequence[str], env: dict[str, Any]) -> RlProgress:
        """Return the progress after one more step."""
        row = {name: metrics[name] for name in watched if name in metrics}
        seconds = sum(value for name, value in metrics.items() if name.startswith("seconds/"))
        return replace(
            self,
            step=self.step + 1,
            tokens=self.tokens + int(metrics["tokens/sampled"]),
            seconds=self.seconds + seconds,
            recent=[*self.recent, row][-RECENT:],
            env=env,
        )

    def due(self, config: ReinforceConfig) -> bool:
        """Tell whether the policy is to be evaluated now."""
        every = config.evaluate_every
        if every is None or self.evaluated == self.step:
            return False
        return self.step % every == 0 or self.step >= config.steps

    def after_evaluation(self, value: float | None) -> RlProgress:
        """Return the progress after an evaluation; of equal ones the earlier is the best, and None is none."""
        if value is None:
            return replace(self, evaluated=self.step)
        if not self.step:
            return replace(self, evaluated=0, began_at=value)
        if self.best is not None and value <= self.best:
            return replace(self, evaluated=self.step)
        return replace(self, evaluated=self.step, best=value, best_step=self.step)

    def counting(self, experience: Experience, config: ReinforceConfig, world: World) -> RlProgress:
        """With the episodes of a step. Raises TooManyFailures, in all processes, where too many of them failed."""
        from agentprop.training.rl.loop import ENDS

        own = [experience.ends.get(end, 0) for end in ENDS]
        failed, rolled, *ended = world.sum([float(len(experience.failures)), float(experience.episodes), *own])
        ends = {end: self.ends.get(end, 0) + int(count) for end, count in zip(ENDS, ended, strict=True)}
        counted = replace(self, episodes=self.episodes + int(rolled), failures=self.failures + int(failed), ends=ends)
        last = experience.failures[-1][1].message if experience.failures else ""
        expected = config.steps * config.groups * config.group_size  # refills may add some
        Tolerance(config.max_failures, expected, counted.episodes, counted.failures, last).check()
        return counted

    def summary(self) -> dict[str, Any]:
        """Return the numbers that the command prints, with means over the last steps."""
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
            **self._evaluations(),
        }

    def _evaluations(self) -> dict[str, Any]:
        if self.best is None:
            return {}
        return {"evaluation_before": self.began_at, "evaluation_best": self.best, "best_step": self.best_step}


def check_groups(config: ReinforceConfig, world: World) -> None:
    """Check that the groups of a step and of an evaluation can be divided among processes. Raises ConfigError."""
    check_world(config.groups, world)
    if config.evaluate_every is not None:
        check_world(config.evaluate_groups, world)


def check_world(groups: int, world: World) -> None:
    """Check that groups can be divided evenly among processes. Raises ConfigError."""
    if groups % world.size:
        raise ConfigError(
            f"{groups} groups cannot be divided evenly among {world.size} processes",
            hint="make groups a multiple of the number of processes",
        )


def algorithm_of(config: TrainMgpoConfig | TrainSolverConfig) -> Algorithm:
    """The algorithm that the settings name, with its parameters."""
    from agentprop.training.rl.algorithms import ALGORITHMS

    return ALGORITHMS[config.algorithm].of(config)


def check_reinforce(config: ReinforceConfig, *, here: bool = True) -> None:
    """Check sampler, devices and refill before anything is loaded. Raises ConfigError.

    A run that is not to begin `here` may sample on a server that this machine cannot start.
    """
    settings = check_sampler(config.sampler, here=here)
    if config.refill and config.constant_groups != "drop":
        raise ConfigError(
            "refill replaces groups that constant_groups=kl_only learns from", hint="drop one of the two settings"
        )
    if config.max_staleness and settings is None:
        raise ConfigError(
            "sampling ahead needs a server, and the trainer's own model samples", hint=f"set sampler={VLLM}"
        )
    _check_transport(config, served=settings is not None)
    if config.anneal_decay is not None and settings is not None:
        raise ConfigError(
            "anneal_decay is for the trainer's own model: a server draws all tokens of a reply at one temperature",
            hint=f"set sampler={IN_PROCESS}, or drop anneal_decay",
        )
    if config.sampler_devices:
        from agentprop.training.rl.placement import places_of

        if settings is None:
            raise ConfigError(
                "sampler_devices are for servers, and the trainer's own model samples", hint=f"set sampler={VLLM}"
            )
        places_of(config.sampler_devices, [], visible=os.environ.get("CUDA_VISIBLE_DEVICES"))


def _check_transport(config: ReinforceConfig, *, served: bool) -> None:
    """Check the way of weights to servers. Raises ConfigError."""
    asked = "sampler_sleep" if config.sampler_sleep else f"transport={config.transport}"
    if not served and asked != "transport=auto":
        raise ConfigError(f"{asked} is for a server, and the trainer's own model samples", hint=f"set sampler={VLLM}")
    if config.transport == "adapter" and config.lora_rank is None:
        raise ConfigError("transport=adapter sends adapters, and all weights are trained", hint="set lora_rank")
    if config.sampler_sleep and config.max_staleness:
        raise ConfigError(
            "sampler_sleep lets servers rest while the trainer learns, and max_staleness lets them sample",
            hint="drop one of the two settings",
        )
    if config.transport == "nccl" and not config.sampler_devices and not config.sampler_sleep:
        raise ConfigError("transport=nccl needs servers on other GPUs", hint="name them in sampler_devices")
    if config.sampler_sleep and config.transport == "nccl":
        raise ConfigError(
            "sampler_sleep is for servers on the trainer's own GPU, which NCCL does not reach", hint="drop transport"
        )


def check_sampler(name: str, *, here: bool = True) -> ModelSettings | None:
    """Return the settings of the sampling server; None for the in-process sampler. Raises ConfigError.

    Without vLLM that is an error for a run that begins `here`, and a note for a plan of one.
    """
    if name == IN_PROCESS:
        return None
    settings = ModelSettings(model=VLLM) if name == VLLM else resolve(name)
    if not settings.local:
        raise ConfigError(
            f"{name} cannot be the sampler: a trainer needs its own server, to send new weights to",
            hint=f"give {IN_PROCESS}, {VLLM}, or a name from agentprop.toml without base_url",
        )
    if vllm_program() is None:
        if here:
            raise ConfigError(
                "the sampler needs vLLM, which is not installed", hint=f"pip install vllm, or give {IN_PROCESS}"
            )
        note("the sampler needs vLLM, which is not installed on this machine")
    return settings


def fit_memory(config: R, policy: PolicyModel, run_dir: TrainingRun, *, quiet: bool) -> R:
    """Return the settings with sizes that fit the device, after an estimate of the memory is printed."""
    from agentprop.training.rl.samplers import context_length

    chosen = memory_plan(config, policy, run_dir)
    tell_memory(config, policy, chosen, run_dir, longest=context_length(policy, config), quiet=quiet)
    return config.model_copy(update={"pack_tokens": chosen.pack_tokens, "cache_gib": chosen.cache_bytes / GIB})


def policy_sampling(config: ReinforceConfig) -> Sampling:
    """Return the sampling of the policy while it learns: the distribution that it is trained on, or annealed."""
    annealing = None
    if config.anneal_decay is not None:
        after = OPENED_THOUGHT if getattr(config, "anneal_turns", "all") == "think" else ""
        annealing = Annealing(config.anneal_decay, config.anneal_growth, config.anneal_high, config.anneal_low, after)
    return Sampling(temperature=1.0, top_p=1.0, max_tokens=config.reply_tokens, annealing=annealing)


def stated(sampling: Sampling) -> dict[str, Any]:
    """Return the sampling of the policy as records state it."""
    annealed = {} if sampling.annealing is None else {"annealing": asdict(sampling.annealing)}
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        **annealed,
    }


def sampler_of(
    config: ReinforceConfig, policy: PolicyModel, world: World, folder: Path, meter: Meter, stack: ExitStack
) -> Sampler:
    """Return the sampler of the settings; `folder` is for the log of a server.

    If its settings have prices, `meter` counts what it costs, and the folder stores that.
    """
    from agentprop.training.rl.samplers import InProcessSampler

    settings = check_sampler(config.sampler)
    if settings is None:
        size = {} if config.cache_gib is None else {"cache_bytes": round(config.cache_gib * GIB)}
        return InProcessSampler(policy, config, world, **size)
    from agentprop.training.rl.vllm_chat import PolicyAccount
    from agentprop.training.rl.vllm_sampler import VllmSampler

    account = None
    if settings.price_in is not None and settings.price_out is not None:
        journal = ReplyCache(folder / POLICY / REPLIES)
        stack.callback(journal.close)
        account = PolicyAccount(settings, meter, journal)
    return VllmSampler(policy, config, world, folder, settings, account)


def load_policy(config: ReinforceConfig, world: World, *, beta: float) -> PolicyModel:
    """Load the policy on its device, with a copy as π_ref if β > 0 and there are no adapters to switch off."""
    from agentprop.training.memory_errors import memory_errors
    from agentprop.training.model.policy import PolicyModel

    with memory_errors("the model"):
        policy = PolicyModel.load(config).distribute(world)
        if beta and not config.lora_rank:
            policy.keep_reference(PolicyModel.load(config, frozen=True).distribute(world))
    return policy


def reinforce(
    loop: Loop[Any], run_dir: TrainingRun, watched: Sequence[str], *, stop: Callable[[], bool], quiet: bool
) -> RlProgress:
    """Take the remaining steps. Raises the error that ended the run early, after saving the steps until then."""
    restored = run_dir.restore(loop.optimiser)
    progress = RlProgress.restored(restored.state) if restored else RlProgress()
    loop.env.state = progress.env
    total = loop.config.steps
    with run_dir.metrics(total, watched, quiet=quiet) as metrics, asyncio.Runner() as runner:
        try:
            runner.run(loop.sampler.refresh(loop.policy, progress.step))
            while True:
                if progress.due(loop.config):
                    progress = _evaluate(loop, run_dir, metrics, progress, runner, stop)
                if progress.step >= total:
                    break
                experience, progress = _attempt(loop, run_dir, progress, runner, stop)
                step_metrics = _update(loop, run_dir, progress, experience, runner, stop)
                progress = progress.after(step_metrics, watched, loop.env.state)
                _record_step(loop, run_dir, metrics, progress, experience, step_metrics)
        finally:
            runner.run(loop.aclose())
    return progress


def publish(loop: Loop[Any], run_dir: TrainingRun, progress: RlProgress, summary: Mapping[str, Any]) -> None:
    """Publish the model and the summary. Raises NothingLearnt, after the summary is written, if nothing was learnt."""
    try:
        check_episodes(loop.config, loop.optimiser, progress.episodes, progress.ends)
        check_weights(loop.policy, loop.world)
    except NothingLearnt:
        run_dir.summarise(summary, finished=False)
        raise
    run_dir.publish(progress.best_step or progress.step)
    run_dir.summarise(summary, finished=True)


def _attempt(
    loop: Loop[Any], run_dir: TrainingRun, progress: RlProgress, runner: asyncio.Runner, stop: Callable[[], bool]
) -> tuple[Experience, RlProgress]:
    """Roll out and score one step, and count its failures.

    It may be stopped in the middle, but several processes cannot be stopped while they score.
    """
    from agentprop.training.rl.loop import unless_stopped

    alone = loop.world.size == 1
    try:
        if loop.world.any(stop()):
            raise KeyboardInterrupt
        attempt = unless_stopped(stop, loop.attempt(progress.step)) if alone else loop.attempt(progress.step, stop)
        experience = runner.run(attempt)
        run_dir.reject(progress.step, experience.failures)
        return experience, progress.counting(experience, loop.config, loop.world)
    except (KeyboardInterrupt, AgentpropError) as ended:
        if not progress.step or alone or isinstance(ended, KeyboardInterrupt | TooManyFailures):
            _save_before(loop, run_dir, progress)
        raise


def _evaluate(
    loop: Loop[Any],
    run_dir: TrainingRun,
    metrics: Metrics,
    progress: RlProgress,
    runner: asyncio.Runner,
    stop: Callable[[], bool],
) -> RlProgress:
    """Evaluate the policy. The step before it is saved; if it is stopped, a resumed run evaluates first."""
    from agentprop.training.rl.loop import unless_stopped

    assert loop.evaluation is not None
    work = loop.evaluate(progress.step)
    found = runner.run(unless_stopped(stop, work) if loop.world.size == 1 else work)
    metrics.write(progress.step, found)
    value = found.get(f"evaluation/{loop.evaluation.measure}")
    if value is None and loop.world.first:
        note(f"the evaluation after step {progress.step} does not count: no reward of it is known")
    return progress.after_evaluation(value)


def _update(
    loop: Loop[Any],
    run_dir: TrainingRun,
    progress: RlProgress,
    experience: Experience,
    runner: asyncio.Runner,
    stop: Callable[[], bool],
) -> dict[str, float]:
    """Learn from one step. If it is stopped in the middle, the steps before it are saved as they were."""
    from agentprop.training.model.undo import Interrupted

    try:
        return runner.run(loop.learn(progress.step, experience, stop))
    except Interrupted as ended:
        if ended.clean:
            _save_before(loop, run_dir, progress)
        raise
    except ConfigError:  # found before the weights changed
        _save_before(loop, run_dir, progress)
        raise


def _save_before(loop: Loop[Any], run_dir: TrainingRun, progress: RlProgress) -> None:
    """Save the steps that are finished; before the first one there is nothing to save."""
    if progress.step:
        run_dir.save(progress.step, loop.policy, loop.optimiser, progress.stored(), pinned=progress.best_step)
    elif run_dir.run is not None:
        run_dir.run.commit({"step": 0})


def _record_step(
    loop: Loop[Any],
    run_dir: TrainingRun,
    metrics: Metrics,
    progress: RlProgress,
    experience: Experience,
    step_metrics: Mapping[str, float],
) -> None:
    """Write metrics, sampled records and a checkpoint, if they are due after this step."""
    config = loop.config
    if progress.step % config.log_every == 0:
        metrics.write(progress.step, step_metrics)
    if run_dir.run is not None and (progress.step - 1) % config.sample_every == 0:
        for record in experience.records:
            run_dir.run.add(record)
    if progress.step % config.save_every == 0 or progress.step == config.steps or progress.due(config):
        run_dir.save(progress.step, loop.policy, loop.optimiser, progress.stored(), pinned=progress.best_step)
