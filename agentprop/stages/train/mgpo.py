"""Skills, a proposer, verifiers and probers → a better proposer; a resumed run takes the same steps.

    checkpoints/, metrics.jsonl, model/    as in every training run
    trajectories/, problems/, verdicts/ …  the first groups of some steps, for `show` and `report`
    models/                                paid replies of verifiers and probers

Under torchrun every process runs this with its own tasks; the first one writes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from agentprop.agent.bundles import BundleFilter, Bundles, written_skills
from agentprop.agent.identities import model_made_by
from agentprop.agent.sources import tools
from agentprop.composition.planner import Planner
from agentprop.config import ProposeConfig, TrainMgpoConfig
from agentprop.engine import Interruption
from agentprop.errors import ConfigError
from agentprop.grading.prober_pool import SwitchRule
from agentprop.grading.simulated_prober import check_simulated, is_simulated
from agentprop.models.costs import Meter
from agentprop.models.registry import resolve
from agentprop.records import StopReason, Trajectory
from agentprop.sandbox import Sandbox
from agentprop.stages.common.library import fingerprint, gather
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import runs_here, spending_of
from agentprop.stages.common.panel import check_verifiers
from agentprop.stages.common.plan import Plan, plan_of
from agentprop.stages.train.budget import shared_meter
from agentprop.stages.train.forecast import tell
from agentprop.stages.train.judges import Judges, judges_of, verifying
from agentprop.stages.train.rl_run import (
    RlProgress,
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
    from agentprop.training.data.sequences import Drift
    from agentprop.training.model.distributed import World
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.rl.examples import ComparisonRule, Encode
    from agentprop.training.rl.objective import Objective
    from agentprop.training.rl.proposer_env import ProposerEnv
    from agentprop.training.rl.samplers import Sampler
    from agentprop.training.rl.scoring import Rewards

EVALUATION_SEED = 1_000_000_007
"""Added to the seed for the tasks of an evaluation, which training must not meet."""
WATCHED = (
    "reward/r_T",
    "reward/r_T_formed",
    "reward/formed",
    "reward/validity",
    "reward/rho",
    "edits/pruned",
    "fate/masked",
    "update/entropy",
    "update/kl_ref",
    "update/gate",
)
"""Metrics that a line of progress and the summary show."""


def run(config: TrainMgpoConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Train, or resume training; return the summary, which is empty in all processes but the first."""
    check(config)
    plan = _plan(config)
    from agentprop.training.model.distributed import join

    with Interruption("the step under way") as stop, join(config.device) as world:
        return _run(config, plan, out, world, fresh=fresh, quiet=quiet, stop=stop)


def check(config: TrainMgpoConfig, *, here: bool = True) -> None:
    """Check settings, models and libraries before anything is loaded. Raises ConfigError.

    What only the machine of the run must have is no error unless the run is to begin `here`.
    """
    require(config)
    check_reinforce(config, here=here)
    check_verifiers(verifying(config))
    check_simulated(config.prober, allowed=config.allow_simulated)
    probers = [resolve(name) for name in config.prober if not is_simulated(name)]
    served = [one for one in probers if not (one.local and runs_here(one))]
    Meter(max_cost=config.max_cost).check_prices([*served])
    algorithm_of(config)
    if config.stage_weights and config.granularity != "action":
        raise ConfigError("stage weights need one weight for each action", hint="drop granularity or stage_weights")
    if config.hints and config.one_shot:
        raise ConfigError("an episode of one turn leaves none for a hint", hint="drop one_shot or hints")


def dry_run(config: TrainMgpoConfig) -> None:
    """Check everything, and print what a run needs at most. Raises AgentpropError."""
    check(config, here=False)
    _plan(config)
    tell(config)


def _plan(config: TrainMgpoConfig) -> Plan:
    """Gather the skills, and plan what is drawn of them. Raises AgentpropError if nothing can be."""
    return plan_of(_proposing(config), gather(config.skills, bundled=config.bundled_skills))


def _run(
    config: TrainMgpoConfig, plan: Plan, out: str, world: World, *, fresh: bool, quiet: bool, stop: Interruption
) -> dict[str, Any]:
    from agentprop.training.model.loading import fingerprint as model_fingerprint
    from agentprop.training.model.optimiser import Optimiser
    from agentprop.training.rl.loop import Evaluation, Loop

    check_groups(config, world)
    inputs = {"model": model_fingerprint(config.model), "skills": fingerprint(plan.library)}
    with (
        training_run(config, out, world, inputs=inputs, fresh=fresh, folders=(MODELS,)) as run_dir,
        ExitStack() as stack,
    ):
        policy = load_policy(config, world, beta=config.beta)
        config = fit_memory(config, policy, run_dir, quiet=quiet)
        models = run_dir.path / MODELS
        meter = shared_meter(config, models, world.size)
        sampler = sampler_of(config, policy, world, models, meter, stack)
        sandbox = stack.enter_context(Sandbox(allow_weak=config.allow_weak_sandbox))
        judges = judges_of(config, dict(plan.library), models, sandbox, world, stack, meter)
        env = _env(config, plan, policy, sampler, sandbox, judges, world)
        evaluation = None
        if config.evaluate_every is not None:
            evaluation = Evaluation(_held_out(config, plan, env), "r_T")
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
        summary = {**_summary(progress, config), "spending": spending_of(meter) if meter.spend() else {}}
        publish(loop, run_dir, progress, summary)
    return summary if world.first else {}


# --- parts of the loop, from the settings ---


