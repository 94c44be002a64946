"""Scored groups → training groups: the advantages of a group together with its tokens.

Lost members are left out, because their reward is unknown. Masked members stay in the group and keep their tokens,
because the mean of R_θ is taken over the whole group, but they are not in the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agentprop.errors import InputError
from agentprop.inference.chat_template import Renderer
from agentprop.records import Trajectory
from agentprop.training.data.sequences import TokenSequence, from_turn, rendered, sequences_of
from agentprop.training.rl.advantages import ActionReturn, GroupAdvantages, ReturnedEpisode, Std, advantages
from agentprop.training.rl.scoring import Scored, ScoredGroup

Encode = Callable[[Trajectory], list[TokenSequence]]


@dataclass(frozen=True)
class ComparisonRule:
    """Parameters of the comparison of a group's members."""

    omega: float = 0.5
    """Weight ω of A_S; 0 compares only whole episodes."""
    std: Std = "sample"
    """Divisor: the standard deviation, or none."""
    floor_episode: float = 0.0625
    """Floor of the standard deviation of r_T."""
    floor_stage: float = 1e-3
    """Floor of the standard deviation of r_proc."""


@dataclass(frozen=True, eq=False)
class Example:
    """Trajectory as the update needs it."""

    id: str
    """Id of the member, which is also the trajectory id of its sequences."""
    sequences: tuple[TokenSequence, ...]
    """Token sequences, in the order of its turns."""
    in_loss: bool
    """The trajectory is in the loss; False for masked ones."""
    versions: tuple[int, ...] = ()
    """Step of the weights that began to sample each action; empty for a sampler that has no versions."""
    thinking: int = 0
    """Number of sampled tokens before the answer of a solver's reply, if rewards depend on it."""
    accepted: bool = False
    """A valid problem or a correct answer came out."""

    @property
    def n_actions(self) -> int:
        """Number of tokens that the policy sampled."""
        return sum(sequence.n_actions for sequence in self.sequences)

    def lengths(self, actions: int) -> list[int]:
        """Return the number of sampled tokens of each action."""
        turns = [sequence.action[sequence.mask] for sequence in self.sequences]
        counts = np.bincount(np.concatenate(turns), minlength=actions) if turns else np.zeros(actions, np.int64)
        return [int(n) for n in counts]


@dataclass(frozen=True, eq=False)
class TrainingGroup:
    """Group of trajectories as the update needs it."""

    advantages: GroupAdvantages
    """Advantages A_E, A_S and A of the members."""
    examples: tuple[Example, ...]
    """Tokens of the members, then of the branches, in the same order."""
    number: int = 0
    """Number of the group, unique over the run and all processes."""
    slot: int | None = None
    """Place of the group in the rollout batch; None means its number, counted from the batch's first."""
    returned: tuple[ReturnedEpisode, ...] = ()
    """Rewards of the members, if they may still change."""

    @property
    def silent(self) -> bool:
        """The group teaches nothing: there is nothing to compare, or nothing that differs."""
        return self.advantages.singleton or self.advantages.constant

    @property
    def lengths(self) -> list[list[int]]:
        """Number of sampled tokens by member or branch, and action."""
        members = self.advantages.every
        return [e.lengths(len(m.fused)) for e, m in zip(self.examples, members, strict=True)]


def training_groups(groups: Iterable[ScoredGroup], encode: Encode, comparison: ComparisonRule) -> list[TrainingGroup]:
    """Build a training group from each group that has a member left."""
    found = []
    for group in groups:
        members = [scored for scored in group.members if scored.fate != "lost"]
        # A branch that was cut off is of no use: it is neither in the loss nor in the statistics of the group.
        branches = [scored for scored in group.branches if scored.fate == "counted"]
        if members:
            found.append(_training_group(group.group.task.index, members, branches, encode, comparison))
    return found


def _training_group(
    number: int, members: Sequence[Scored], branches: Sequence[Scored], encode: Encode, c: ComparisonRule
) -> TrainingGroup:
    compared = advantages(
        [_compared(scored) for scored in members],
        branches=[_compared(scored) for scored in branches],
        omega=c.omega,
        std=c.std,
        floor_episode=c.floor_episode,
        floor_stage=c.floor_stage,
    )
    return TrainingGroup(compared, tuple(_example(scored, encode) for scored in (*members, *branches)), number)


def _compared(scored: Scored) -> ReturnedEpisode:
    turns = list(zip(scored.member.trajectory.turns, scored.r_proc, strict=True))[scored.member.kept :]
    return ReturnedEpisode(scored.member.id, scored.r_T, tuple(ActionReturn(turn.stage, r) for turn, r in turns))


def _example(scored: Scored, encode: Encode) -> Example:
    known = encode(scored.member.trajectory) if scored.member.trajectory.turns else []
    own = [replace(sequence, trajectory_id=scored.member.id) for sequence in known]
    if scored.member.kept:  # what another episode sampled is in its own example
        own = [cut for sequence in own if (cut := from_turn(sequence, scored.member.kept)).n_actions]
    return Example(
        scored.member.id, tuple(own), scored.fate == "counted", scored.member.versions, accepted=scored.valid
    )


def encode_exactly(trajectory: Trajectory) -> list[TokenSequence]:
    """Encode a trajectory by the ids that were sampled. Raises InputError if the sampler gave none."""
    if not trajectory.token_exact:
        raise InputError(
            f"trajectory {trajectory.id} has no token ids, and ratios of probabilities need those that were sampled",
            hint="use a server that gives token ids, or --set allow_retokenised=true to train on re-tokenised text",
        )
    return sequences_of(trajectory)


def encode_or_render(renderer: Renderer) -> Encode:
    """Return an encoder that uses the sampled ids, or the text if there are none."""
    return lambda trajectory: encode_exactly(trajectory) if trajectory.token_exact else [rendered(trajectory, renderer)]
