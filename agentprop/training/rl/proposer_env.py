"""Training environment of the proposer: tasks from the curriculum, episodes, V and ρ, and the rewards r_T and r_proc.

A step draws its tasks with the mastery that the previous step left, and one prober measures all its problems. Mastery
and prober pool are then updated by the results of all processes, in the order of the tasks, so that they are the same
in every process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from agentprop.agent.curriculum import MasteryState
from agentprop.grading.prober_pool import PoolState, SwitchRule
from agentprop.grading.probers import Prober
from agentprop.models.chat import Sampling
from agentprop.records import Record, Stage, StopReason, Trajectory
from agentprop.training.data.sequences import Drift
from agentprop.training.means import RunningMeans
from agentprop.training.model.distributed import World
from agentprop.training.rl.examples import ComparisonRule, Encode, TrainingGroup, training_groups
from agentprop.training.rl.hints import Hints, add_branches, branch
from agentprop.training.rl.judgement import Judgement, ValidityJudge
from agentprop.training.rl.loop import Experience
from agentprop.training.rl.refill import Place, Places
from agentprop.training.rl.rollout import Group, RolloutSetup, roll_out
from agentprop.training.rl.samplers import Sampler
from agentprop.training.rl.scoring import Rewards, Scored, ScoredGroup, score
from agentprop.training.rl.tasks import Tasks, success_rates

KEPT_GROUPS = 2
"""Number of groups of a sampled step whose records are kept."""


@dataclass(frozen=True)
class Rollouts:
    """Episodes of a step, and their judging."""

    groups: Sequence[Group]
    """Groups of this process, in order."""
    judgement: Judgement
    """Judging that began as they ended."""
    places: Sequence[Place] = ()
    """Place of each group in the step."""
    prober: int = 0
    """Number of the prober that measures them."""
    step: int = 0
    """Number of the step."""


@dataclass
class ProposerEnv:
    """Training environment of the proposer."""

    tasks: Tasks
    setup: RolloutSetup
    sampler: Sampler
    sampling: Sampling
    verify: ValidityJudge
    probers: Sequence[Prober]
    """Probers, weakest first; without one there is no bonus for difficulty."""
    close: Callable[[], Awaitable[None]]
    """Close the connections of verifiers and probers."""
    rule: SwitchRule
    k: int
    rewards: Rewards
    comparison: ComparisonRule
    encode: Encode
    groups: int
    """Groups in a step, over all processes."""
    size: int
    """Episodes in a group, G."""
    world: World
    drift: Callable[[Trajectory], Drift] | None = None
    """Drift of a trajectory's rendering from what was sent; None if training uses sampled ids only."""
    hints: Hints | None = None
    """When episodes that failed branch; None for never."""
    state: dict[str, Any] = field(default_factory=dict)

    async def roll_out(self, step: int) -> Rollouts:
        """Roll out this process's groups of a step, and begin to judge each episode when it ends."""
        places = Places(step, self.groups).first()
        prober = self._pool.at(self._pool.problems)
        judgement = Judgement(self.verify, self.probers[prober] if self.probers else None, self.k)
        return await self.roll_on(Rollouts((), judgement, (), prober, step), places)

    async def roll_on(self, rollouts: Rollouts, places: Sequence[Place]) -> Rollouts:
        """Roll out this process's share of some tasks, drawn with the mastery at the start of the step."""
        own = self.world.share(places)
        tasks = self.tasks.draw([place.number for place in own], self._mastery_state)
        judgement = rollouts.judgement
        try:
            groups = await roll_out(tasks, self.size, self.setup, self.sampler.model, self.sampling, judgement.take)
            if self.hints is not None:
                model, sampling = self.sampler.model, self.sampling
                chance = self.hints.chance(rollouts.step)
                groups = await branch(groups, chance, self.size, self.setup, model, sampling, judgement.take)
        except BaseException:
            await judgement.aclose()
            raise
        return replace(rollouts, groups=(*rollouts.groups, *groups), places=(*rollouts.places, *own))

    async def silent(self, rollouts: Rollouts) -> list[int]:
        """Return the slots whose last group teaches nothing, over all processes."""
        scored = await score(rollouts.groups, rollouts.judgement, self.rewards)
        teaching = {group.slot for group in self._found(scored, rollouts.places) if not group.silent}
        marks = self.world.sum([float(slot in teaching) for slot in range(self.groups)])
        return [slot for slot, mark in enumerate(marks) if not mark]

    async def score(self, rollouts: Rollouts) -> Experience:
        """Score the episodes, and compute the next state of curriculum and prober pool."""
        scored = await score(rollouts.groups, rollouts.judgement, self.rewards)
        found = self._found(scored, rollouts.places)
        means = proposer_means(scored, found)
        if self.tasks.bundles.paths:
            for given in rollouts.groups:
                means.add_mean("tasks/path", float(self.tasks.bundles.graph.holds(given.task.skill_names)), 1)
        if self.hints is not None:
            add_branches(means, scored, found)
        if self.drift is not None:
            for one in chain.from_iterable(group.members for group in rollouts.groups):
                drifted = self.drift(one.trajectory)
                means.add_mean("tokens/drift", drifted.rate, drifted.turns)
        refilled = self.world.sum([float(sum(place.order >= self.groups for place in rollouts.places))])[0]
        mastery_state, pool = self._advanced(scored, rollouts)
        state = {"mastery": mastery_state.mastery, "novelty": mastery_state.novelty, "pool": pool.stored()}
        reported = {
            "prober": float(rollouts.prober),
            "mastery": _mean(mastery_state.mastery.values()),
            "groups/refilled": refilled,
        }
        members = [(group.group.task.index, one) for group in scored for one in group.members]
        failures = [(f"task {i} episode {one.member.number}", one.failure) for i, one in members if one.failure]
        branches = [(group.group.task.index, one) for group in scored for one in group.branches]
        failures += [(f"task {i} branch of episode {b.member.number}", b.failure) for i, b in branches if b.failure]
        records = kept(scored[:KEPT_GROUPS])
        ends = ends_of([one for _, one in members])
        return Experience(found, means.reduce(self.world) | reported, records, state, len(members), failures, ends)

    async def aclose(self) -> None:
        """Close the connections of verifiers and probers."""
        await self.close()

    def _found(self, scored: Sequence[ScoredGroup], places: Sequence[Place]) -> list[TrainingGroup]:
        slots = {place.number: place.slot for place in places}
        return [
            replace(group, slot=slots[group.number]) for group in training_groups(scored, self.encode, self.comparison)
        ]

    # --- state between steps ---

    @property
    def _mastery_state(self) -> MasteryState:
        if not self.state:
            return self.tasks.curriculum.start()
        return MasteryState(self.state["mastery"], self.state["novelty"])

    @property
    def _pool(self) -> PoolState:
        return PoolState.restored(self.state.get("pool"))

    def _advanced(self, scored: Sequence[ScoredGroup], rollouts: Rollouts) -> tuple[MasteryState, PoolState]:
        """Return mastery and prober pool, updated by the results of all processes."""
        categories = self.tasks.curriculum.categories
        tallies = success_rates(
            (group.group.task.category, one.valid) for group in scored for one in group.members if one.fate != "lost"
        )
        flat = self.world.sum([float(n) for c in categories for n in tallies.get(c, (0, 0, 0))])
        summed = {c: [int(n) for n in flat[3 * i : 3 * i + 3]] for i, c in enumerate(categories) if flat[3 * i]}
        pool = self._pool
        for rate in self._rates(scored, rollouts.places):
            pool = pool.advanced(self.rule, rollouts.prober, rate)
        return self.tasks.curriculum.updated(self._mastery_state, summed), pool

    def _rates(self, scored: Sequence[ScoredGroup], places: Sequence[Place]) -> list[float]:
        """Return ρ of every problem measured in this step by any process, each once, in the order of the tasks."""
        found: dict[str, tuple[int, float]] = {}
        for group, place in zip(scored, places, strict=True):
            for one in group.members:
                if one.difficulty is not None and one.rho is not None:
                    found.setdefault(one.difficulty.problem_id, (place.order * self.size + one.member.number, one.rho))
        groups = 1 - self.world.least([-max((place.order for place in places), default=0)])[0]
        rates, marks = [0.0] * (groups * self.size), [0.0] * (groups * self.size)
        for at, rate in found.values():
            rates[at], marks[at] = rate, 1.0
        summed = self.world.sum([*rates, *marks])
        half = groups * self.size
        return [rate for rate, mark in zip(summed[:half], summed[half:], strict=True) if mark]


