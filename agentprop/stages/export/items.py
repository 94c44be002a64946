"""Joined runs → the items of an export, each with its row and the skills that decide its split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from agentprop.boundary import RecordFailure, contained
from agentprop.export import drafts, proposer, solver
from agentprop.export.formats import Content, Format
from agentprop.export.problems import problem_row
from agentprop.export.solutions import worked
from agentprop.grading.difficulty import Band
from agentprop.records import MadeBy, Part, Problem, Trajectory
from agentprop.stages.common.accepted import Accepted, JoinedRuns, PassRate

Make = Callable[[str, int], Part]
"""(split, number in the split) → the row."""


CHECKED = "judged by a checker, which the format cannot carry"
"""Why a problem is left out of a format whose rows nobody grades with a checker."""


@dataclass(frozen=True)
class ExportItem:
    """An item of the export, which becomes a row."""

    id: str
    """Id of the problem; of the trajectory if there need be no problem."""
    skills: tuple[str, ...]
    """All skills that occur in it together."""
    made_by: MadeBy
    """Its proposer."""
    rate: PassRate | None
    """Pass rate of its problem, if measured."""
    make: Make
    """Its row."""
    failure: RecordFailure | None = None
    """Why there is no row of it, by no fault of its own."""


def items(content: Content, format_: Format, joined: JoinedRuns, band: Band | None) -> Iterator[ExportItem]:
    """Iterate over the items, in the order of the runs, the same on every call."""
    match content:
        case "problems":
            return (_item(a.problem, partial(_of_problem, a)) for a in joined.problems(band))
        case "questions":
            return (_item(a.problem, partial(_of_question, a, format_)) for a in _gradable(format_, joined, band))
        case "solutions":
            return (_item(a.problem, partial(_of_solution, a)) for a in _solved(joined, band))
        case "demonstrations" | "trajectories":
            return (_item(a.problem, partial(_of_trajectory, a, t, content)) for a, t in joined.demonstrations(band))
        case "labelled":
            return (
                _item(trajectory, partial(_of_label, trajectory, good)) for trajectory, good in joined.labelled(band)
            )
        case "pairs":
            return (_item(good, partial(_of_pair, good, bad)) for good, bad in _pairs(joined, band))
        case "drafts":
            found = joined.demonstrations(band)
            return (_item(a.problem, partial(_of_drafts, a, t)) for a, t in found if drafts.preference(t) is not None)


def _of_drafts(accepted: Accepted, trajectory: Trajectory) -> ExportItem:
    skills = _seen(trajectory, accepted.problem)
    row = drafts.preference(trajectory)
    assert row is not None  # only those with a pair are items
    return ExportItem(accepted.problem.id, skills, trajectory.made_by, accepted.rate, lambda *_: row)


def _item(record: Problem | Trajectory, work: Callable[[], ExportItem]) -> ExportItem:
    """Return the item of a record, or one that only says what failed, which is no other record's concern."""

    def failed(failure: RecordFailure) -> ExportItem:
        return ExportItem(record.id, (), record.made_by, None, lambda *_: record, failure)

    return contained(work, failed)


def _of_problem(accepted: Accepted) -> ExportItem:
    problem, rate = accepted.problem, accepted.rate
    measured = (rate.prober, rate.c, rate.k) if rate is not None else (None, None, None)
    return ExportItem(problem.id, problem.skills, problem.made_by, rate, lambda *_: problem_row(problem, *measured))


def _of_question(accepted: Accepted, format_: Format) -> ExportItem:
    """From here on a problem is its two texts, and its domain, which verl needs."""
    problem = accepted.problem
    row, domain = solver.question_answer(problem), problem.domain

    def make(split: str, index: int) -> Part:
        return format_.question(row, domain, index, split)

    return ExportItem(problem.id, problem.skills, problem.made_by, accepted.rate, make)


def _gradable(format_: Format, joined: JoinedRuns, band: Band | None) -> Iterator[Accepted]:
    """Yield the problems whose answers the format can carry; the others are counted as left out."""
    for accepted in joined.problems(band):
        judging = accepted.problem.judging
        if judging is None or judging.checker is None or format_.checkers:
            yield accepted
        else:
            joined.left_out[CHECKED] += 1


def _of_solution(accepted: Accepted) -> ExportItem:
    problem = accepted.problem
    return ExportItem(problem.id, problem.skills, problem.made_by, accepted.rate, lambda *_: worked(problem))


def _solved(joined: JoinedRuns, band: Band | None) -> Iterator[Accepted]:
    """Yield the problems with a solution; the others are counted as left out."""
    for accepted in joined.problems(band):
        if accepted.problem.solution is not None and accepted.problem.solution.text:
            yield accepted
        else:
            joined.left_out["without a solution"] += 1


def _of_trajectory(accepted: Accepted, trajectory: Trajectory, content: Content) -> ExportItem:
    make = proposer.conversation if content == "demonstrations" else proposer.trajectory_row
    skills = _seen(trajectory, accepted.problem)
    return ExportItem(accepted.problem.id, skills, trajectory.made_by, accepted.rate, lambda *_: make(trajectory))


def _of_label(trajectory: Trajectory, good: bool) -> ExportItem:
    return ExportItem(
        trajectory.id, _seen(trajectory), trajectory.made_by, None, lambda *_: proposer.unpaired(trajectory, good)
    )


def _of_pair(good: Trajectory, bad: Trajectory) -> ExportItem:
    skills = _seen(good) + _seen(bad)
    return ExportItem(good.id, skills, good.made_by, None, lambda *_: proposer.preference(good, bad))


def _seen(trajectory: Trajectory, problem: Problem | None = None) -> tuple[str, ...]:
    """The skills of a trajectory: at its beginning, on the way and in its problem."""
    passed = (name for turn in trajectory.turns for name in turn.skills)
    return tuple(dict.fromkeys([*trajectory.task.skill_names, *passed, *(problem.skills if problem else ())]))


def _pairs(joined: JoinedRuns, band: Band | None) -> Iterator[tuple[Trajectory, Trajectory]]:
    """Yield pairs of a good and a bad trajectory of the same prompt, each in at most one pair.

    A first pass counts, so that the second keeps trajectories only of prompts that have both.
    """
    counts: Counter[tuple[bytes, bool]] = Counter()
    for trajectory, good in joined.labelled(band):
        counts[proposer.prompt_key(trajectory), good] += bool(trajectory.turns)
    waiting: dict[tuple[bytes, bool], list[Trajectory]] = {}
    for trajectory, good in joined.labelled(band):
        key = proposer.prompt_key(trajectory)
        if not trajectory.turns or not (counts[key, True] and counts[key, False]):
            continue
        partners = waiting.get((key, not good))
        if partners:
            partner = partners.pop(0)
            yield (trajectory, partner) if good else (partner, trajectory)
        else:
            waiting.setdefault((key, good), []).append(trajectory)
