"""The rewards of a group → advantages: A_E of each trajectory, A_S of each action, and their fusion A = A_E + ω·A_S.

Paper (arXiv 2602.03279): A_E normalises r_T over the trajectories of a group, A_S normalises r_proc over the actions of
the same cognitive stage, and ω = 0.5. Ours: a group is the trajectories of one task; the standard deviation is the
unbiased one, with a floor; a stage is compared if it has at least two actions from at least two trajectories; values
that cannot be compared, or do not differ, have advantage exactly 0.

The floor is there because r_T is an estimate: dividing by a spread that is only the prober's noise would turn nothing
into ±1. In this example r_T has mean 0.5 and standard deviation 0.5, and r_proc of the two checks 0.5 and 0.707:

    >>> group = [
    ...     ReturnedEpisode("a", 1.0, (ActionReturn("draft", 0.0), ActionReturn("check", 1.0))),
    ...     ReturnedEpisode("b", 0.5, (ActionReturn("draft", 0.0), ActionReturn("check", 0.0))),
    ...     ReturnedEpisode("c", 0.0, (ActionReturn("draft", 0.0),)),
    ... ]
    >>> found = advantages(group, omega=0.5)
    >>> for member in found.members:
    ...     print(round(member.episode, 3), [round(a, 3) for a in member.stages], [round(a, 3) for a in member.fused])
    1.0 [0.0, 0.707] [1.0, 1.354]
    0.0 [0.0, -0.707] [0.0, -0.354]
    -1.0 [0.0] [-1.0]
    >>> found.stages_compared, found.stages_skipped      # the drafts do not differ
    (1, 1)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Literal

Std = Literal["sample", "none"]
"""Divisor of advantages: the unbiased standard deviation (`sample`), or none."""

SAME = 1e-9
"""Largest difference at which rewards count as equal."""


@dataclass(frozen=True, slots=True)
class ActionReturn:
    """Stage and process reward of one action."""

    stage: str
    """Cognitive stage σ of the action, recorded when it was taken."""
    process: float
    """Process reward r_proc."""


@dataclass(frozen=True, slots=True)
class ReturnedEpisode:
    """Rewards of one trajectory of a group."""

    id: str
    """Id that is unique in the batch; a trajectory's content id is not, since two samples may be identical."""
    reward: float
    """Terminal reward r_T."""
    actions: tuple[ActionReturn, ...] = ()
    """Rewards of its actions, in order."""


@dataclass(frozen=True, slots=True)
class Advantage:
    """Advantages of one trajectory and its actions within its group."""

    id: str
    """Id of the trajectory."""
    episode: float
    """A_E of the trajectory."""
    stages: tuple[float, ...]
    """A_S of each action."""
    fused: tuple[float, ...]
    """A = A_E + ω·A_S of each action."""
    names: tuple[str, ...] = ()
    """Cognitive stage of each action."""


@dataclass(frozen=True, slots=True)
class GroupAdvantages:
    """Advantages of one group."""

    members: tuple[Advantage, ...]
    """Advantages of the members, in the order of the group."""
    singleton: bool
    """The group has fewer than two members: nothing to compare, and no weight of any kind."""
    constant: bool
    """All actions have the same A: no signal, at most a pull to the reference."""
    stages_compared: int
    """Number of stages whose actions could be compared and differ."""
    stages_skipped: int
    """Number of stages with too few actions, or with equal r_proc."""
    branches: tuple[Advantage, ...] = ()
    """Advantages of branches of members that failed; they are no part of the group's means."""

    @property
    def every(self) -> tuple[Advantage, ...]:
        """Members, then branches."""
        return self.members + self.branches


def episode_floor(lam: float = 0.5, attempts: int = 16) -> float:
    """Return the floor of the standard deviation of r_T: λ/(2√n), its largest standard error with n attempts.

    >>> episode_floor(lam=0.5, attempts=16)      # ρ of 16 attempts has a standard error of at most 1/8
    0.0625
    """
    return lam / (2 * sqrt(attempts))


