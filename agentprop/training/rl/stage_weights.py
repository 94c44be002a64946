"""Weights of the stages → token weights in which some stages count more, at the same size of the update.

Explore-Execute Chain (arXiv 2509.23946) weighs the tokens of a plan more than those of its execution; here the stage of
an action says which it is. Ours: the weights are scaled so that their absolute sum over the batch stays, since a stage
weight would otherwise be a change of the learning rate; then each group is centred over its actions again, so that an
update stays zero-sum. The factor does not depend on the ratio, so that is allowed here, unlike after a gate.

Drafts weighed twice, 10 tokens of them and 90 others, all of weight 1: the factor is 100/110 = 0.909, so that draft
tokens have 1.818 and others 0.909 before they are centred.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from agentprop.training.model.distributed import World
from agentprop.training.rl.actions import Actions


def by_stage(weight_A: Tensor, actions: Actions, stages: Mapping[str, float], world: World) -> Tensor:
    """Return the weights of the action tokens with the stages weighed, float32 [A]. Every process calls it."""
    scaled = scaled_by_stage(weight_A, actions, stages, world)
    group_J = actions.group_I[actions.trajectory_J]
    first = torch.zeros(len(group_J), dtype=torch.float64)
    first[actions.action_A] = scaled  # every token of an action has the weight of its action
    groups = len(actions.constant_G)
    member_J = ~actions.branch_I[actions.trajectory_J]
    count = torch.bincount(group_J[member_J], minlength=groups).clamp(min=1)
    mean = torch.zeros(groups, dtype=torch.float64).index_add_(0, group_J[member_J], first[member_J]) / count
    return (scaled - mean[group_J][actions.action_A]).float()


def shares(weight_A: Tensor, actions: Actions, stages: Mapping[str, float], world: World) -> dict[str, float]:
    """Return the share of the absolute weights that each of the stages has, over all processes, by `weight_STAGE`."""
    stage_A = [actions.stage_J[action] for action in actions.action_A.tolist()]
    size = weight_A.double().abs()
    own = [float(size[torch.tensor([name == stage for name in stage_A], dtype=torch.bool)].sum()) for stage in stages]
    whole, *parts = world.sum([float(size.sum()), *own])
    return {f"weight_{stage}": part / whole if whole else 0.0 for stage, part in zip(stages, parts, strict=True)}


def scaled_by_stage(weight_A: Tensor, actions: Actions, stages: Mapping[str, float], world: World) -> Tensor:
    """Return the weights times those of their stages, float64 [A], at the same absolute sum over all processes."""
    weigh_J = torch.tensor([stages.get(stage, 1.0) for stage in actions.stage_J], dtype=torch.float64)
    found = weight_A.double() * weigh_J[actions.action_A]
    before, after = world.sum([float(weight_A.double().abs().sum()), float(found.abs().sum())])
    return found * (before / after) if after else found
