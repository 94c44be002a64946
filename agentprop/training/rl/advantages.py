"""The rewards of a group → advantages: A_E of each trajectory, A_S of each action, and their fusion A = A_E + ω·A_S.

Paper (arXiv 2602.03279): A_E normalises r_T over the trajectories of a group, A_S normalises r_proc over the actions of
the same cognitive stage, ω = 0.5. Ours: a group is the trajectories of one task; the unbiased standard deviation with a
floor, because r_T is an estimate and dividing by a spread of mere prober noise makes ±1 of nothing; a stage compares at
least two actions of at least two trajectories; what cannot be compared, or does not differ, has advantage exactly 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Literal

Std = Literal["sample", "none"]
"""Divide by the unbiased standard deviation, or only subtract the mean."""

SAME = 1e-9
"""Rewards closer than this do not differ."""


@dataclass(frozen=True, slots=True)
class ActionReturn:
    """One action as its stage's comparison sees it."""

    stage: str
    """σ of the action, tagged when it was taken."""
    process: float
    """r_proc."""


@dataclass(frozen=True, slots=True)
class ReturnedEpisode:
    """One trajectory of a group."""

    id: str
    """Unique in the batch. A trajectory's content id is not: two samples of a task may be word for word the same."""
    reward: float
    """r_T."""
    actions: tuple[ActionReturn, ...] = ()
    """Its actions, in order."""


@dataclass(frozen=True, slots=True)
class Advantage:
    """What a member's actions are worth beside the rest of its group."""

    id: str
    """The member's."""
    episode: float
    """A_E of the trajectory."""
    stages: tuple[float, ...]
    """A_S of each action."""
    fused: tuple[float, ...]
    """A = A_E + ω·A_S of each action."""


@dataclass(frozen=True, slots=True)
class GroupAdvantages:
    """The advantages of one group."""

    members: tuple[Advantage, ...]
    """In the order of the group."""
    singleton: bool
    """Fewer than two members: nothing to compare with, no weight of any kind."""
    constant: bool
    """No action's A differs from another's: no signal, at most a pull to the reference."""
    stages_compared: int
    """Stages whose actions could be compared and differ."""
    stages_skipped: int
    """Stages with too few actions, or all of the same r_proc."""


def episode_floor(lam: float = 0.5, attempts: int = 16) -> float:
    """Floor of the standard deviation of r_T: the largest standard error λ/(2√n) that n attempts of a prober leave."""
    return lam / (2 * sqrt(attempts))


def advantages(
    group: Sequence[ReturnedEpisode],
    *,
    omega: float = 0.5,
    std: Std = "sample",
    floor_episode: float = 0.0625,
    floor_stage: float = 1e-3,
    eps: float = 1e-6,
) -> GroupAdvantages:
    """A_E, A_S and A of the trajectories of one task, whoever was masked included.

    The floors are `episode_floor(λ, n)` and a thousandth of the range of r_proc. Raises ValueError where two members
    have one id: a group with a trajectory in it twice is a bookkeeping error that would look like a collapse.
    """
    if len({member.id for member in group}) != len(group):
        raise ValueError(f"a trajectory is in its group twice: {sorted(member.id for member in group)}")
    episodes = normalised([member.reward for member in group], std=std, floor=floor_episode, eps=eps)
    pools = _pools(group)
    staged = {
        stage: normalised(pool.values, std=std, floor=floor_stage, eps=eps) if pool.trajectories > 1 else None
        for stage, pool in pools.items()
    }
    values = {stage: iter(found or [0.0] * len(pools[stage].values)) for stage, found in staged.items()}
    members = tuple(
        _fused(member, episode, tuple(next(values[action.stage]) for action in member.actions), omega)
        for member, episode in zip(group, episodes, strict=True)
    )
    compared = sum(any(found) for found in staged.values() if found)
    every = [a for member in members for a in member.fused]
    return GroupAdvantages(
        members=members,
        singleton=len(group) < 2,
        constant=not _differ(every),
        stages_compared=compared,
        stages_skipped=len(staged) - compared,
    )


def normalised(
    values: Sequence[float], *, std: Std = "sample", floor: float = 0.0, eps: float = 1e-6
) -> tuple[float, ...]:
    """(x − mean) / (max(std, floor) + ε), or x − mean; exactly 0 where there are fewer than two or they do not differ.

    A single value is not its own advantage, as it is in implementations that let mean = 0 and std = 1 there.
    """
    if len(values) < 2 or not _differ(values):
        return (0.0,) * len(values)
    mean = fsum(values) / len(values)
    centred = [value - mean for value in values]
    if std == "none":
        return tuple(centred)
    spread = sqrt(fsum(c * c for c in centred) / (len(values) - 1))
    return tuple(c / (max(spread, floor) + eps) for c in centred)


def _differ(values: Sequence[float]) -> bool:
    return bool(values) and max(values) - min(values) > SAME


@dataclass(slots=True)
class _Pool:
    """r_proc of every action of one stage, in the order of the group, and how many trajectories they come from."""

    values: list[float]
    trajectories: int = 0


def _pools(group: Sequence[ReturnedEpisode]) -> Mapping[str, _Pool]:
    pools: dict[str, _Pool] = {}
    for member in group:
        for action in member.actions:
            pools.setdefault(action.stage, _Pool([])).values.append(action.process)
        for stage in {action.stage for action in member.actions}:
            pools[stage].trajectories += 1
    return pools


def _fused(member: ReturnedEpisode, episode: float, stages: tuple[float, ...], omega: float) -> Advantage:
    return Advantage(member.id, episode, stages, tuple(episode + omega * stage for stage in stages))
