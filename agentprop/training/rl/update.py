"""Training groups → an improved policy: log-probs at the sampling weights, token weights, minibatches, optimiser steps.

old, ref   log-probs of every action token by the trainer itself: those of another engine would put its rounding into r
w          token weights from the algorithm: zero-sum weights (MGPO), or the advantages themselves (GRPO)
step       whole groups at a time, so that every optimiser step is zero-sum; the loss is a sum over its tokens
           divided by N, their number over all processes, whatever the micro-batches
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from agentprop.errors import ConfigError
from agentprop.records import Stage
from agentprop.training.means import RunningMeans
from agentprop.training.model.distributed import World
from agentprop.training.model.logprobs import Scores
from agentprop.training.model.optimiser import Optimiser, StepReport
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.undo import Interrupted, Undo
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.advantages import GroupAdvantages
from agentprop.training.rl.algorithms import Algorithm
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.explore import Chosen, Explore, choose, draws
from agentprop.training.rl.losses import Loss, Sums, Tokens, effective_share, rollout_correction, token_means
from agentprop.training.rl.lp_reg import LpReg, held_up, hold
from agentprop.training.rl.pear import Pear
from agentprop.training.rl.stage_weights import by_stage, shares
from agentprop.training.rl.token_table import TokenTable, padded_rows

LEAST_EFFECTIVE = 0.3
"""Least effective share of a batch that was annealed (ours)."""
ROUNDING = 1e-3
"""Largest difference of a correction from 1 that two computations of the same log-probs may make."""


@dataclass(frozen=True)
class Correction:
    """Correction for another engine's sampling, by the ratio π_old/π_engine of each token."""

    cap: float = 2.0
    """Largest ratio."""
    low: float | None = None
    """Smallest ratio of a token that is not left out; None cuts ratios off at the cap instead of leaving tokens out."""


@dataclass(frozen=True)
class Objective:
    """Objective of an update, and its number of steps."""

    algorithm: Algorithm
    """Algorithm: weights and loss of the action tokens."""
    constant_groups: Literal["drop", "kl_only"] = "drop"
    """Treatment of groups without a signal: drop them, or still pull them to the reference."""
    correction: Correction | None = None
    """Correction π_old/π_engine; None if the trainer's own model sampled."""
    minibatches: int = 4
    """Optimiser steps per rollout batch."""
    explore: Explore | None = None
    """What keeps entropy up; None for nothing."""
    lp_reg: LpReg | None = None
    """What holds rare tokens up; None for nothing."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Weight of the actions of a stage, relative to others."""
    annealed: bool = False
    """Replies were drawn at temperatures that fall, so corrections are reported by position and may be too uneven."""
    pear: Pear | None = None
    """What lowers rewards by the entropy of thinking; None for nothing."""
    staleness: int = 0
    """Most steps between the weights that sampled and those that learn; corrections are reported by it."""

    @classmethod
    def of(cls, config: Any, algorithm: Algorithm, *, exact: bool) -> Self:
        """Build from the settings of a stage; `exact` says that the trainer's own model samples."""
        correction = Correction(config.correction_cap, config.correction_low if config.correction == "mask" else None)
        return cls(
            algorithm,
            constant_groups=config.constant_groups,
            correction=None if exact and config.anneal_decay is None else correction,
            minibatches=config.minibatches,
            explore=Explore.of(config),
            lp_reg=LpReg.of(config),
            stages=getattr(config, "stage_weights", None) or {},
            annealed=config.anneal_decay is not None,
            staleness=config.max_staleness,
        )

    def skips(self, group: GroupAdvantages) -> bool:
        """Return True if nothing can be learnt from a group, so that it is in no step and no N."""
        return group.singleton or (group.constant and self.constant_groups == "drop")


class FrozenLogprobs(NamedTuple):
    """Log-probs and entropies of every action token before the weights change, [A]."""

    old: Tensor
    """log π_old, nats."""
    ref: Tensor | None
    """log π_ref, nats."""
    engine: Tensor
    """The sampling engine's log-prob, nats; NaN if it gave none."""
    entropy: Tensor
    """Entropy of the policy's distribution, nats."""
    proxy: Tensor | None = None
    """Log-prob without noise, nats, of unlikely tokens; None without Lp-Reg."""


