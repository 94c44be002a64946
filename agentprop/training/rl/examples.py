"""Scored groups → lessons: the advantages of a group beside the very tokens they are about.

Whoever is lost is left out: a reward that nobody measured is no statistic. Whoever is masked stays in it and keeps the
tokens, because the mean of R_θ is over the whole group, but is not in the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agentprop.errors import InputError
from agentprop.inference.chat_template import Renderer
from agentprop.records import Trajectory
from agentprop.training.data.sequences import TokenSequence, rendered, sequences_of
from agentprop.training.rl.advantages import ActionReturn, GroupAdvantages, ReturnedEpisode, Std, advantages
from agentprop.training.rl.scoring import Scored, ScoredGroup

Encode = Callable[[Trajectory], list[TokenSequence]]


@dataclass(frozen=True)
class ComparisonRule:
    """How the members of a group are compared."""

    omega: float = 0.5
    """ω, the weight of A_S; 0 compares episodes alone."""
    std: Std = "sample"
    """Divide by the standard deviation, or only subtract the mean."""
    floor_episode: float = 0.0625
    """Least standard deviation of r_T that is divided by."""
    floor_stage: float = 1e-3
    """Least standard deviation of r_proc that is divided by."""


@dataclass(frozen=True, eq=False)
class Example:
    """A trajectory as the update sees it."""

    id: str
    """The member's id; its sequences bear it too."""
    sequences: tuple[TokenSequence, ...]
    """Its tokens, in the order of its turns."""
    in_loss: bool
    """False for the masked."""

    @property
    def n_actions(self) -> int:
        """Tokens that the policy sampled."""
        return sum(sequence.n_actions for sequence in self.sequences)

    def lengths(self, actions: int) -> list[int]:
        """Sampled tokens of each of its actions."""
        turns = [sequence.action[sequence.mask] for sequence in self.sequences]
        counts = np.bincount(np.concatenate(turns), minlength=actions) if turns else np.zeros(actions, np.int64)
        return [int(n) for n in counts]


@dataclass(frozen=True, eq=False)
class TrainingGroup:
    """A group as the update sees it."""

    advantages: GroupAdvantages
    """A_E, A_S and A of its members."""
    examples: tuple[Example, ...]
    """Their tokens, in the same order."""
    number: int = 0
    """Number of the group over the run, and over all processes."""

    @property
    def lengths(self) -> list[list[int]]:
        """Sampled tokens by member and action."""
        members = self.advantages.members
        return [e.lengths(len(m.fused)) for e, m in zip(self.examples, members, strict=True)]


def training_groups(groups: Iterable[ScoredGroup], encode: Encode, comparison: ComparisonRule) -> list[TrainingGroup]:
    """One lesson for each group of which anybody is left."""
    kept = [(g.group.task.index, [scored for scored in g.members if scored.fate != "lost"]) for g in groups]
    return [_training_group(number, members, encode, comparison) for number, members in kept if members]


def _training_group(number: int, members: Sequence[Scored], encode: Encode, c: ComparisonRule) -> TrainingGroup:
    compared = advantages(
        [_compared(scored) for scored in members],
        omega=c.omega,
        std=c.std,
        floor_episode=c.floor_episode,
        floor_stage=c.floor_stage,
    )
    return TrainingGroup(compared, tuple(_example(scored, encode) for scored in members), number)


def _compared(scored: Scored) -> ReturnedEpisode:
    turns = zip(scored.member.trajectory.turns, scored.r_proc, strict=True)
    return ReturnedEpisode(scored.member.id, scored.r_T, tuple(ActionReturn(turn.stage, r) for turn, r in turns))


def _example(scored: Scored, encode: Encode) -> Example:
    known = encode(scored.member.trajectory) if scored.member.trajectory.turns else []
    own = tuple(replace(sequence, trajectory_id=scored.member.id) for sequence in known)
    return Example(scored.member.id, own, scored.fate == "counted")


def encode_exactly(trajectory: Trajectory) -> list[TokenSequence]:
    """By the ids that were sampled. Raises InputError where the sampler gave none."""
    if not trajectory.token_exact:
        raise InputError(
            f"trajectory {trajectory.id} has no token ids, and ratios of probabilities need those that were sampled",
            hint="use a server that gives token ids, or --set allow_retokenised=true, which learns from renderings",
        )
    return sequences_of(trajectory)


def encode_or_render(renderer: Renderer) -> Encode:
    """By the ids that were sampled, and by the text where there are none."""
    return lambda trajectory: encode_exactly(trajectory) if trajectory.token_exact else [rendered(trajectory, renderer)]
