"""Accepted problems and a model → a better solver, by GRPO on question and answer; a resumed run takes the same steps.

checkpoints/, metrics.jsonl, model/    as in every training run
problems/, attempts/                   the first questions of some steps, with the attempts at them
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from agentprop import __version__
from agentprop.config import TrainSolverConfig
from agentprop.engine import Interruption
from agentprop.errors import ConfigError, InputError
from agentprop.grading.difficulty import Band
from agentprop.grading.probers import Prober
from agentprop.prompts import prompt_hash
from agentprop.records import MadeBy, Problem
from agentprop.sandbox import Sandbox
from agentprop.stages.common.accepted import JoinedRuns, join
from agentprop.stages.common.dry_run import check_sources
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.train.budget import shared_meter
from agentprop.stages.train.forecast import tell
from agentprop.stages.train.rl_run import (
    algorithm_of,
    check_groups,
    check_reinforce,
    fit_memory,
    load_policy,
    policy_sampling,
    publish,
    reinforce,
    sampler_of,
    stated,
)
from agentprop.stages.train.run_dir import require, training_run

if TYPE_CHECKING:
    from agentprop.training.model.distributed import World
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.rl.examples import ComparisonRule
    from agentprop.training.rl.objective import Objective
    from agentprop.training.rl.samplers import Sampler
    from agentprop.training.rl.solver_env import SolverEnv

WATCHED = (
    "reward/accuracy",
    "reward/solved",
    "fate/masked",
    "groups/constant",
    "tokens/reply",
    "update/entropy",
    "update/kl_old",
)
"""Metrics that a line of progress and the summary show."""


def run(
    config: TrainSolverConfig, sources: Sequence[str], out: str, *, fresh: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """Train, or resume training; return the summary, which is empty in all processes but the first."""
    check(config)
    joined = join(sources, band=Band.of(config.difficulty))
    exercises = gather(config, joined)
    from agentprop.training.model.distributed import join as take_part

    with Interruption("the step under way") as stop, take_part(config.device) as world:
        return _run(config, joined, exercises, out, world, fresh=fresh, quiet=quiet, stop=stop)


def check(config: TrainSolverConfig, sources: Sequence[str] = (), *, here: bool = True) -> None:
    """Check libraries, sampler and runs before anything is loaded. Raises AgentpropError.

    What only the machine of the run must have is no error unless the run is to begin `here`.
    """
    require(config)
    check_reinforce(config, here=here)
    if config.pear is not None and config.refill:
        raise ConfigError("refill replaces groups of right answers, which pear learns from", hint="drop one of the two")
    algorithm_of(config)
    check_sources(config, sources)


def dry_run(config: TrainSolverConfig, sources: Sequence[str] = ()) -> None:
    """Check everything, and print what a run needs at most. Raises AgentpropError."""
    check(config, sources, here=False)
    tell(config)


def gather(config: TrainSolverConfig, joined: JoinedRuns) -> list[Problem]:
    """Question and answer of every problem that V accepted, in the band, each once. Raises InputError if none is left.

    Problems that differ only in their certificate are one exercise.
    """
    from agentprop.training.rl.solver_env import exercise

    kept: dict[str, Problem] = {}
    for accepted in joined.problems(Band.of(config.difficulty)):
        if config.limit is not None and len(kept) >= config.limit:
            break
        one = exercise(accepted.problem)
        if one.id in kept:
            joined.left_out["there before"] += 1
        kept.setdefault(one.id, one)
    found = list(kept.values())
    if not found:
        reasons = ", ".join(f"{count} {reason}" for reason, count in joined.left_out.most_common())
        raise InputError(
            f"there is no problem to train on: {reasons}", hint="widen --difficulty, or propose and verify more"
        )
    return found


def _run(
    config: TrainSolverConfig,
    joined: JoinedRuns,
    exercises: list[Problem],
    out: str,
    world: World,
    *,
    fresh: bool,
    quiet: bool,
    stop: Interruption,
) -> dict[str, Any]:
    from agentprop.training.model.loading import fingerprint
    from agentprop.training.model.optimiser import Optimiser
    from agentprop.training.rl.loop import Evaluation, Loop

    check_groups(config, world)
    runs = " ".join(sorted(stored.fingerprint for stored in joined.runs))
    inputs = {"model": fingerprint(config.model), "runs": runs}
    with (
        training_run(config, out, world, inputs=inputs, fresh=fresh, folders=(MODELS,)) as run_dir,
        ExitStack() as stack,
    ):
        policy = load_policy(config, world, beta=config.beta)
        config = fit_memory(config, policy, run_dir, quiet=quiet)
        models = run_dir.path / MODELS
        sampler = sampler_of(config, policy, world, models, shared_meter(config, models, world.size), stack)
        sandbox = stack.enter_context(Sandbox(allow_weak=config.allow_weak_sandbox))
        kept, held_out = _divided(config, exercises)
        env = _env(config, kept, policy, sampler, sandbox, world)
        evaluation = None
        if held_out:
            asked = replace(env.solver, sampling=replace(env.solver.sampling, annealing=None))
            evaluation = Evaluation(replace(env, exercises=held_out, groups=len(held_out), solver=asked), "accuracy")
        total = config.steps * config.minibatches
        loop = Loop(
            policy,
            Optimiser(policy.trainable(), config, total_steps=total),
            sampler,
            env,
            _objective(config, sampler),
            config,
            world,
            evaluation=evaluation,
        )
        progress = reinforce(loop, run_dir, WATCHED, stop=stop, quiet=quiet)
        left_out = dict(joined.left_out)
        summary = {**progress.summary(), "exercises": len(kept), "left_out": left_out}
        publish(loop, run_dir, progress, summary)
    return summary if world.first else {}


def _divided(config: TrainSolverConfig, exercises: list[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Return what is trained on and what evaluations ask, drawn by the seed. Raises InputError if there are too few."""
    if config.evaluate_every is None:
        return exercises, []
    if len(exercises) <= config.evaluate_groups:
        raise InputError(
            f"{len(exercises)} problems cannot spare {config.evaluate_groups} for evaluation",
            hint="lower evaluate_groups, or propose more",
        )
    held_out = set(Random(f"{config.seed}/evaluation").sample(range(len(exercises)), config.evaluate_groups))
    return (
        [one for place, one in enumerate(exercises) if place not in held_out],
        [one for place, one in enumerate(exercises) if place in held_out],
    )


