"""Runs, and files of problems → the problems that V accepted, with their trajectories and pass rates.

Records are joined by id. Runs are read in the order of their stages, and of several verdicts on a problem, or several
measurements of it, the last one counts. Problems left out are counted by reason: in = out + left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agentprop.config.parts import CorpusSettings
from agentprop.errors import InputError
from agentprop.grading.comparison import check_answer
from agentprop.grading.difficulty import Band
from agentprop.records import Difficulty, Problem, StopReason, Trajectory, Verdict
from agentprop.stages.common.foreign import STAGE as FILES
from agentprop.stages.common.foreign import open_sources
from agentprop.storage.reader import Segment, StoredRun

ORDER = (FILES, "extract", "propose", "verify", "curate", "probe")
OWN_FAULT = frozenset({StopReason.ABANDONED, StopReason.TURN_LIMIT, StopReason.MALFORMED, StopReason.SUBMISSION_LIMIT})
"""Stop reasons without a problem that are the proposer's fault, not that of a server or a token limit."""


@dataclass(frozen=True, slots=True)
class PassRate:
    """ρ = c/k of a problem."""

    prober: str
    """Model and revision that measured it."""
    c: int
    """Attempts that were right."""
    k: int
    """Attempts that count."""


@dataclass(frozen=True)
class Accepted:
    """A problem that V accepted."""

    problem: Problem
    """The problem."""
    rate: PassRate | None
    """Its pass rate, if it was measured."""


@dataclass
class JoinedRuns:
    """Runs with joined records; takes a few hundred bytes for each problem."""

    runs: tuple[StoredRun, ...]
    """The runs, in the order of their stages."""
    verdicts: dict[str, str] = field(default_factory=dict)
    """The last verdict on each problem."""
    rates: dict[str, PassRate] = field(default_factory=dict)
    """The last measurement of each problem."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Problems that the last pass left out, by reason."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Problems that are left out for another reason, and which."""
    _seen: set[str] = field(default_factory=set)

    def problems(self, band: Band | None = None) -> Iterator[Accepted]:
        """Yield the problems that V accepted and whose measured rate lies in the band, without repeats."""
        for stored, segment in self._segments():
            yield from self._kept(stored, segment, band)

    def demonstrations(self, band: Band | None = None) -> Iterator[tuple[Accepted, Trajectory]]:
        """Yield the same, each with its trajectory; a problem whose trajectory is in no run is left out."""
        for stored, segment in self._segments():
            kept = {a.problem.trajectory_id: a for a in self._kept(stored, segment, band)}
            for trajectory in stored.iter(Trajectory, segment) if kept else ():
                if trajectory.id in kept:
                    yield kept.pop(trajectory.id), trajectory
            self.left_out.update({"no trajectory": len(kept)} if kept else {})

    def labelled(self, band: Band | None = None) -> Iterator[tuple[Trajectory, bool]]:
        """Yield trajectories of the problems that `problems` gives (True), and those that failed by own fault (False).

        Left out are undecided ones, and good ones whose problem was refused for another reason: it was there before, or
        resembles a benchmark.
        """
        for stored, segment in self._segments():
            good = {a.problem.trajectory_id for a in self._kept(stored, segment, band)}
            for trajectory in stored.iter(Trajectory, segment):
                invalid = self.verdicts.get(trajectory.problem_id or "") == "invalid"
                if trajectory.id in good:
                    yield trajectory, True
                elif invalid or (trajectory.problem_id is None and trajectory.stop in OWN_FAULT):
                    yield trajectory, False

    def _segments(self) -> Iterator[tuple[StoredRun, Segment]]:
        """Yield the segments of the runs: a problem, its trajectory and its first verdict are in the same one."""
        self.left_out.clear()
        self._seen.clear()
        for stored in self.runs:
            yield from ((stored, segment) for segment in stored.segments)

    def _kept(self, stored: StoredRun, segment: Segment, band: Band | None) -> list[Accepted]:
        kept = []
        for problem in stored.iter(Problem, segment):
            reason = self._refusal(problem.id, band)
            if reason is None and not check_answer(problem).ok:
                reason = "unreadable answer"
            self._seen.add(problem.id)
            if reason is None:
                kept.append(Accepted(problem, self.rates.get(problem.id)))
            else:
                self.left_out[reason] += 1
        return kept

    def _refusal(self, problem_id: str, band: Band | None) -> str | None:
        """Reason why a problem is left out, if it is."""
        verdict, rate = self.verdicts.get(problem_id), self.rates.get(problem_id)
        if problem_id in self._seen:
            return "there before"
        if verdict != "valid":
            return verdict or "no verdict"
        if band is not None and rate is None:
            return "difficulty not measured"
        if band is not None and rate is not None and not band.holds(rate.c, rate.k):
            return "outside the band of difficulty"
        return self.dropped.get(problem_id)


def join(
    paths: Sequence[str],
    layout: CorpusSettings | None = None,
    *,
    band: Band | None = None,
    prober: str | None = None,
    quiet: bool = True,
) -> JoinedRuns:
    """Open runs, and files of problems as `layout` says, and join their verdicts and measurements.

    `prober` selects the measurements of one prober, by a part of its name. Raises InputError if there are no problems,
    no verdicts, or, with a band, no measurements.
    """
    runs = sorted(open_sources(paths, layout or CorpusSettings(), quiet=quiet), key=_place)
    joined = JoinedRuns(tuple(runs))
    for stored in runs:
        for row in stored.iter_rows(Verdict, ["problem_id", "value"]):
            joined.verdicts[row["problem_id"]] = row["value"]
        for row in stored.iter_rows(Difficulty, ["problem_id", "prober", "c", "k"]):
            if prober is None or prober in row["prober"]:
                joined.rates[row["problem_id"]] = PassRate(row["prober"], row["c"], row["k"])
    _check(joined, paths, band, prober)
    return joined


def _place(stored: StoredRun) -> int:
    return ORDER.index(stored.stage) if stored.stage in ORDER else len(ORDER)


def _check(joined: JoinedRuns, paths: Sequence[str], band: Band | None, prober: str | None) -> None:
    names = ", ".join(paths)
    if not any(stored.rows.get(Problem.kind) for stored in joined.runs):
        raise InputError(f"there are no problems in {names}", hint="also name the run that proposed them")
    if not joined.verdicts:
        raise InputError(
            f"there are no verdicts on the problems of {names}", hint="run agentprop verify, and name its run too"
        )
    if (band is not None or prober is not None) and not joined.rates:
        by = f" by {prober}" if prober else ""
        raise InputError(f"no difficulty was measured{by} in {names}", hint="run agentprop probe, and name its run too")
