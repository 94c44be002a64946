"""Finished or unfinished runs → one HTML file that shows them.

Every kind of record is streamed, once or twice; what stays in memory is counters, some 200 bytes per problem, and what
the page shows, which is bounded by `problems` and `trajectories` and not by the size of the runs.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agentprop import __version__
from agentprop.boundary import HINT_WITHOUT_RUN, RecordFailure, Tolerance, contained
from agentprop.errors import RunError
from agentprop.records import Attempt, Difficulty, Problem, Record, Reject, Skill, Trajectory, Verdict, is_of_attempt
from agentprop.report.checkers import FILE as CHECKERS
from agentprop.report.checkers import audits
from agentprop.report.contamination import FILE as CONTAMINATION
from agentprop.report.contamination import contamination
from agentprop.report.difficulty import Difficulties
from agentprop.report.funnel import Funnel, Rejects
from agentprop.report.index import ProblemIndex, number_of
from agentprop.report.items import PROBLEM_COLUMNS, ListedProblem, of_problem, of_reject, table
from agentprop.report.journeys import Answers, choose, journey, opinion
from agentprop.report.page import GENERATOR, page
from agentprop.report.sample import Sample
from agentprop.report.skills import SkillPairs
from agentprop.report.spending import spending
from agentprop.report.text import LABEL, MESSAGE, NOTE, clip, shareable
from agentprop.report.verdicts import Standings
from agentprop.report.votes import Votes
from agentprop.storage import Row
from agentprop.storage.durable import check_target, disk_errors, write_atomically
from agentprop.storage.reader import StoredRun, open_run, read_errors

ORDER = ("extract", "propose", "verify", "probe")
"""Runs are read in this order, so that a later word on a problem replaces an earlier one."""
REFUSED = 500
"""Refused candidates listed for each reason code."""
LEDGER = 300
"""Contested problems shown; all are counted."""
MOST_TESTS = 8
"""Tests of a program that are shown."""
VOTE_COLUMNS = ("problem_id", "role", "number", "verifier", "vote", "answer", "code")
OPINION_COLUMNS = (*VOTE_COLUMNS, "rationale", "finish_reason")
DIFFICULTY_COLUMNS = ("problem_id", "prober", "c", "k", "low", "high", "truncated", "timeouts")


@dataclass(frozen=True)
class Options:
    """How much the page shows."""

    problems: int = 20_000
    """Accepted problems listed; more are sampled."""
    trajectories: int = 300
    """Problems and refused candidates that can be followed step by step."""
    seed: int = 0
    """What the samples follow from."""
    title: str | None = None
    """Heading; null means the names of the runs."""
    max_failures: float = 0.01
    """Share of the records that may fail to be shown."""


@dataclass
class Digest:
    """What the passes over the runs have gathered."""

    runs: Sequence[StoredRun]
    index: ProblemIndex = field(default_factory=ProblemIndex)
    standings: Standings = field(init=False)
    votes: Votes = field(init=False)
    difficulties: Difficulties = field(init=False)
    pairs: SkillPairs = field(default_factory=SkillPairs)
    makers: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    valid: Counter[int] = field(default_factory=Counter)
    elsewhere: int = 0
    shown: Tolerance = field(default_factory=lambda: Tolerance(1.0, hint=HINT_WITHOUT_RUN))

    def __post_init__(self) -> None:
        self.standings = Standings(self.index)
        self.votes = Votes(self.index)
        self.difficulties = Difficulties(self.index)

    def rows(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[tuple[int, Row]]:
        """(position of the run, row) of every record of a kind."""
        for number, stored in enumerate(self.runs):
            if stored.rows.get(record_type.kind):
                yield from ((number, row) for row in stored.iter_rows(record_type, columns))

    def once(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[tuple[int, Row]]:
        """The same without records that an earlier run holds too, as runs that were fed by a pipe do."""
        several = sum(bool(stored.rows.get(record_type.kind)) for stored in self.runs) > 1
        seen: set[int] = set()
        for number, row in self.rows(record_type, columns):
            record = number_of(row["id"]) if several else -1
            if record not in seen or not several:
                seen.add(record)
                yield number, row

    def each(self, rows: Iterable[tuple[int, Row]], work: Callable[[int, Row], None]) -> None:
        """Do the work of a pass for every row; a row that fails is told of and left out, and no other one."""

        def done(number: int, row: Row) -> None:
            work(number, row)
            self.shown.add()

        for number, row in rows:
            contained(partial(done, number, row), partial(self._failed, number, row))

    def _failed(self, number: int, row: Row, failure: RecordFailure) -> None:
        name = next((str(row[key]) for key in ("id", "problem_id", "item") if key in row), "a record")
        print(f"{name} of {self.runs[number].path} cannot be shown: {failure.told}", file=sys.stderr)
        self.shown.add(failure)


def run(paths: Sequence[str], out: str, options: Options) -> dict[str, Any]:
    """Write the report to a file, or to stdout where `out` is `-`; returns its key figures."""
    if out != "-":
        _check_replaceable(Path(out))
    runs = sorted((open_run(path) for path in dict.fromkeys(paths)), key=_order)
    title = options.title or " · ".join(dict.fromkeys(stored.path.resolve().name for stored in runs))
    digest = Digest(runs, shown=Tolerance(options.max_failures, hint=HINT_WITHOUT_RUN))
    data, details = _gather(digest, options)
    digest.shown.check(over=True)
    document = page(title, {"title": title, **data}, details)
    if out == "-":
        sys.stdout.buffer.write(document)
    else:
        with disk_errors(Path(out)):
            Path(out).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(Path(out), document)
    failed = {"records not shown": digest.shown.failures} if digest.shown.failures else {}
    listed = {"listed": len(data["items"]["id"]), "step by step": len(details), "bytes": len(document)}
    return {**data["figures"], **failed, **listed}


def _order(stored: StoredRun) -> int:
    return ORDER.index(stored.stage) if stored.stage in ORDER else len(ORDER)


def _check_replaceable(path: Path) -> None:
    """Raises RunError where something lies that is not a report."""
    check_target(path)
    if path.is_dir():
        raise RunError(f"{path} is a directory", hint=f"name a file, such as {path / 'report.html'}")
    if not path.exists():
        return
    with read_errors(path), path.open("rb") as file:
        start = file.read(16_384)
    if GENERATOR.encode() not in start:
        raise RunError(f"{path} is not a report, so it is not replaced", hint="choose another --out")


def _gather(digest: Digest, options: Options) -> tuple[dict[str, Any], dict[str, Any]]:
    """The page's tables, and its details by position in the list."""
    problems = _problems(digest, options)
    rejects, refused = _rejects(digest, options)
    listed = [*problems.values(), *refused]
    _judge(digest, problems)
    _measure(digest, listed)
    chosen = choose(listed, options.trajectories, options.seed)
    for position in chosen:
        listed[position].detail = True
    contested, ledger = _ledger(digest, options.seed)
    wanted = {digest.index.find(i.problem) for n in chosen if (i := listed[n]).problem} | {place for place, _ in ledger}
    opinions, answers = _opinions(digest, wanted)
    details = _details(digest, listed, chosen, answers)
    _skills(digest)
    funnels = [
        rejects[n].funnel(n, stored.stage, _accepted(digest, n))
        for n, stored in enumerate(digest.runs)
        if stored.rows or not (stored.path / CHECKERS).is_file()  # an audit judges no problem
    ]
    return _tables(digest, listed, funnels, contested, ledger, opinions), details


