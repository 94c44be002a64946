"""Accepted trajectories and a model → a model that imitates them; a resumed run has the same losses.

Under torchrun every process runs this and reads the same runs; the first one writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Any

from agentprop.boundary import Tolerance
from agentprop.config import TrainSftConfig
from agentprop.engine import Interruption
from agentprop.errors import ConfigError
from agentprop.stages.common import accepted
from agentprop.stages.common.accepted import JoinedRuns
from agentprop.stages.common.dry_run import check_sources
from agentprop.stages.train.forecast import tell
from agentprop.stages.train.memory import memory_plan, tell_memory
from agentprop.stages.train.outcome import NothingLearnt, check_steps, check_weights
from agentprop.stages.train.run_dir import TrainingRun, require, training_run
from agentprop.stages.train.sft_material import gather
from agentprop.storage.run import open_run

if TYPE_CHECKING:
    from agentprop.training.data.imitation import Material, TrajectoryReader
    from agentprop.training.model.distributed import World
    from agentprop.training.model.optimiser import Optimiser
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.sft import SftProgress

WATCHED = ("loss", "held_out_loss", "tokens_per_s")


def run(
    config: TrainSftConfig, sources: Sequence[str], out: str, *, fresh: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """Train, or resume training; return the summary, which is empty in all processes but the first."""
    check(config)
    joined = accepted.join(sources)
    from agentprop.training.model.distributed import join

    with Interruption("the step under way") as stop, join(config.device) as world:
        return _run(config, joined, out, world, fresh=fresh, quiet=quiet, stop=stop)


def check(config: TrainSftConfig, sources: Sequence[str] = ()) -> None:
    """Check settings and libraries before anything is loaded. Raises ConfigError."""
    require(config)
    if config.patience and not (config.validation_share or config.held_out):
        raise ConfigError("patience needs held-out data, and nothing is held out", hint="set validation_share")
    check_sources(config, sources)


def dry_run(config: TrainSftConfig, sources: Sequence[str] = ()) -> None:
    """Check everything, and print what a run needs at most. Raises AgentpropError."""
    check(config, sources)
    tell(config)


def _run(
    config: TrainSftConfig,
    joined: JoinedRuns,
    out: str,
    world: World,
    *,
    fresh: bool,
    quiet: bool,
    stop: Interruption,
) -> dict[str, Any]:
    from agentprop.inference.chat_template import Renderer
    from agentprop.training.data.imitation import TrajectoryReader
    from agentprop.training.memory_errors import memory_errors
    from agentprop.training.model.loading import fingerprint
    from agentprop.training.model.optimiser import Optimiser
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.sft import EpochOrder

    with memory_errors("the model"):
        policy = PolicyModel.load(config)
    reader = TrajectoryReader(
        Renderer(policy.tokenizer), config.max_length, frozenset(config.learn_stages), config.names
    )
    material = gather(config, joined, reader, stop)
    read = [*joined.runs, *map(open_run, config.extracted)]
    inputs = {"model": fingerprint(config.model), "runs": " ".join(sorted(run.fingerprint for run in read))}
    with training_run(config, out, world, inputs=inputs, fresh=fresh, free=_free(config)) as run_dir:
        _tell_failures(config, reader, run_dir)
        with memory_errors("the model"):
            policy.distribute(world)
        chosen = memory_plan(config, policy, run_dir)
        config = config.model_copy(update={"pack_tokens": chosen.pack_tokens})
        everything = chain(material.skills, *material.train, *material.held_out)
        longest = max((len(sequence) for sequence in everything), default=0)
        tell_memory(config, policy, chosen, run_dir, longest=longest, quiet=quiet)
        optimiser = Optimiser(policy.trainable(), config, total_steps=EpochOrder(material, config).total)
        progress = _imitate(config, policy, optimiser, material, run_dir, quiet=quiet, stop=stop)
        kept = progress.best_step if config.patience else progress.step
        summary = _summary(progress, kept, reader, policy)
        _publish(config, policy, optimiser, run_dir, kept or progress.step, summary)
    return summary if world.first else {}


def _publish(
    config: TrainSftConfig,
    policy: PolicyModel,
    optimiser: Optimiser,
    run_dir: TrainingRun,
    step: int,
    summary: dict[str, Any],
) -> None:
    """Publish the model and the summary. Raises NothingLearnt, after the summary is written, if nothing was learnt."""
    try:
        check_steps(config, optimiser)
        check_weights(policy, run_dir.world)
    except NothingLearnt:
        run_dir.summarise(summary, finished=False)
        raise
    run_dir.publish(step)
    run_dir.summarise(summary, finished=True)


def _tell_failures(config: TrainSftConfig, reading: TrajectoryReader, place: TrainingRun) -> None:
    """Keep what could not be read among the rejects. Raises TooManyFailures if it is more than may."""
    place.reject(None, reading.failures)
    if place.run is not None and reading.failures:
        place.run.commit(place.run.state)
    failures = Tolerance(config.max_failures, records=reading.counts["train"] + reading.counts["held_out"])
    for _, failure in reading.failures:
        failures.add(failure)
    failures.check(over=True)


def _imitate(
    config: TrainSftConfig,
    policy: PolicyModel,
    optimiser: Optimiser,
    material: Material,
    run_dir: TrainingRun,
    *,
    quiet: bool,
    stop: Interruption,
) -> SftProgress:
    from agentprop.training.sft import EpochOrder, Hooks, SftProgress, imitate

    restored = run_dir.restore(optimiser)
    progress = SftProgress(**restored.state) if restored else SftProgress()
    total = min(EpochOrder(material, config).total, config.max_steps or 1 << 30)
    with run_dir.metrics(total, WATCHED, quiet=quiet) as metrics:

        def save(now: SftProgress) -> None:
            pinned = now.best_step if config.patience else None
            run_dir.save(now.step, policy, optimiser, asdict(now), pinned=pinned)

        hooks = Hooks(record=metrics.write, save=save, stop=stop)
        return imitate(policy, optimiser, material, config, run_dir.world, progress, hooks)


def _free(config: TrainSftConfig) -> frozenset[str]:
    """Return the settings that may change on resuming: with a constant learning rate also the number of epochs."""
    return frozenset({"epochs"} if config.schedule == "constant" else ())


def _summary(progress: SftProgress, kept: int | None, reader: TrajectoryReader, policy: PolicyModel) -> dict[str, Any]:
    from agentprop.training.memory_errors import peak_memory_mib

    return {
        "steps": progress.step,
        "model_of_step": kept,
        "loss": progress.loss,
        "held_out_loss": progress.held_out_loss,
        "best_held_out_loss": progress.best,
        "action_tokens": progress.tokens,
        "seconds": round(progress.seconds, 1),
        "parameters_trained": sum(parameter.numel() for _, parameter in policy.trainable()),
        "memory_mib": round(peak_memory_mib(policy.device)),
        "material": dict(sorted(reader.counts.items())),
        **({"drift": reader.drift.rate} if reader.drift.turns else {}),
    }