def learn(
    policy: PolicyModel,
    optimiser: Optimiser,
    groups: Sequence[TrainingGroup],
    objective: Objective,
    world: World,
    *,
    n_groups: int,
    pack_tokens: int,
    seed: str,
    step: int = 0,
    stop: Callable[[], bool] = bool,
) -> dict[str, float]:
    """Take up to `minibatches` optimiser steps and return their metrics. Every process calls it with its own groups.

    `n_groups` is the number of groups in a rollout batch over all processes; a group's slot says which of them it is.
    If no group has a signal, nothing is computed and no step is taken. `step` is the number of the batch, from which
    the ages of actions are counted.

    Once `stop` returns True, the update ends before the next row and is undone.

    Raises TrainingDiverged if the gradient stays non-finite, InputError if tokens are missing, and Interrupted if it
    was stopped.
    """
    undo = Undo(optimiser, policy.device)
    try:
        return _learn(policy, optimiser, groups, objective, world, undo, n_groups, pack_tokens, seed, step, stop)
    except Interrupted:
        raise Interrupted(clean=not world.any(not undo.back())) from None


def _learn(
    policy: PolicyModel,
    optimiser: Optimiser,
    groups: Sequence[TrainingGroup],
    objective: Objective,
    world: World,
    undo: Undo,
    n_groups: int,
    pack_tokens: int,
    seed: str,
    step: int,
    stop: Callable[[], bool],
) -> dict[str, float]:
    pear = objective.pear
    active = [g for g in groups if not objective.skips(g.advantages) or (pear is not None and pear.parts(g))]
    if not world.any(bool(active)):
        return {"steps": 0.0}
    table = TokenTable.of(active, pack_tokens)
    frozen = freeze(policy, table, objective, world, stop)
    extra: dict[str, float] = {}
    if pear is not None:
        active, shaping = pear.shaped(active, frozen.entropy)
        extra |= shaping.reduce(world)
    silent = {n for n, group in enumerate(active) if objective.skips(group.advantages)}
    actions = Actions.of([group.advantages for group in active], [group.lengths for group in active])
    weight, means = weigh(actions, frozen, objective)
    if objective.stages:
        weight = by_stage(weight, actions, objective.stages, world)
        extra |= shares(weight, actions, objective.stages, world)
    correction = None if objective.correction is None else corrections(frozen, objective.correction)
    if objective.annealed and correction is not None:
        check_effective(correction, world)
        by_position(means, correction, actions.action_A)
    chosen = (
        None if objective.explore is None else explored(objective.explore, active, table, frozen, weight, world, seed)
    )
    pull: Tensor | None = None
    if chosen is not None:
        weight, pull, extra = chosen.weight_A, chosen.pull_A, extra | chosen.metrics
    proxy: Tensor | None = None
    if objective.lp_reg is not None and frozen.proxy is not None:
        proxy, held = held_up(objective.lp_reg, weight, frozen.old, frozen.proxy, _in_loss(table), world)
        extra = extra | held
    policy.train()
    sums: list[Sums] = []
    steps: list[StepReport] = []
    slots = [group.number % n_groups if group.slot is None else group.slot for group in active]
    parts = minibatches(slots, n_groups, objective.minibatches, seed, world)
    for part in parts:
        numbers = [n for n, group in enumerate(table.group) if table.in_loss[n] and group in part - silent]
        n_tokens = world.sum([sum(table.sequences[number].n_actions for number in numbers)])[0]
        if not n_tokens:
            continue  # a step without a gradient would still move the weights by its momentum
        for batch, places in padded_rows(table.rows(numbers), world, stop):
            tokens = _tokens(policy(batch.to(policy.device)), places, weight, frozen, correction, actions)
            loss = objective.algorithm.loss(tokens, n_tokens)
            if pull is not None:
                loss = Loss(loss.loss + _pulled(tokens, pull[places], n_tokens), loss.sums)
            if proxy is not None and objective.lp_reg is not None:
                held_loss, held_sums = hold(objective.lp_reg, tokens, proxy[places], n_tokens)
                loss = Loss(loss.loss + held_loss, loss.sums | held_sums)
            loss.loss.backward()  # type: ignore[no-untyped-call]
            sums.append(loss.sums)
        if not steps and objective.minibatches > 1:
            undo.keep()  # with later minibatches there is something to undo
        steps.append(optimiser.step())
    describe(means, frozen, correction, actions)
    if objective.staleness and correction is not None:
        by_age(means, correction, ages(active, step)[actions.action_A], objective.staleness)
    return means.reduce(world) | extra | (token_means(sums, _over(world)) if sums else {}) | _of_steps(steps)


