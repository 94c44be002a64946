"""Trajectory and attempt rows → the details of one problem on the page: its steps, votes, and probers' answers.

Only some problems have their details on the page. `choose_details` takes some of every status and reason code first, so
that rare outcomes can be looked at, and fills up by `rank`, a random order that depends on the seed and the ids alone.
Example: of eight valid and two invalid problems four are chosen. There are two groups, so each gives at least
4 // (2·2) = 1; the other two are the first in the random order.

    >>> from types import SimpleNamespace
    >>> items = [SimpleNamespace(id=f"p{n}", status="valid" if n < 8 else "invalid", code="") for n in range(10)]
    >>> [f"{items[n].id} {items[n].status}" for n in choose_details(items, 4, seed=0)]
    ['p2 valid', 'p9 invalid', 'p8 invalid', 'p0 valid']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentprop.report.items import ListedProblem
from agentprop.report.sample import rank
from agentprop.report.text import MESSAGE, NOTE, STATEMENT, clip

MOST_STEPS = 200
"""Most steps of a trajectory that are shown."""
MOST_ANSWERS = 12
"""Most different answers to one problem that are shown."""


@dataclass(frozen=True)
class TurnView:
    """One turn of a trajectory."""

    stage: str
    """σ_t."""
    action: str
    """think, exec, edit, submit or malformed."""
    message: str
    """The policy's message."""
    observation: str
    """The environment's answer."""
    outcome: str
    """Short code of the outcome."""
    skills: tuple[str, ...]
    """The active skills before the action."""
    seconds: float
    """Seconds spent in the sandbox and the environment."""
    finish: str | None
    """The server's finish reason."""


@dataclass(frozen=True)
class TrajectoryView:
    """A trajectory, cut to the size of a page."""

    id: str
    """Its id."""
    system: str
    """System message."""
    prompt: str
    """The task."""
    stop: str
    """Reason why it ended."""
    maker: str
    """The proposer."""
    isolation: str
    """Sandbox level."""
    left_out: int
    """Steps beyond those shown."""
    steps: tuple[TurnView, ...]
    """The steps."""


@dataclass(frozen=True)
class AttemptView:
    """Attempt of a verifier or auditor at a problem."""

    role: str
    """verifier or auditor."""
    name: str
    """Its name."""
    vote: bool | None
    """True valid, False invalid, None undecided."""
    answer: str | None
    """The answer that was found."""
    code: str
    """Reason code."""
    rationale: str
    """Its reason."""
    finish: str | None
    """The server's finish reason."""


def trajectory_view(row: Mapping[str, Any]) -> TrajectoryView:
    """Make the view of a trajectory row."""
    turns = row["turns"]
    return TrajectoryView(
        id=row["id"],
        system=clip(row["system"], STATEMENT) or "",
        prompt=clip(row["prompt"], MESSAGE) or "",
        stop=row["stop"],
        maker=row["made_by"]["name"],
        isolation=row["isolation"],
        left_out=max(0, len(turns) - MOST_STEPS),  # shown, so that no one takes a cut trajectory for the whole
        steps=tuple(_step(turn) for turn in turns[:MOST_STEPS]),
    )


def _step(turn: Mapping[str, Any]) -> TurnView:
    return TurnView(
        stage=turn["stage"],
        action=turn["action"],
        message=clip(turn["message"], MESSAGE) or "",
        observation=clip(turn["observation"], MESSAGE) or "",
        outcome=turn["outcome"],
        skills=tuple(turn["skills"]),
        seconds=round(turn["duration_s"], 3),
        finish=turn["finish_reason"],
    )


def attempt_view(row: Mapping[str, Any]) -> AttemptView:
    """Make the view of an attempt row of a verifier or auditor."""
    return AttemptView(
        row["role"],
        row["verifier"],
        row["vote"],
        clip(row["answer"], NOTE),
        row["code"],
        clip(row["rationale"], NOTE) or "",
        row["finish_reason"],
    )


class ProberAnswers:
    """Counts probers' answers to the problems whose details are shown."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[tuple[str, str | None, bool | None]]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Count an attempt row of a prober."""
        # Clipped before it is counted, so that memory stays bounded however long the answers are.
        key = (row["verifier"], clip(row["answer"], NOTE), row["vote"])
        self._counts.setdefault(row["problem_id"], Counter())[key] += 1

    def of(self, problem_id: str) -> list[tuple[str, str | None, bool | None, int]]:
        """(prober, answer, right, count), the most frequent first."""
        found = self._counts.get(problem_id, Counter()).most_common(MOST_ANSWERS)
        return [(*key, count) for key, count in found]


def choose_details(items: Sequence[ListedProblem], size: int, seed: int) -> list[int]:
    """Choose positions of items to show in detail: some of every status and reason code, then in random order."""
    # By the hash of the id, not by drawing: a resumed run, or more runs in the report, keep the same choice.
    by_rank = sorted(range(len(items)), key=lambda n: rank(seed, items[n].id))
    groups: dict[tuple[str, str], list[int]] = {}
    for n in by_rank:
        groups.setdefault((items[n].status, items[n].code), []).append(n)
    # Half of the places go to the groups in equal parts; the other half keeps the true proportions visible.
    share = max(1, size // (2 * max(1, len(groups))))
    first = [n for group in groups.values() for n in group[:share]]
    return list(dict.fromkeys([*first, *by_rank]))[:size]  # with many groups, some places go to the first ones only