def advantages(
    group: Sequence[ReturnedEpisode],
    *,
    branches: Sequence[ReturnedEpisode] = (),
    omega: float = 0.5,
    std: Std = "sample",
    floor_episode: float = 0.0625,
    floor_stage: float = 1e-3,
    eps: float = 1e-6,
) -> GroupAdvantages:
    """Compute A_E, A_S and A of the trajectories of one task, including masked ones.

    `branches` are compared with the group by `beside`, and change nothing for its members. `omega` is ω. The floors
    default to `episode_floor()` and a thousandth of the range of r_proc. Raises ValueError if two members have the same
    id: a trajectory that is in its group twice would look like a collapse of the policy.
    """
    ids = [one.id for one in (*group, *branches)]
    if len(set(ids)) != len(ids):
        raise ValueError(f"a trajectory is in its group twice: {sorted(ids)}")
    episodes = normalised([member.reward for member in group], std=std, floor=floor_episode, eps=eps)
    pools = _pools(group)
    # A stage of one trajectory has nothing to be compared with, however many actions it has.
    staged = {
        stage: normalised(pool.values, std=std, floor=floor_stage, eps=eps) if pool.trajectories > 1 else None
        for stage, pool in pools.items()
    }
    # One iterator per stage hands the advantages back to the actions in the order in which they were collected.
    values = {stage: iter(found or [0.0] * len(pools[stage].values)) for stage, found in staged.items()}
    members = tuple(
        _fused(member, episode, tuple(next(values[action.stage]) for action in member.actions), omega)
        for member, episode in zip(group, episodes, strict=True)
    )

    def apart(value: float, values: Sequence[float], floor: float) -> float:
        return beside(value, values, std=std, floor=floor, eps=eps) if values else 0.0

    rewards = [member.reward for member in group]
    comparable = {stage: pool.values for stage, pool in pools.items() if pool.trajectories > 1}
    branched = tuple(
        _fused(
            one,
            apart(one.reward, rewards, floor_episode),
            tuple(apart(action.process, comparable.get(action.stage, ()), floor_stage) for action in one.actions),
            omega,
        )
        for one in branches
    )
    # Advantages of 0 throughout mean that the values of a stage did not differ.
    compared = sum(any(found) for found in staged.values() if found)
    # Taken over all actions, since stages can separate trajectories of equal r_T.
    every = [a for member in (*members, *branched) for a in member.fused]
    return GroupAdvantages(
        members=members,
        singleton=len(group) < 2,
        constant=not _differ(every),
        stages_compared=compared,
        stages_skipped=len(staged) - compared,
        branches=branched,
    )


def normalised(
    values: Sequence[float], *, std: Std = "sample", floor: float = 0.0, eps: float = 1e-6
) -> tuple[float, ...]:
    """Return (x − mean) / (max(std, floor) + ε), or x − mean; exactly 0 for fewer than two values, or equal ones.

    A single value has advantage 0, unlike in implementations that set mean = 0 and std = 1 for it.
    """
    if len(values) < 2 or not _differ(values):
        return (0.0,) * len(values)
    mean = fsum(values) / len(values)  # fsum: the result must not depend on the order of the members
    centred = [value - mean for value in values]
    if std == "none":
        return tuple(centred)
    spread = sqrt(fsum(c * c for c in centred) / (len(values) - 1))
    return tuple(c / (max(spread, floor) + eps) for c in centred)


def beside(
    value: float, values: Sequence[float], *, std: Std = "sample", floor: float = 0.0, eps: float = 1e-6
) -> float:
    """Return the advantage of a value that is compared with others but has no part in their mean.

    The mean is that of the others; the standard deviation is of all, so that it is not 0 where the others are equal: a
    single success beside n failures has √(n + 1), whatever it earned.

    >>> round(beside(0.5, [0.0] * 8), 3), round(beside(0.5, [0.0] * 8, std="none"), 3)
    (3.0, 0.5)
    """
    centred = value - fsum(values) / len(values)
    if std == "none" or not _differ((*values, value)):
        return centred if std == "none" else 0.0
    mean = fsum((*values, value)) / (len(values) + 1)
    spread = sqrt(fsum((x - mean) ** 2 for x in (*values, value)) / len(values))
    return centred / (max(spread, floor) + eps)


def _differ(values: Sequence[float]) -> bool:
    return bool(values) and max(values) - min(values) > SAME


@dataclass(slots=True)
class _Pool:
    """Values of r_proc of the actions of one stage, in the order of the group, and their number of trajectories."""

    values: list[float]
    trajectories: int = 0


def _pools(group: Sequence[ReturnedEpisode]) -> Mapping[str, _Pool]:
    pools: dict[str, _Pool] = {}
    for member in group:
        for action in member.actions:
            pools.setdefault(action.stage, _Pool([])).values.append(action.process)
        # Once per trajectory: a stage is compared only if at least two trajectories have it.
        for stage in {action.stage for action in member.actions}:
            pools[stage].trajectories += 1
    return pools


def _fused(member: ReturnedEpisode, episode: float, stages: tuple[float, ...], omega: float) -> Advantage:
    fused = tuple(episode + omega * stage for stage in stages)
    return Advantage(member.id, episode, stages, fused, tuple(str(action.stage) for action in member.actions))