# --- metrics and records ---


def ends_of(members: Sequence[Scored]) -> dict[str, int]:
    """Count the episodes that were cut off, that ran out of turns, and whose reward is unknown."""
    stops = Counter(one.member.trajectory.stop for one in members)
    return {
        "truncated": stops[StopReason.TRUNCATED] + stops[StopReason.CONTEXT_OVERFLOW],
        "out_of_turns": stops[StopReason.TURN_LIMIT],
        "lost": sum(one.fate == "lost" for one in members),
    }


def kept(groups: Sequence[ScoredGroup]) -> list[Record]:
    """Return the records of some groups, each once."""
    found: dict[str, Record] = {}
    for one in chain.from_iterable((*group.members, *group.branches) for group in groups):
        records = (one.member.trajectory, one.member.problem, one.verdict, one.difficulty, *one.attempts)
        found |= {record.id: record for record in records if record is not None}
    return list(found.values())


def proposer_means(groups: Sequence[ScoredGroup], found: Sequence[TrainingGroup]) -> RunningMeans:
    """Collect rewards and their parts, fates, turns, and advantages by stage."""
    members = [one for group in groups for one in group.members]
    known = [one for one in members if one.fate != "lost"]
    formed = [one for one in known if one.member.problem is not None]
    means = RunningMeans()
    means.add("reward/r_T", (one.r_T for one in known))
    means.add("reward/r_T_formed", (one.r_T for one in formed))
    means.add("reward/formed", (one.member.problem is not None for one in known))
    means.add("reward/validity", (one.valid for one in known))
    means.add("reward/validity_formed", (one.valid for one in formed))
    means.add("reward/rho", (one.rho for one in formed if one.rho is not None))
    means.add("reward/rho_zero", (one.rho == 0 for one in formed if one.rho is not None))
    means.add("reward/r_proc", (r for one in known for r in one.r_proc))
    for group in groups:
        said = Counter(one.member.problem.id for one in group.members if one.member.problem is not None)
        means.add("reward/distinct", (number == 0 for count in said.values() for number in range(count)))
    _add_fates(means, members)
    _add_turns(means, known)
    _add_advantages(means, found, known)
    return means


