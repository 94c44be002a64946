"""A finished candidate → what its commit needs: small facts for the decision, and the records packed for storage.

Workers make digests, so that the one process that commits neither rebuilds a trajectory nor makes its columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agentprop.agent.bundles import bundle_name
from agentprop.agent.candidates import Candidate
from agentprop.agent.message_notes import MessageNotes
from agentprop.boundary import RecordFailure
from agentprop.composition.ablation import REFUSED
from agentprop.models.chat import Usage
from agentprop.records import DeclaredDifficulty, Problem, Record, Trajectory
from agentprop.storage.columns import Storable, packed

CONFLICT = re.compile(r"tools\.Conflict: *(.+)")
"""Sentence of a conflict in an observation."""


@dataclass(frozen=True)
class Episode:
    """What counts of a trajectory."""

    stop: str
    """Why it ended."""
    turns: int
    """Messages of the proposer."""
    pruned: bool
    replaced: bool
    """Whether skills were pruned or replaced."""
    repaired: bool
    """Whether a run of its code went wrong on the way."""
    bundle: str
    """Name of the bundle that it began with."""
    conflicts: tuple[str, ...]
    """Why its compositions did not hold, each reason once."""
    inert: str | None
    """The clause for which its last submission was refused, if that was the reason."""


@dataclass(frozen=True)
class Accepted:
    """What counts of a problem that its environment accepted."""

    statement: str
    template: str
    """Hash of the statement without its numbers."""
    record: Storable
    """The problem."""
    difficulty: DeclaredDifficulty | None
    """Its declared difficulty."""
    told: str | None
    """What became of its solution in words: `solved`, or `unsolved: ` and why; None if none was to be written."""


@dataclass(frozen=True)
class Digest:
    """A finished candidate, as its commit sees it; the fields that `Candidate` has too mean the same."""

    index: int
    category: str
    episode: Episode | None = None
    problem: Accepted | None = None
    structure: str = ""
    verdict: tuple[str, str, str] | None = None
    """(value, code, message) of its verdict."""
    records: tuple[Storable, ...] = ()
    """Trajectory, attempt and verdict, which are stored whatever becomes of the problem."""
    mined: bool = False
    missed: bool = False
    failure: RecordFailure | None = None
    notes: MessageNotes = field(default_factory=MessageNotes)
    usage: tuple[Usage, ...] = ()
    words: str = ""
    unreadable: str = ""
    rewritten: Mapping[str, int] = field(default_factory=dict)
    reminded: bool = False
    draft: int = 0

    @classmethod
    def of(cls, candidate: Candidate) -> Digest:
        """The digest of a candidate, with its records as they are."""
        problem, verdict = candidate.problem, candidate.verdict
        kept = (candidate.trajectory, candidate.attempt, verdict)
        return cls(
            index=candidate.index,
            category=candidate.category,
            episode=_episode(candidate.trajectory) if candidate.trajectory is not None else None,
            problem=_accepted(problem) if problem is not None else None,
            structure=candidate.structure,
            verdict=(verdict.value, verdict.code, verdict.message) if verdict is not None else None,
            records=tuple(record for record in kept if record is not None),
            mined=candidate.mined,
            missed=candidate.missed,
            failure=candidate.failure,
            notes=candidate.notes,
            usage=candidate.usage,
            words=candidate.words,
            unreadable=candidate.unreadable,
            rewritten=candidate.rewritten,
            reminded=candidate.reminded,
            draft=candidate.draft,
        )


def digests(candidates: Sequence[Candidate]) -> list[Digest]:
    """The digests of candidates, their records packed together."""
    whole = [Digest.of(candidate) for candidate in candidates]
    places = packed([record for digest in whole for record in _records(digest)])
    return [_with(digest, [next(places) for _ in _records(digest)]) for digest in whole]


def _records(digest: Digest) -> list[Record]:
    records = [*digest.records, *([digest.problem.record] if digest.problem is not None else [])]
    return [record for record in records if isinstance(record, Record)]


def _with(digest: Digest, records: Sequence[Storable]) -> Digest:
    """A digest with other forms of the same records."""
    if digest.problem is None:
        return replace(digest, records=tuple(records))
    return replace(digest, records=tuple(records[:-1]), problem=replace(digest.problem, record=records[-1]))


def _accepted(problem: Problem) -> Accepted:
    told = None
    if problem.solution is not None:
        why, _, _ = problem.solution.left_out.partition(": ")
        told = f"unsolved: {why}" if why else "solved"
    return Accepted(problem.statement, problem.template, problem, problem.difficulty, told)


def conflicts_of(trajectory: Trajectory) -> tuple[str, ...]:
    """Return the sentences of the conflicts that its code ran into, in order, each once."""
    said = (CONFLICT.search(turn.observation) for turn in trajectory.turns if turn.outcome == "conflict")
    return tuple(dict.fromkeys(found[1].strip() for found in said if found is not None))


def _episode(trajectory: Trajectory) -> Episode:
    submitted = next((turn.outcome for turn in reversed(trajectory.turns) if turn.action == "submit"), "")
    return Episode(
        stop=trajectory.stop.value,
        turns=len(trajectory.turns),
        pruned=trajectory.pruned > 0,
        replaced=trajectory.replaced > 0,
        repaired=any(turn.action == "exec" and turn.outcome != "ok" for turn in trajectory.turns),
        bundle=bundle_name(trajectory.task.skill_names),
        conflicts=conflicts_of(trajectory),
        inert=submitted.removeprefix(REFUSED) if submitted.startswith(REFUSED) else None,
    )