# --- passes over the records ---


def _problems(digest: Digest, options: Options) -> dict[str, ListedProblem]:
    """Sample the problems; every one is counted."""
    sample: Sample[ListedProblem] = Sample(options.problems, options.seed)

    def add(number: int, row: Row) -> None:
        item = of_problem(row, number)
        if digest.standings.add_problem(row):
            digest.makers[row["made_by"]["name"]] += 1
            sample.offer(row["id"], item)

    digest.each(digest.rows(Problem, PROBLEM_COLUMNS), add)
    return {item.id: item for item in sample}


def _rejects(digest: Digest, options: Options) -> tuple[list[Rejects], list[ListedProblem]]:
    """Count the rejects by run, and sample those that are candidates or problems of which nothing else is known."""
    counted = [Rejects() for _ in digest.runs]
    samples: dict[str, Sample[ListedProblem]] = {}

    def add(number: int, row: Row) -> None:
        if is_of_attempt(row["stage"], row["item"]):
            return
        code = counted[number].add(row)
        if row["stage"] == "propose" or (row["stage"] == "verify" and not digest.standings.knows(row["item"])):
            sample = samples.setdefault(f"{row['outcome']} {code}", Sample(REFUSED, options.seed))
            sample.offer(row["id"], of_reject(row, number))

    digest.each(digest.rows(Reject), add)
    return counted, [item for sample in samples.values() for item in sample]