def _add_fates(means: RunningMeans, members: Sequence[Scored]) -> None:
    for fate in ("counted", "masked", "lost"):
        means.add(f"fate/{fate}", (one.fate == fate for one in members))
    for stop in StopReason:
        means.add(f"stop/{stop.value}", (one.member.trajectory.stop == stop for one in members))


def _add_turns(means: RunningMeans, known: Sequence[Scored]) -> None:
    trajectories = [one.member.trajectory for one in known]
    turns = [turn for trajectory in trajectories for turn in trajectory.turns]
    means.add("turns/count", (len(trajectory.turns) for trajectory in trajectories))
    means.add("turns/malformed", (turn.action == "malformed" and not turn.cut_off for turn in turns))
    means.add("turns/truncated", (turn.cut_off for turn in turns))
    means.add("turns/exec_ok", (turn.outcome == "ok" for turn in turns if turn.action == "exec"))
    means.add("edits/pruned", (trajectory.pruned > 0 for trajectory in trajectories))
    means.add("edits/replaced", (trajectory.replaced > 0 for trajectory in trajectories))
    means.add("tokens/action", (len(turn.token_ids) for turn in turns if turn.token_ids is not None))


def _add_advantages(means: RunningMeans, found: Sequence[TrainingGroup], known: Sequence[Scored]) -> None:
    stages = {one.member.id: [turn.stage for turn in one.member.trajectory.turns] for one in known}
    members = [member for group in found for member in group.advantages.members]
    means.add("advantage/episode", (abs(member.episode) for member in members))
    pairs = [pair for member in members for pair in zip(stages[member.id], member.stages, strict=True)]
    for stage in Stage:
        means.add(f"advantage/{stage.value}", (abs(a) for s, a in pairs if s == stage))
    means.add("groups/constant", (group.advantages.constant for group in found))
    means.add("groups/singleton", (group.advantages.singleton for group in found))
    means.add("groups/stages_compared", (group.advantages.stages_compared for group in found))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