def _env(
    config: TrainSolverConfig,
    exercises: Sequence[Problem],
    policy: PolicyModel,
    sampler: Sampler,
    sandbox: Sandbox,
    world: World,
) -> SolverEnv:
    from agentprop.inference.chat_template import Renderer
    from agentprop.training.rl.solver_env import SolverEnv

    sampling = policy_sampling(config)
    told = json.dumps(stated(sampling), sort_keys=True)
    made_by = MadeBy(name=config.model, sampling=told, prompt_hash=prompt_hash("prober"), version=__version__)
    return SolverEnv(
        exercises,
        Prober(sampler.model, config.model, sampling, made_by, sandbox),
        _comparison(config),
        config.wrong_reward,
        config.mask_cut_off,
        config.groups,
        config.group_size,
        config.seed,
        world,
        decode=None if config.pear is None else Renderer(policy.tokenizer).decode,
    )


def _comparison(config: TrainSolverConfig) -> ComparisonRule:
    from agentprop.training.rl.examples import ComparisonRule

    return ComparisonRule(omega=0.0, std=config.std, floor_episode=0.0)


def _objective(config: TrainSolverConfig, sampler: Sampler) -> Objective:
    from agentprop.training.rl.objective import Objective
    from agentprop.training.rl.pear import Pear

    pear = None if config.pear is None else Pear(config.pear, _comparison(config))
    return replace(Objective.of(config, algorithm_of(config), exact=sampler.exact), pear=pear)