def _judge(digest: Digest, problems: Mapping[str, ListedProblem]) -> None:
    """Read verdicts and votes, and write them into the list."""

    def add_verdict(number: int, row: Row) -> None:
        digest.standings.add_verdict(row)
        digest.valid[number] += row["value"] == "valid"
        digest.elsewhere += digest.runs[number].stage == "verify" and not digest.standings.knows(row["problem_id"])
        item = problems.get(row["problem_id"])
        if item is not None:
            item.message = "" if row["value"] == "valid" else clip(row["message"], NOTE) or ""

    def add_vote(_: int, row: Row) -> None:
        if row["role"] != "prober":
            digest.votes.add(row)

    digest.each(digest.rows(Verdict, ("problem_id", "value", "code", "message", "evidence")), add_verdict)
    digest.each(digest.rows(Attempt, VOTE_COLUMNS), add_vote)
    for item in problems.values():
        item.status, item.code = digest.standings.of(item.id)


def _measure(digest: Digest, listed: Sequence[ListedProblem]) -> None:
    """Read difficulties, and write votes and difficulties into the list."""
    by_id = {item.problem: item for item in listed if item.problem}
    found: dict[tuple[str, str], tuple[Any, ...]] = {}

    def add(_: int, row: Row) -> None:
        digest.difficulties.add(row)
        if row["problem_id"] in by_id:
            found[row["problem_id"], row["prober"]] = tuple(row[name] for name in DIFFICULTY_COLUMNS[2:])

    digest.each(digest.rows(Difficulty, DIFFICULTY_COLUMNS), add)
    probers = digest.difficulties.probers()
    for (problem, prober), measured in sorted(found.items()):
        by_id[problem].rho.append((probers.index(prober), *measured))
    for item in listed:
        item.votes = digest.votes.signs(item.problem) if item.problem else ""


def _ledger(digest: Digest, seed: int) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Contested problems: how many by reason, and a sample."""
    counts: Counter[str] = Counter()
    sample: Sample[tuple[int, str]] = Sample(LEDGER, seed)
    for place, reason in digest.votes.contested():
        counts[reason] += 1
        sample.offer(str(place), (place, reason))
    return dict(counts.most_common()), list(sample)


def _opinions(digest: Digest, wanted: set[int]) -> tuple[dict[str, list[dict[str, Any]]], Answers]:
    """What was said about some problems, each attempt once."""
    opinions: dict[str, dict[tuple[str, str, int], dict[str, Any]]] = {}
    answers = Answers()

    def add(_: int, row: Row) -> None:
        if digest.index.find(row["problem_id"]) not in wanted:
            return
        if row["role"] == "prober":
            answers.add(row)
        else:
            key = (row["role"], row["verifier"], row["number"])
            opinions.setdefault(row["problem_id"], {})[key] = asdict(opinion(row))

    digest.each(digest.rows(Attempt, OPINION_COLUMNS) if wanted else (), add)
    return {problem: list(said.values()) for problem, said in opinions.items()}, answers


def _details(
    digest: Digest, listed: Sequence[ListedProblem], chosen: Sequence[int], answers: Answers
) -> dict[str, Any]:
    """Trajectories, certificates, tests and solvers' answers of the chosen items; counts every trajectory's skills."""
    details: dict[int, dict[str, Any]] = {n: {"answers": answers.of(listed[n].problem or "")} for n in chosen}
    by_trajectory = {listed[n].trajectory or (listed[n].run, listed[n].index): n for n in chosen}
    good = digest.standings.good_trajectories()

    def add(number: int, row: Row) -> None:
        digest.stops[row["stop"]] += 1
        digest.pairs.add_candidate(row["task"]["skill_names"], row["id"] in good)
        position = by_trajectory.get(row["id"], by_trajectory.get((number, row["task"]["index"])))
        if position is not None:
            details[position]["journey"] = asdict(journey(row))

    digest.each(digest.once(Trajectory), add)
    _certificates(digest, listed, details)
    return {str(position): detail for position, detail in details.items()}


def _certificates(digest: Digest, listed: Sequence[ListedProblem], details: Mapping[int, dict[str, Any]]) -> None:
    by_id = {listed[n].id: n for n in details}

    def add(_: int, row: Row) -> None:
        if digest.standings.of(row["id"])[0] in ("valid", "unverified"):
            digest.pairs.add_problem(row["skills"])
        if row["id"] in by_id:
            tests = [{key: clip(text, NOTE) for key, text in test.items()} for test in row["tests"][:MOST_TESTS]]
            details[by_id[row["id"]]] |= {
                "certificate": clip(row["certificate"]["source"], MESSAGE),
                "tests": tests,
                "all_tests": len(row["tests"]),
                "entry_point": row["entry_point"],
            }

    digest.each(digest.once(Problem, ("id", "skills", "certificate", "tests", "entry_point")), add)


def _skills(digest: Digest) -> None:

    def add(_: int, row: Row) -> None:
        digest.pairs.know(clip(row["name"], LABEL) or "", row["category"])

    digest.each(digest.rows(Skill, ("name", "category")), add)


def _accepted(digest: Digest, number: int) -> int:
    """What came out of a run's stage, from what is stored; documents are counted by the stage alone."""
    stored = digest.runs[number]
    if stored.stage == "extract":
        return int((stored.summary or {}).get("accepted") or stored.rows.get("skill", 0))
    if stored.stage == "verify":
        return digest.valid[number]
    return stored.rows.get("difficulty" if stored.stage == "probe" else "problem", 0)


