"""The run of an exam → its candidates, which are counted here: well formed, valid, what they would be paid.

A candidate is an episode. Numbers for which no composition could be planned are none: the proposer was asked nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import nan, sqrt
from pathlib import Path
from statistics import fmean, variance

from agentprop.records import Difficulty, Problem, Trajectory, Verdict
from agentprop.storage.run import open_run
from agentprop.training.rl.rewards import terminal

Rate = Callable[[Problem], float | None]
"""A problem → its pass rate ρ; None if it has none."""


@dataclass(frozen=True)
class Examined:
    """Result of a proposer in an exam."""

    trajectories: Sequence[Trajectory]
    """Every candidate."""
    paid: Mapping[str, Sequence[float]]
    """r_T of the well-formed ones, by kind of task: which skill asks, which supplies."""
    valid: frozenset[str]
    """Ids of the trajectories whose problem is valid."""
    rho: Sequence[float]
    """ρ of the valid ones that were probed."""
    templates: frozenset[str] = field(default_factory=frozenset)
    """Templates of the valid problems."""

    @property
    def all_paid(self) -> list[float]:
        """r_T of the well-formed ones."""
        return [reward for paid in self.paid.values() for reward in paid]

    def figures(self) -> dict[str, float]:
        """As tables have them."""
        found, paid = self.trajectories, self.all_paid
        return {
            "formed": len(paid) / len(found),
            "validity": len(self.valid) / len(found),
            "r_T": sum(paid) / len(found),
            "r_T_formed": fmean(paid) if paid else 0.0,
            "rho": fmean(self.rho) if self.rho else 0.0,
            "templates": float(len(self.templates)),
            "turns": fmean(len(t.turns) for t in found),
        }


def examined(run: Path, probed: Path | None = None, *, rate: Rate | None = None, most: int | None = None) -> Examined:
    """Count an exam, or the first `most` of its candidates; ρ comes from a probe of it, or from `rate`."""
    stored = open_run(run)
    measured = _measured(probed)
    told = rate or (lambda problem: measured.get(problem.id))
    problems = {problem.id: problem for problem in stored.iter(Problem)}
    good = {verdict.problem_id for verdict in stored.iter(Verdict) if verdict.value == "valid"}
    found = list(islice(stored.iter(Trajectory), most))
    formed = [(trajectory, problems[p]) for trajectory in found if (p := trajectory.problem_id) in problems]
    rho = {problem.id: told(problem) for _, problem in formed if problem.id in good}
    paid: dict[str, list[float]] = {}
    for trajectory, problem in formed:
        paid.setdefault(kind_of(trajectory), []).append(terminal(problem.id in good, rho.get(problem.id)))
    valid = frozenset(trajectory.id for trajectory, problem in formed if problem.id in good)
    templates = frozenset(problem.template for _, problem in formed if problem.id in good)
    return Examined(found, paid, valid, [r for r in rho.values() if r is not None], templates)


def _measured(probed: Path | None) -> dict[str, float]:
    if probed is None or not probed.exists():
        return {}
    return {d.problem_id: d.c / d.k for d in open_run(probed).iter(Difficulty)}


def kind_of(trajectory: Trajectory) -> str:
    """Return the kind of a task: the skill that asks the question, and those that supply its inputs."""
    return " of ".join(trajectory.task.skill_names)


def shares(one: Examined, other: Examined, least: int = 1) -> dict[str, float]:
    """The share of each kind of task among all that was asked of both, of kinds that both made problems of.

    With it two proposers are compared on the same mixture of tasks: who learns to make problems of a kind that pays
    little has a smaller E[r_T | well formed], though it does nothing worse.
    """
    asked = Counter(map(kind_of, (*one.trajectories, *other.trajectories)))
    both = [kind for kind in asked if min(len(which.paid.get(kind, ())) for which in (one, other)) >= least]
    return {kind: asked[kind] / sum(asked[k] for k in both) for kind in both}


def gain(before: Examined, after: Examined) -> tuple[float, float]:
    """Return E[r_T | well formed] after minus before, and its standard error over problems; NaN without problems."""
    return _gain({"": 1.0}, *({"": which.all_paid} for which in (before, after)))


def gain_alike(before: Examined, after: Examined) -> tuple[float, float]:
    """The same on one mixture of tasks."""
    return _gain(shares(before, after, least=2), before.paid, after.paid)


def _gain(
    weights: Mapping[str, float], before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]
) -> tuple[float, float]:
    if not weights or any(min(len(before[kind]), len(after[kind])) < 2 for kind in weights):
        return nan, nan
    more = sum(weight * (fmean(after[kind]) - fmean(before[kind])) for kind, weight in weights.items())
    spread = sum(
        weight**2 * variance(paid) / len(paid)
        for kind, weight in weights.items()
        for paid in (before[kind], after[kind])
    )
    return more, sqrt(spread)