def minibatches(own: Sequence[int], n_groups: int, count: int, seed: str, world: World) -> list[set[int]]:
    """Deal groups to optimiser steps; return the indices into `own` for each step, which may be empty.

    `own` holds the numbers of this process's groups that take part. The groups of all processes are shuffled and dealt
    in one order, so a step has the same groups however they are distributed over processes.
    """
    known = world.sum([float(group in own) for group in range(n_groups)])
    order = [group for group, taking_part in enumerate(known) if taking_part]
    Random(seed).shuffle(order)
    step_of = {group: place % count for place, group in enumerate(order)}
    return [{n for n, group in enumerate(own) if step_of[group] == step} for step in range(count)]


# --- before the weights change ---


@torch.no_grad()
def freeze(
    policy: PolicyModel, table: TokenTable, objective: Objective, world: World, stop: Callable[[], bool] = bool
) -> FrozenLogprobs:
    """Compute the log-probs of every action token at the weights that sampled."""
    policy.eval()
    min_p = None if objective.lp_reg is None else objective.lp_reg.min_p
    old, entropy, proxy = _scores(policy, table, world, stop, min_p)
    ref = None
    if objective.algorithm.beta:
        with policy.reference() as reference:
            ref, _, _ = _scores(reference, table, world, stop)
    unknown = [
        np.full(s.n_actions, np.nan, np.float32) if s.logprobs is None else s.logprobs[s.mask] for s in table.sequences
    ]
    engine = torch.from_numpy(np.concatenate(unknown)) if unknown else torch.zeros(0)
    return FrozenLogprobs(old, ref, engine, entropy, proxy)


def _scores(
    policy: PolicyModel, table: TokenTable, world: World, stop: Callable[[], bool], min_p: float | None = None
) -> Scores:
    """Return log-probs, entropies and, with `min_p`, log-probs without noise, [A], on the CPU."""
    logprob, entropy = torch.zeros(2, table.n_actions)
    proxy = None if min_p is None else torch.full_like(logprob, -torch.inf)
    for batch, places in padded_rows(table.rows(range(len(table.sequences))), world, stop):
        found = policy(batch.to(policy.device), min_p=min_p)
        logprob[places] = found.logprob[: len(places)].float().cpu()
        entropy[places] = found.entropy[: len(places)].float().cpu()
        if proxy is not None:
            proxy[places] = found.proxy[: len(places)].float().cpu()
    return Scores(logprob, entropy, proxy)


def weigh(actions: Actions, frozen: FrozenLogprobs, objective: Objective) -> tuple[Tensor, RunningMeans]:
    """Return the weight of each action token's log-prob [A], and metrics about the weights."""
    found = objective.algorithm.weigh(actions, frozen.old, frozen.ref)
    means = RunningMeans()
    for name, value in found.metrics.items():
        means.add_mean(name, value, found.units)
    return found.weight_A, means


def corrections(frozen: FrozenLogprobs, how: Correction) -> Tensor:
    """Return the correction c of each action token [A]; 1 for tokens without a log-prob of the engine."""
    engine = torch.where(frozen.engine.isnan(), frozen.old, frozen.engine)
    return rollout_correction(frozen.old, engine, cap=how.cap, low=how.low)


def explored(
    explore: Explore,
    groups: Sequence[TrainingGroup],
    table: TokenTable,
    frozen: FrozenLogprobs,
    weight: Tensor,
    world: World,
    seed: str,
) -> Chosen:
    """Choose the tokens whose covariance of weight and log-prob lowers entropy most."""
    sizes = [sum(example.n_actions for example in group.examples) for group in groups]
    keys = draws(seed, [group.number for group in groups], sizes)
    return choose(explore, weight, frozen.old, _in_loss(table), keys, world)


def _in_loss(table: TokenTable) -> Tensor:
    """Mask of the action tokens that are in the loss, [A]."""
    kept = [kept for s, kept in zip(table.sequences, table.in_loss, strict=True) for _ in range(s.n_actions)]
    return torch.tensor(kept, dtype=torch.bool)


def _pulled(tokens: Tokens, pull_A: Tensor, n_tokens: float) -> Tensor:
    """Return (1/N) Σ pull·|log π_θ − log π_old|, the term of KL-Cov."""
    far = (tokens.logp_A - tokens.logp_old_A).abs()
    return (pull_A.to(far.device) * far).sum() / n_tokens


