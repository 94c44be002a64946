"""Groups of trajectories → their actions as tensors, and which of them each action token belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from agentprop.training.rl.advantages import GroupAdvantages


@dataclass(frozen=True)
class Actions:
    """The actions of a rollout batch, group by group, and which of them each action token belongs to."""

    advantage_J: Tensor
    """A of each action, float64."""
    trajectory_J: Tensor
    """Trajectory of each action, from 0."""
    group_I: Tensor
    """Group of each trajectory, from 0."""
    action_A: Tensor
    """Action of each action token, from 0: group by group, trajectory by trajectory, in the order of the turns."""
    constant_G: Tensor
    """Whether a group has no signal."""
    singleton_G: Tensor
    """Whether a group has fewer than two trajectories."""

    @classmethod
    def of(
        cls,
        groups: Sequence[GroupAdvantages],
        lengths: Sequence[Sequence[Sequence[int]]],
        device: torch.device | str = "cpu",
    ) -> Actions:
        """From each group's advantages, and the action tokens of each group's trajectories' actions, in that order.

        Masked trajectories belong in as well: leave their tokens out of the loss, not out of their group.
        """
        members = [member for group in groups for member in group.members]
        counts = [list(map(int, member)) for group in lengths for member in group]
        if [len(m.fused) for m in members] != [len(c) for c in counts]:
            raise ValueError("advantages and token counts are not of the same actions")
        flat = torch.tensor([n for member in counts for n in member], dtype=torch.int64)
        per_member = torch.tensor([len(m.fused) for m in members], dtype=torch.int64)
        per_group = torch.tensor([len(group.members) for group in groups], dtype=torch.int64)
        return cls(
            advantage_J=torch.tensor([a for m in members for a in m.fused], dtype=torch.float64).to(device),
            trajectory_J=torch.repeat_interleave(per_member).to(device),
            group_I=torch.repeat_interleave(per_group).to(device),
            action_A=torch.repeat_interleave(flat).to(device),
            constant_G=torch.tensor([group.constant for group in groups], dtype=torch.bool).to(device),
            singleton_G=torch.tensor([group.singleton for group in groups], dtype=torch.bool).to(device),
        )