def _proposing(config: TrainMgpoConfig) -> ProposeConfig:
    """Return the settings of `propose` that draw the same tasks for a model, with the same rules."""
    return ProposeConfig(
        n=1,
        proposer=config.model,
        domain=config.domain,
        categories=config.categories,
        skills=config.skills,
        bundled_skills=config.bundled_skills,
        bundles=config.bundles,
        held_out=config.held_out,
        distractors=config.distractors,
        distractor_share=config.distractor_share,
        names=config.names,
        min_skills=config.min_skills,
        max_skills=config.max_skills,
        max_turns=config.max_turns,
        repeat_skills=config.repeat_skills,
        prune=config.prune,
        one_shot=config.one_shot,
        strict=True,  # what is trained on is what was sampled
        mastery_alpha=config.mastery_alpha,
        mastery_epsilon=config.mastery_epsilon,
        seed=config.seed,
        allow_weak_sandbox=config.allow_weak_sandbox,
    )


def _rewards(config: TrainMgpoConfig) -> Rewards:
    """Return the parameters of rewards; in one-shot mode running out of turns is a failure, not a cut-off."""
    from agentprop.training.rl.scoring import CUT_OFF, Rewards

    cut_off = CUT_OFF - {StopReason.TURN_LIMIT} if config.one_shot else CUT_OFF
    return Rewards(config.r_base, config.lam, config.malformed_reward, cut_off if config.mask_cut_off else frozenset())


def _comparison(config: TrainMgpoConfig) -> ComparisonRule:
    from agentprop.training.rl.advantages import episode_floor
    from agentprop.training.rl.examples import ComparisonRule

    return ComparisonRule(algorithm_of(config).omega, config.std, floor_episode=episode_floor(config.lam, config.k))


def _objective(config: TrainMgpoConfig, sampler: Sampler) -> Objective:
    from agentprop.training.rl.objective import Objective

    return Objective.of(config, algorithm_of(config), exact=sampler.exact)


def _env(
    config: TrainMgpoConfig,
    plan: Plan,
    policy: PolicyModel,
    sampler: Sampler,
    sandbox: Sandbox,
    judges: Judges,
    world: World,
) -> ProposerEnv:
    from agentprop.training.rl.hints import Hints
    from agentprop.training.rl.proposer_env import ProposerEnv
    from agentprop.training.rl.rollout import RolloutSetup
    from agentprop.training.rl.tasks import Tasks

    bundles = Bundles(plan.planner(), written_skills(plan.library), paths=config.bundles == "path")
    sampling = policy_sampling(config)
    made_by = model_made_by(config.model, None, stated(sampling))
    setup = RolloutSetup(
        bundles.library,
        tools(),
        sampler.executor(sandbox),
        plan.rules,
        made_by,
        keep_cut=not config.mask_cut_off,
        names=config.names,
    )
    return ProposerEnv(
        tasks=Tasks(bundles, plan.curriculum, config.seed, plan.variety),
        setup=setup,
        sampler=sampler,
        sampling=sampling,
        verify=judges.verify,
        probers=judges.probers,
        close=judges.aclose,
        rule=_rule(config),
        k=config.k,
        rewards=_rewards(config),
        comparison=_comparison(config),
        encode=_encode(config, policy),
        drift=_drift(config, policy),
        hints=Hints(config.hints, config.steps) if config.hints else None,
        groups=config.groups,
        size=config.group_size,
        world=world,
    )


def _held_out(config: TrainMgpoConfig, plan: Plan, env: ProposerEnv) -> ProposerEnv:
    """Return the environment of an evaluation: other tasks, with held-out pairs if there are any.

    Its mastery is never updated, so the tasks stay the same and the first prober measures them.
    """
    from agentprop.training.rl.tasks import Tasks

    allowed = BundleFilter.of(
        config.held_out, bool(config.held_out), config.max_skills, config.min_skills, config.distractors
    )
    bundles = replace(env.tasks.bundles, planner=Planner(plan.library, plan.survey, allowed=allowed))
    tasks = Tasks(bundles, plan.curriculum, config.seed + EVALUATION_SEED, plan.variety)
    sampling = replace(env.sampling, annealing=None)
    return replace(env, tasks=tasks, groups=config.evaluate_groups, sampling=sampling, hints=None, state={})


def _rule(config: TrainMgpoConfig) -> SwitchRule:
    return SwitchRule(len(config.prober), config.switch_every, config.switch_below, config.switch_samples)


def _encode(config: TrainMgpoConfig, policy: PolicyModel) -> Encode:
    from agentprop.inference.chat_template import Renderer
    from agentprop.training.rl.examples import encode_exactly, encode_or_render

    return encode_or_render(Renderer(policy.tokenizer)) if config.allow_retokenised else encode_exactly


def _drift(config: TrainMgpoConfig, policy: PolicyModel) -> Callable[[Trajectory], Drift] | None:
    """Return the function that measures drift if re-tokenised text is allowed, else None."""
    from agentprop.inference.chat_template import Renderer
    from agentprop.training.data.sequences import drift

    return partial(drift, renderer=Renderer(policy.tokenizer)) if config.allow_retokenised else None


def _summary(progress: RlProgress, config: TrainMgpoConfig) -> dict[str, Any]:
    pool = progress.env.get("pool", {}).get("prober", 0)
    mastery = {category: round(value, 3) for category, value in progress.env.get("mastery", {}).items()}
    return {**progress.summary(), "prober": config.prober[pool] if config.prober else None, "mastery": mastery}
