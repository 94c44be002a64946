"""Groups of trajectories → their actions as tensors, and the action that each action token belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from agentprop.training.rl.advantages import GroupAdvantages


@dataclass(frozen=True)
class Actions:
    """Actions of a rollout batch, group by group, and the action that each action token belongs to."""

    advantage_J: Tensor
    """Advantage A of each action, float64."""
    trajectory_J: Tensor
    """Index of each action's trajectory."""
    group_I: Tensor
    """Index of each trajectory's group."""
    stage_J: tuple[str, ...]
    """Cognitive stage of each action."""
    action_A: Tensor
    """Index of each action token's action: group by group, trajectory by trajectory, in the order of the turns."""
    constant_G: Tensor
    """Mask of groups without a signal."""
    singleton_G: Tensor
    """Mask of groups with fewer than two trajectories."""
    branch_I: Tensor
    """Mask of trajectories that are no part of their group's means."""

    @classmethod
    def of(
        cls,
        groups: Sequence[GroupAdvantages],
        lengths: Sequence[Sequence[Sequence[int]]],
        device: torch.device | str = "cpu",
    ) -> Actions:
        """Build from each group's advantages and the number of action tokens by group, trajectory and action.

        Include masked trajectories: their tokens are left out of the loss, but not out of their group. Raises
        ValueError if the two arguments do not describe the same actions.
        """
        members = [member for group in groups for member in group.every]
        counts = [list(map(int, member)) for group in lengths for member in group]
        if [len(m.fused) for m in members] != [len(c) for c in counts]:
            raise ValueError("advantages and token counts are not of the same actions")
        flat = torch.tensor([n for member in counts for n in member], dtype=torch.int64)
        per_member = torch.tensor([len(m.fused) for m in members], dtype=torch.int64)
        per_group = torch.tensor([len(group.every) for group in groups], dtype=torch.int64)
        return cls(
            advantage_J=torch.tensor([a for m in members for a in m.fused], dtype=torch.float64).to(device),
            trajectory_J=torch.repeat_interleave(per_member).to(device),
            group_I=torch.repeat_interleave(per_group).to(device),
            stage_J=tuple(stage for m in members for stage in (m.names or ("",) * len(m.fused))),
            action_A=torch.repeat_interleave(flat).to(device),
            constant_G=torch.tensor([group.constant for group in groups], dtype=torch.bool).to(device),
            singleton_G=torch.tensor([group.singleton for group in groups], dtype=torch.bool).to(device),
            branch_I=torch.tensor(
                [branch for g in groups for branch in (*[False] * len(g.members), *[True] * len(g.branches))],
                dtype=torch.bool,
            ).to(device),
        )