# --- tables ---


def _tables(
    digest: Digest,
    listed: Sequence[ListedProblem],
    funnels: Sequence[Funnel],
    contested: Mapping[str, int],
    ledger: Sequence[tuple[int, str]],
    opinions: Mapping[str, Any],
) -> dict[str, Any]:
    judges, hardness = digest.votes.judges(), list(digest.difficulties)
    makers = {*digest.makers, *(judge.name for judge in judges), *(found.prober for found in hardness)}
    verdicts = digest.standings.counts()
    good = sum(verdicts.get(value, 0) for value in ("valid", "unverified"))
    summaries = [(stored.stage, stored.summary or {}) for stored in digest.runs]
    by_place = {digest.index.find(problem): problem for problem in opinions}
    return {
        "version": __version__,
        "runs": [_described(stored) for stored in digest.runs],
        "figures": {
            "problems": sum(verdicts.values()),
            "good": good,
            **verdicts,
            "contested": sum(contested.values()),
            "judged elsewhere": digest.elsewhere,
        },
        "makers": dict(digest.makers),
        "verdicts": verdicts,
        "evidence": digest.standings.evidence(),
        "stops": dict(digest.stops.most_common()),
        "funnels": [asdict(funnel) for funnel in funnels],
        "judges": [asdict(judge) for judge in judges],
        "agreements": [asdict(pair) for pair in digest.votes.agreements()],
        "contested": dict(contested),
        "ledger": [[by_place[place], reason, *digest.standings.of(by_place[place])] for place, reason in ledger],
        "opinions": opinions,
        "difficulty": [asdict(found) for found in hardness],
        "skills": _grid(digest.pairs),
        "spending": asdict(spending(summaries, makers, good)),
        "contamination": asdict(contamination(_texts(digest.runs, CONTAMINATION))),
        "checkers": audits(_texts(digest.runs, CHECKERS)),
        "items": table(listed),
    }


def _grid(pairs: SkillPairs) -> dict[str, Any]:
    grid = pairs.grid()
    cells = [[cell.first, cell.second, cell.drawn, cell.kept, cell.covered] for cell in grid.cells]
    return {"names": grid.skills, "categories": grid.categories, "cells": cells, "total": grid.total}


def _described(stored: StoredRun) -> dict[str, Any]:
    manifest = stored.manifest
    settings = {key: value for key, value in stored.config.items() if value not in (None, [], {}, "")}
    return {
        "path": str(stored.path),
        "stage": stored.stage,
        "complete": stored.complete,
        "rows": stored.rows,
        "version": manifest.agentprop if manifest else None,
        "settings": shareable(settings),
        "summary": stored.summary,
    }


def _texts(runs: Sequence[StoredRun], name: str) -> dict[str, str]:
    """What lies beside the data under a name, by path."""
    paths = [path for stored in runs if (path := stored.path / name).is_file()]
    found: dict[str, str] = {}
    for path in paths:
        with read_errors(path):
            found[str(path)] = path.read_text(encoding="utf-8", errors="replace")
    return found
