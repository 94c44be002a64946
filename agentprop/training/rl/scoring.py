"""Groups → scores: V and ρ of every submitted problem, r_T and r_proc of every member, and its place in the loss.

Paper (arXiv 2602.03279): r_T = V·(R_base + 1[ρ > 0]·λ·(1 − ρ)). V is 1 only if the verifiers accept; a problem that
leaves them undecided earns nothing. Ours: a member has one of three fates.

    counted   its reward is known, and its actions are in the loss
    masked    the policy was cut off (reply or context too long, out of turns): reward 0 in the statistics of the group,
              but not in the loss, because learning from that 0 would teach the policy to be brief
    lost      the server, the sandbox, a verifier or the prober failed: the reward is unknown, so it is in neither

One prober measures all problems of a step, so no group mixes two probers. A problem that several members submitted is
measured once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agentprop.boundary import CODES, RecordFailure, contained_async
from agentprop.engine.rolling import together
from agentprop.grading.difficulty import AttemptCounts
from agentprop.grading.probers import Prober
from agentprop.grading.wilson import wilson
from agentprop.models.failures import ModelFailure
from agentprop.records import Attempt, Difficulty, Problem, StopReason, Trajectory, Verdict
from agentprop.sandbox import OUTSIDE
from agentprop.training.rl.rewards import process, terminal
from agentprop.training.rl.rollout import Group, RolledOut

Fate = Literal["counted", "masked", "lost"]

CUT_OFF = frozenset({StopReason.TRUNCATED, StopReason.CONTEXT_OVERFLOW, StopReason.TURN_LIMIT})
"""Ends that cut the policy off and say nothing about its work until then."""
BROKEN = frozenset({StopReason.INFRASTRUCTURE, StopReason.TOOL_FAILURE})
"""Ends that are nobody's mistake."""
UNDECIDED = CODES | OUTSIDE | {"timeout", "memory", "outage", "malformed"}
"""Codes of `undetermined` that are failures of the verifying, not of the problem; the verifier's of a program and the
auditor's have a word before them."""


