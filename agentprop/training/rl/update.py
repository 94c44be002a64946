"""Training groups → an improved policy: log-probs at the sampling weights, token weights, minibatches, optimiser steps.

old, ref   log-probs of every action token by the trainer itself: those of another engine would put its rounding into r
w          token weights from the algorithm: zero-sum weights (MGPO), or the advantages themselves (GRPO)
step       whole groups at a time, so that every optimiser step is zero-sum; the loss is a sum over its tokens
           divided by N, their number over all processes, whatever the micro-batches
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import torch
from torch import Tensor

from agentprop.records import Stage
from agentprop.training.means import RunningMeans
from agentprop.training.model.distributed import World
from agentprop.training.model.logprobs import Scores
from agentprop.training.model.optimiser import Optimiser, StepReport
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.undo import Interrupted, Undo
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.corrections import ages, by_age, by_position, check_effective, corrections
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.explore import Chosen, Explore, choose, draws
from agentprop.training.rl.frozen import FrozenLogprobs, freeze
from agentprop.training.rl.losses import Loss, Sums, Tokens, effective_share, token_means
from agentprop.training.rl.lp_reg import held_up, hold
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.stage_weights import by_stage, shares
from agentprop.training.rl.token_table import TokenTable, padded_rows


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


def weigh(actions: Actions, frozen: FrozenLogprobs, objective: Objective) -> tuple[Tensor, RunningMeans]:
    """Return the weight of each action token's log-prob [A], and metrics about the weights."""
    found = objective.algorithm.weigh(actions, frozen.old, frozen.ref)
    means = RunningMeans()
    for name, value in found.metrics.items():
        means.add_mean(name, value, found.units)
    return found.weight_A, means


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
