"""Training groups → an improved policy: token weights, minibatches, optimiser steps.

A step takes whole groups at a time, so that each is zero-sum; its loss is a sum over its tokens divided by N, their
number over all processes, whatever the micro-batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import torch
from torch import Tensor

from agentprop.records import Stage
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser, StepReport
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.undo import Interrupted, Undo
from agentprop.training.rl.corrections import ages, by_age
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.losses import Sums, token_means
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.token_table import padded_rows
from agentprop.training.rl.weighing import Weighted, weighted


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
    batch = weighted(policy, groups, objective, world, pack_tokens, seed, stop)
    if batch is None:
        return {"steps": 0.0}
    policy.train()
    sums: list[Sums] = []
    steps: list[StepReport] = []
    slots = [group.number % n_groups if group.slot is None else group.slot for group in batch.groups]
    for part in minibatches(slots, n_groups, objective.minibatches, seed, world):
        numbers = batch.sequences(part)
        n_tokens = world.sum([sum(batch.table.sequences[number].n_actions for number in numbers)])[0]
        if not n_tokens:
            continue  # a step without a gradient would still move the weights by its momentum
        for row, places in padded_rows(batch.table.rows(numbers), world, stop):
            loss = batch.loss(policy(row.to(policy.device)), places, objective, n_tokens)
            loss.loss.backward()  # type: ignore[no-untyped-call]
            sums.append(loss.sums)
        if not steps and objective.minibatches > 1:
            undo.keep()  # with later minibatches there is something to undo
        steps.append(optimiser.step())
    means, correction = batch.means, batch.correction_A
    describe(batch)
    if objective.staleness and correction is not None:
        by_age(means, correction, ages(batch.groups, step)[batch.actions.action_A], objective.staleness)
    return means.reduce(world) | batch.metrics | (token_means(sums, _over(world)) if sums else {}) | _of_steps(steps)


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


def describe(batch: Weighted) -> None:
    """Add entropy, also by stage, KL(π_old ‖ π_ref), and the gap between the sampling engine and the trainer.

    `ref_logprob_accepted` is the mean of log π_ref over the tokens of accepted samples: it falls if what is accepted
    leaves the reference's support (2510.04028 asks whether it does; the metric is ours).
    """
    frozen, actions, means = batch.frozen, batch.actions, batch.means
    known = ~frozen.engine.isnan()
    values = {"entropy": frozen.entropy, "engine_gap": (frozen.old - frozen.engine)[known].abs()}
    for stage in Stage:
        chosen = torch.tensor([name == stage.value for name in actions.stage_J], dtype=torch.bool)
        values[f"entropy_{stage.value}"] = frozen.entropy[chosen[actions.action_A]]
    if frozen.ref is not None:
        values["kl_ref"] = frozen.old - frozen.ref
        values["ref_logprob_accepted"] = frozen.ref[batch.table.tokens_of(batch.table.accepted)]
    if batch.correction_A is not None:
        values["correction_mean"] = batch.correction_A
        means.add_weights("effective_share", batch.correction_A.tolist())
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