class ValidityJudge(Protocol):
    """Judge of validity, V."""

    async def __call__(self, problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        """Return the attempts behind a verdict, and the verdict. Raises ModelOutage if the verifiers stop answering."""
        ...


@dataclass(frozen=True)
class Rewards:
    """Parameters of the rewards."""

    r_base: float = 0.5
    """R_base, the least reward of a valid problem."""
    lam: float = 0.5
    """λ, the bonus of the hardest solvable problem."""
    malformed: float = 0.0
    """r_proc of a malformed message, 0 or less."""
    cut_off: frozenset[StopReason] = CUT_OFF
    """Ends that mask a member; empty to count them as failures."""


@dataclass(frozen=True)
class Scored:
    """Member of a group, and its rewards."""

    member: RolledOut
    """Episode that was scored."""
    fate: Fate
    """Fate of the member: counted, masked or lost."""
    r_T: float
    """Terminal reward; 0 and meaningless if the member is lost."""
    r_proc: tuple[float, ...]
    """Process reward of each turn."""
    verdict: Verdict | None = None
    """Verdict V, if a problem was submitted."""
    difficulty: Difficulty | None = None
    """Difficulty ρ, if it was measured."""
    attempts: tuple[Attempt, ...] = field(default=(), repr=False)
    """The attempts behind both."""
    failure: RecordFailure | None = None
    """What failed unexpectedly, in the episode or when it was judged."""

    @property
    def valid(self) -> bool:
        """The verdict is valid: V(q) = 1."""
        return self.verdict is not None and self.verdict.value == "valid"

    @property
    def rho(self) -> float | None:
        """Pass rate ρ = c/k; None if it was not measured."""
        return self.difficulty.c / self.difficulty.k if self.difficulty is not None else None


@dataclass(frozen=True)
class ScoredGroup:
    """Group, and the scores of its members."""

    group: Group
    """Episodes of the group."""
    members: tuple[Scored, ...]
    """Scores of the members, in the same order."""


@dataclass(frozen=True)
class SubmissionVerdict:
    """Verdict on one submission, with the attempts behind it."""

    attempts: tuple[Attempt, ...]
    verdict: Verdict | None
    """None where the verifiers could not be reached."""
    failure: RecordFailure | None = None
    """What failed unexpectedly instead."""


@dataclass(frozen=True)
class ProberResult:
    """Difficulty of one problem, with the attempts behind it."""

    attempts: tuple[Attempt, ...] = ()
    difficulty: Difficulty | None = None
    """None where no attempt counts, or the prober could not be reached."""
    failure: RecordFailure | None = None
    """What failed unexpectedly instead."""


async def score(
    groups: Sequence[Group], verify: ValidityJudge, prober: Prober | None, *, k: int, rewards: Rewards
) -> list[ScoredGroup]:
    """Score all members. Raises ModelOutage or BoundReached if verifying or probing cannot go on."""
    submitted = {m.trajectory.id: (m.problem, m.trajectory) for g in groups for m in g.members if m.problem is not None}
    verdicts = await together([_judge(verify, problem, trajectory) for problem, trajectory in submitted.values()])
    judged = dict(zip(submitted, verdicts, strict=True))
    valid = {p.id: p for key, (p, _) in submitted.items() if (v := judged[key].verdict) and v.value == "valid"}
    measured = await measure(list(valid.values()), prober, k) if prober is not None else {}
    return [
        ScoredGroup(group, tuple(_scored(m, judged, measured, prober is not None, rewards) for m in group.members))
        for group in groups
    ]


async def _judge(verify: ValidityJudge, problem: Problem, trajectory: Trajectory) -> SubmissionVerdict:
    """Its verdict; judging that fails is no other episode's concern."""

    async def judged() -> SubmissionVerdict:
        try:
            attempts, verdict = await verify(problem, trajectory)
        except ModelFailure:
            return SubmissionVerdict((), None)
        failed = next((a for a in attempts if verdict.code in CODES and a.code == verdict.code), None)
        failure = RecordFailure.of(failed.code, failed.rationale) if failed is not None else None
        return SubmissionVerdict(tuple(attempts), verdict, failure)

    return await contained_async(judged, lambda failure: SubmissionVerdict((), None, failure))


# --- ρ ---


async def measure(problems: Sequence[Problem], prober: Prober, k: int) -> dict[str, ProberResult]:
    """Measure problems by k attempts each; return the results by problem id."""
    found = await together([_measure(problem, prober, k) for problem in problems])
    return {problem.id: one for problem, one in zip(problems, found, strict=True)}


async def _measure(problem: Problem, prober: Prober, k: int) -> ProberResult:
    """Its difficulty; a measurement that fails is no other problem's concern."""

    async def measured() -> ProberResult:
        try:
            attempts = tuple(await prober.attempts(problem, 0, k))
        except ModelFailure:
            return ProberResult()
        tally = AttemptCounts().plus(attempt.code for attempt in attempts)
        return ProberResult(attempts, _difficulty(problem, tally, prober))

    return await contained_async(measured, lambda failure: ProberResult(failure=failure))


def _difficulty(problem: Problem, tally: AttemptCounts, prober: Prober) -> Difficulty | None:
    if not tally.counted:
        return None
    low, high = wilson(tally.correct, tally.counted)
    return Difficulty(
        problem_id=problem.id,
        prober=prober.name,
        k=tally.counted,
        c=tally.correct,
        truncated=tally.truncated,
        timeouts=tally.timeouts,
        low=low,
        high=high,
        sampling=prober.made_by.sampling,
        made_by=prober.made_by,
    )


# --- rewards of a member ---


def _scored(
    member: RolledOut,
    judged: Mapping[str, SubmissionVerdict],
    measured: Mapping[str, ProberResult],
    probed: bool,
    rewards: Rewards,
) -> Scored:
    trajectory, problem = member.trajectory, member.problem
    verified = judged.get(trajectory.id, SubmissionVerdict((), None))
    tried = measured.get(problem.id, ProberResult()) if problem is not None else ProberResult()
    fate = _fate(member, verified.verdict, tried.difficulty, probed, rewards)
    valid = verified.verdict is not None and verified.verdict.value == "valid"
    rho = tried.difficulty.c / tried.difficulty.k if tried.difficulty is not None else None
    paid = terminal(valid, rho, r_base=rewards.r_base, lam=rewards.lam) if fate == "counted" else 0.0
    return Scored(
        member,
        fate,
        paid,
        process(trajectory.turns, malformed=rewards.malformed),
        verified.verdict,
        tried.difficulty,
        (*verified.attempts, *tried.attempts),
        member.failure or verified.failure or tried.failure,
    )


def _is_unclear(code: str) -> bool:
    """Tell whether an undetermined verdict says nothing about the problem."""
    return code.removeprefix("program_").removeprefix("audit_") in UNDECIDED


def _fate(
    member: RolledOut, verdict: Verdict | None, difficulty: Difficulty | None, probed: bool, rewards: Rewards
) -> Fate:
    stop = member.trajectory.stop
    if stop in rewards.cut_off or stop in BROKEN:
        return "masked" if stop in rewards.cut_off else "lost"
    if member.problem is None:
        return "counted"
    if verdict is None or (verdict.value == "undetermined" and _is_unclear(verdict.code)):
        return "lost"
    return "lost" if verdict.value == "valid" and probed and difficulty is None else "counted"
