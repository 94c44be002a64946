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
from typing import Literal

from agentprop.boundary import CODES, RecordFailure
from agentprop.records import Attempt, Difficulty, StopReason, Verdict
from agentprop.sandbox import OUTSIDE
from agentprop.training.rl.judgement import Judgement, ProberResult, SubmissionVerdict
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
    branches: tuple[Scored, ...] = ()
    """Scores of the branches, in the same order."""


async def score(groups: Sequence[Group], judgement: Judgement, rewards: Rewards) -> list[ScoredGroup]:
    """Score all members, once all are judged. Raises ModelOutage or BoundReached if judging cannot go on."""
    episodes = [*(m for group in groups for m in group.members), *(b for group in groups for b in group.branches)]
    judged, measured = await judgement.results(episodes)
    probed = judgement.prober is not None

    def scored(of: Sequence[RolledOut]) -> tuple[Scored, ...]:
        return tuple(_scored(one, judged, measured, probed, rewards) for one in of)

    return [ScoredGroup(group, scored(group.members), scored(group.branches)) for group in groups]


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