def _tokens(
    live: Scores,
    places: Tensor,
    weight: Tensor,
    frozen: FrozenLogprobs,
    correction: Tensor | None,
    actions: Actions,
) -> Tokens:
    """Collect the action tokens of a row; an empty row has none, but its graph still reaches every weight."""

    def of(values: Tensor) -> Tensor:
        return values[places].to(live.logprob.device)

    return Tokens(
        live.logprob[: len(places)],
        of(frozen.old),
        of(weight),
        None if correction is None else of(correction),
        None if frozen.ref is None else of(frozen.ref),
        of(actions.action_A),
    )


# --- metrics ---


def describe(means: RunningMeans, frozen: FrozenLogprobs, correction: Tensor | None, actions: Actions) -> None:
    """Add entropy, also by stage, KL(π_old ‖ π_ref), and the gap between the sampling engine and the trainer."""
    known = ~frozen.engine.isnan()
    values = {"entropy": frozen.entropy, "engine_gap": (frozen.old - frozen.engine)[known].abs()}
    for stage in Stage:
        chosen = torch.tensor([name == stage.value for name in actions.stage_J], dtype=torch.bool)
        values[f"entropy_{stage.value}"] = frozen.entropy[chosen[actions.action_A]]
    if frozen.ref is not None:
        values["kl_ref"] = frozen.old - frozen.ref
    if correction is not None:
        values["correction_mean"] = correction
        means.add_mean("effective_share", effective_share(correction), len(correction))
    for name, found in values.items():
        means.add_mean(name, float(found.double().mean()) if len(found) else 0.0, len(found))


def ages(groups: Sequence[TrainingGroup], step: int) -> Tensor:
    """Return the age of each action in steps, int64 [J]: how much older the weights are that began to sample it."""
    found = [
        step - version
        for group in groups
        for example, counts in zip(group.examples, group.lengths, strict=True)
        for version in (*example.versions, *[step] * len(counts))[: len(counts)]  # a sampler without versions is new
    ]
    return torch.tensor(found, dtype=torch.int64)


def by_age(means: RunningMeans, correction: Tensor, age_A: Tensor, most: int) -> None:
    """Add the mean age, and the mean correction and effective share of each age.

    With stale weights the correction is no longer the gap between two engines alone, so it is told apart.
    """
    means.add_mean("age", float(age_A.double().mean()) if len(age_A) else 0.0, len(age_A))
    for age in range(most + 1):
        found = correction[age_A == age]
        means.add_mean(f"correction_age_{age}", float(found.double().mean()) if len(found) else 0.0, len(found))
        share = effective_share(found) if len(found) else 0.0
        means.add_mean(f"effective_share_age_{age}", share, len(found))


def check_effective(correction: Tensor, world: World) -> None:
    """Raise ConfigError if the corrections are so uneven that few tokens are left of the batch, over all processes."""
    c = correction.double()
    n, total, squares = world.sum([float(len(c)), float(c.sum()), float((c * c).sum())])
    share = total**2 / (n * squares) if squares else 0.0
    if share < LEAST_EFFECTIVE:
        raise ConfigError(
            f"annealed replies differ so much from the policy's own that {share:.0%} of a batch still counts",
            hint="raise anneal_decay or anneal_low",
        )


def by_position(means: RunningMeans, correction: Tensor, action_A: Tensor) -> None:
    """Add the mean correction of each tenth of the replies, from `correction_tenth_1` on, and the share `annealed`.

    A token counts as annealed if its correction is not 1; that of one at temperature 1 is, up to rounding.
    """
    means.add("annealed", ((correction - 1).abs() > ROUNDING).tolist())
    count = torch.bincount(action_A)
    first = torch.cat([count.new_zeros(1), count.cumsum(0)[:-1]]) if len(count) else count
    tenth_A = (torch.arange(len(action_A)) - first[action_A]) * 10 // count[action_A]
    for tenth in range(10):
        found = correction[tenth_A == tenth]
        means.add_mean(f"correction_tenth_{tenth + 1}", float(found.double().mean()) if len(found) else 0.0, len(found))


def _over(world: World) -> Callable[[Tensor], Tensor]:
    return lambda totals: torch.tensor(world.sum(totals.tolist()), dtype=torch.float64)


def _of_steps(steps: Sequence[StepReport]) -> dict[str, float]:
    if not steps:
        return {"steps": 0.0}
    return {
        "steps": float(len(steps)),
        "grad_norm": sum(step.grad_norm for step in steps) / len(steps),
        "learning_rate": steps[-1].learning_rate,
        "clipped": sum(step.clipped for step in steps) / len(steps),
        "skipped": float(sum(not step.applied for step in steps)),
    }
