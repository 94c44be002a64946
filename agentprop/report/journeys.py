"""Trajectory and attempt rows → what is shown when one problem is looked at: steps, votes, and answers of solvers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentprop.report.items import ListedProblem
from agentprop.report.sample import rank
from agentprop.report.text import MESSAGE, NOTE, STATEMENT, clip

MOST_STEPS = 200
MOST_ANSWERS = 12
"""Different answers of one prober that are shown."""


@dataclass(frozen=True)
class TurnView:
    """One turn."""

    stage: str
    """σ_t."""
    action: str
    """think, exec, edit, submit or malformed."""
    message: str
    """What the policy wrote."""
    observation: str
    """What came back."""
    outcome: str
    """Short code of what happened."""
    skills: tuple[str, ...]
    """The active skills before the action."""
    seconds: float
    """Spent in the sandbox and the environment."""
    finish: str | None
    """The server's finish reason."""


@dataclass(frozen=True)
class Journey:
    """A trajectory."""

    id: str
    """Its id."""
    system: str
    """System message."""
    prompt: str
    """The task."""
    stop: str
    """Why it ended."""
    maker: str
    """The proposer."""
    isolation: str
    """Sandbox level."""
    left_out: int
    """Steps beyond those shown."""
    steps: tuple[TurnView, ...]
    """The steps."""


@dataclass(frozen=True)
class StatedOpinion:
    """What a verifier or auditor said about a problem."""

    role: str
    """verifier or auditor."""
    name: str
    """Who."""
    vote: bool | None
    """Valid, invalid, or could not say."""
    answer: str | None
    """The answer found."""
    code: str
    """Reason code."""
    rationale: str
    """Why."""
    finish: str | None
    """The server's finish reason."""


def journey(row: Mapping[str, Any]) -> Journey:
    """A trajectory row, cut to what a page can hold."""
    turns = row["turns"]
    return Journey(
        id=row["id"],
        system=clip(row["system"], STATEMENT) or "",
        prompt=clip(row["prompt"], MESSAGE) or "",
        stop=row["stop"],
        maker=row["made_by"]["name"],
        isolation=row["isolation"],
        left_out=max(0, len(turns) - MOST_STEPS),
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


def opinion(row: Mapping[str, Any]) -> StatedOpinion:
    """An attempt row of a verifier or auditor."""
    return StatedOpinion(
        row["role"],
        row["verifier"],
        row["vote"],
        clip(row["answer"], NOTE),
        row["code"],
        clip(row["rationale"], NOTE) or "",
        row["finish_reason"],
    )


class Answers:
    """Counts the answers that probers gave to the problems that are looked at."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[tuple[str, str | None, bool | None]]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Count an attempt row of a prober."""
        key = (row["verifier"], clip(row["answer"], NOTE), row["vote"])
        self._counts.setdefault(row["problem_id"], Counter())[key] += 1

    def of(self, problem_id: str) -> list[tuple[str, str | None, bool | None, int]]:
        """(prober, answer, right, how often), the most frequent first."""
        found = self._counts.get(problem_id, Counter()).most_common(MOST_ANSWERS)
        return [(*key, count) for key, count in found]


def choose(items: Sequence[ListedProblem], size: int, seed: int) -> list[int]:
    """Positions of the items that are shown step by step: some of every status and reason, the rest by the lottery."""
    waiting = sorted(range(len(items)), key=lambda n: rank(seed, items[n].id))
    groups: dict[tuple[str, str], list[int]] = {}
    for n in waiting:
        groups.setdefault((items[n].status, items[n].code), []).append(n)
    share = max(1, size // (2 * max(1, len(groups))))
    first = [n for group in groups.values() for n in group[:share]]
    return list(dict.fromkeys([*first, *waiting]))[:size]
