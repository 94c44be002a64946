"""Finished or unfinished runs → a report of them as one HTML file.

Every kind of record is streamed, once or twice. In memory stay counters, some 200 bytes per problem, and the content of
the page, which is bounded by `problems` and `trajectories` and not by the size of the runs.
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
from agentprop.config.parts import CorpusSettings
from agentprop.errors import RunError
from agentprop.records import Attempt, Difficulty, Problem, Record, Reject, Skill, Trajectory, Verdict, is_of_attempt
from agentprop.report.checkers import FILE as CHECKERS
from agentprop.report.checkers import audits
from agentprop.report.comparison import Side, compare
from agentprop.report.contamination import FILE as CONTAMINATION
from agentprop.report.contamination import contamination
from agentprop.report.difficulty import Difficulties, declared_bands
from agentprop.report.funnel import Funnel, Rejects
from agentprop.report.graph import picture
from agentprop.report.index import ProblemIndex, number_of
from agentprop.report.items import (
    DECLARED,
    EPISODE_COLUMNS,
    PROBLEM_COLUMNS,
    ListedProblem,
    of_episode,
    of_problem,
    of_reject,
    table,
)
from agentprop.report.journeys import ProberAnswers, attempt_view, choose_details, trajectory_view
from agentprop.report.messages import written_messages
from agentprop.report.page import GENERATOR, page
from agentprop.report.sample import Sample
from agentprop.report.skills import SkillPairs
from agentprop.report.spending import spending
from agentprop.report.text import LABEL, MESSAGE, NOTE, STATEMENT, clip, shareable
from agentprop.report.verdicts import VerdictTable
from agentprop.report.votes import Votes
from agentprop.stages.common.foreign import STAGE as FILES
from agentprop.stages.common.foreign import open_sources
from agentprop.storage import Row
from agentprop.storage.durable import check_target, disk_errors, write_atomically
from agentprop.storage.reader import StoredRun, read_errors
from agentprop.storage.stores import check_here, is_url

ORDER = (FILES, "extract", "propose", "verify", "curate", "probe")
"""Order in which runs are read, so that a later record on a problem replaces an earlier one."""
TRAINS = "train-mgpo"
"""Stage whose episodes are listed even if they submitted nothing: it keeps no rejects of candidates."""
REFUSED = 500
"""Most refused candidates listed for each reason code."""
LEDGER = 300
"""Most contested problems that are shown; all are counted."""
MOST_TESTS = 8
"""Most tests of a program that are shown."""
VOTE_COLUMNS = ("problem_id", "role", "number", "verifier", "vote", "answer", "code")
OPINION_COLUMNS = (*VOTE_COLUMNS, "rationale", "finish_reason")
DIFFICULTY_COLUMNS = ("problem_id", "prober", "c", "k", "low", "high", "truncated", "timeouts")


@dataclass(frozen=True)
class ReportOptions:
    """Size of the page."""

    problems: int = 20_000
    """Most accepted problems that are listed; of more, a sample."""
    trajectories: int = 300
    """Most problems and refused candidates that are shown step by step."""
    seed: int = 0
    """Seed of the samples."""
    title: str | None = None
    """Heading; null means the names of the runs."""
    max_failures: float = 0.01
    """Share of the records that may fail to be shown."""
    compare: tuple[str, ...] = ()
    """Runs that are set against the others."""
    layout: CorpusSettings = field(default_factory=CorpusSettings)
    """How files that are no runs are read."""
    quiet: bool = True
    """Do not tell what is taken for what in them."""


@dataclass
class ReportData:
    """Data gathered by the passes over the runs."""

    runs: Sequence[StoredRun]
    index: ProblemIndex = field(default_factory=ProblemIndex)
    verdicts: VerdictTable = field(init=False)
    votes: Votes = field(init=False)
    difficulties: Difficulties = field(init=False)
    pairs: SkillPairs = field(default_factory=SkillPairs)
    makers: Counter[str] = field(default_factory=Counter)
    declared: Counter[float] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    valid: Counter[int] = field(default_factory=Counter)
    elsewhere: int = 0
    shown: Tolerance = field(default_factory=lambda: Tolerance(1.0, hint=HINT_WITHOUT_RUN))

    def __post_init__(self) -> None:
        self.verdicts = VerdictTable(self.index)
        self.votes = Votes(self.index)
        self.difficulties = Difficulties(self.index)

    def rows(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[tuple[int, Row]]:
        """Yield (position of the run, row) for every record of a kind."""
        for number, stored in enumerate(self.runs):
            if stored.rows.get(record_type.kind):
                yield from ((number, row) for row in stored.iter_rows(record_type, columns))

    def once(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[tuple[int, Row]]:
        """Yield the same without records that an earlier run also holds, as runs that read a pipe do."""
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
        print(f"{name} of {self.runs[number].name} cannot be shown: {failure.told}", file=sys.stderr)
        self.shown.add(failure)


def run(paths: Sequence[str], out: str, options: ReportOptions) -> dict[str, Any]:
    """Write the report to a file, or to stdout if `out` is `-`; returns its key figures."""
    check_here(out, "a report")
    if out != "-":
        _check_replaceable(Path(out))
    runs = sorted(open_sources(paths, options.layout, quiet=options.quiet), key=_order)
    title = options.title or _name(runs)
    data = ReportData(runs, shown=Tolerance(options.max_failures, hint=HINT_WITHOUT_RUN))
    tables, details = _gather(data, options, _other_side(options))
    data.shown.check(over=True)
    document = page(title, {"title": title, **tables}, details)
    if out == "-":
        sys.stdout.buffer.write(document)
    else:
        with disk_errors(Path(out)):
            Path(out).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(Path(out), document)
    failed = {"records not shown": data.shown.failures} if data.shown.failures else {}
    facts = {"listed": len(tables["items"]["id"]), "step by step": len(details), "bytes": len(document)}
    return {**tables["figures"], **failed, **facts}


def _name(runs: Sequence[StoredRun]) -> str:
    return " · ".join(dict.fromkeys(map(_title, runs)))


def _other_side(options: ReportOptions) -> Side | None:
    """The runs to compare with, reduced to what a comparison shows."""
    if not options.compare:
        return None
    runs = sorted(open_sources(options.compare, options.layout, quiet=options.quiet), key=_order)
    data = ReportData(runs, shown=Tolerance(options.max_failures, hint=HINT_WITHOUT_RUN))
    problems = _problems(data, options)
    rejects, refused = _rejects(data, options)
    _judge(data, problems)
    _measure(data, [*problems.values(), *refused])
    data.shown.check(over=True)
    return _side(data, problems, rejects)


def _side(data: ReportData, problems: Mapping[str, ListedProblem], rejects: Sequence[Rejects]) -> Side:
    reasons: Counter[str] = Counter()
    for counted in rejects:
        reasons.update(counted.by_code())
    settings = {
        f"{stored.stage}.{name}": value
        for stored in data.runs
        for name, value in shareable(stored.config).items()
        if value not in (None, [], {}, "")
    }
    return Side(
        name=_name(data.runs),
        settings=settings,
        verdicts=data.verdicts.counts(),
        reasons=reasons,
        categories=Counter(item.category or "" for item in problems.values()),
        pass_rates={found.prober: found.mean for found in data.difficulties if found.mean is not None},
        statuses={item.id: item.status for item in problems.values()},
    )


def _title(stored: StoredRun) -> str:
    """The last part of where a run lies."""
    return stored.name.rpartition("/")[2] if is_url(stored.name) else stored.path.resolve().name


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


def _gather(data: ReportData, options: ReportOptions, other: Side | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gather the page's tables, and its details by position in the list."""
    problems = _problems(data, options)
    rejects, refused = _rejects(data, options)
    listed = [*problems.values(), *refused, *_episodes(data, options)]
    _judge(data, problems)
    _measure(data, listed)
    chosen = choose_details(listed, options.trajectories, options.seed)
    for position in chosen:
        listed[position].detail = True
    contested, ledger = _ledger(data, options.seed)
    wanted = {data.index.find(i.problem) for n in chosen if (i := listed[n]).problem} | {place for place, _ in ledger}
    opinions, answers = _opinions(data, wanted)
    details = _details(data, listed, chosen, answers)
    _skills(data)
    funnels = [
        rejects[n].funnel(n, stored.stage, _accepted(data, n))
        for n, stored in enumerate(data.runs)
        if stored.rows or stored.file(CHECKERS) is None  # an audit judges no problem
    ]
    comparison = None if other is None else compare(_side(data, problems, rejects), other)
    return {**_tables(data, listed, funnels, contested, ledger, opinions), "comparison": comparison}, details


# --- passes over the records ---


def _problems(data: ReportData, options: ReportOptions) -> dict[str, ListedProblem]:
    """Sample the problems, and count all of them."""
    sample: Sample[ListedProblem] = Sample(options.problems, options.seed)

    def add(number: int, row: Row) -> None:
        item = of_problem(row, number)
        if data.verdicts.add_problem(row):
            data.makers[row["made_by"]["name"]] += 1
            if item.declared is not None:
                data.declared[item.declared[1]] += 1
            sample.offer(row["id"], item)

    data.each(data.rows(Problem, (*PROBLEM_COLUMNS, DECLARED)), add)
    return {item.id: item for item in sample}


def _rejects(data: ReportData, options: ReportOptions) -> tuple[list[Rejects], list[ListedProblem]]:
    """Count the rejects by run, and sample those of candidates, and of problems that are in none of the runs."""
    counted = [Rejects() for _ in data.runs]
    samples: dict[str, Sample[ListedProblem]] = {}

    def add(number: int, row: Row) -> None:
        if is_of_attempt(row["stage"], row["item"]):
            return
        code = counted[number].add(row)
        if row["stage"] == "propose" or (row["stage"] == "verify" and not data.verdicts.has(row["item"])):
            sample = samples.setdefault(f"{row['outcome']} {code}", Sample(REFUSED, options.seed))
            sample.offer(row["id"], of_reject(row, number))

    data.each(data.rows(Reject), add)
    return counted, [item for sample in samples.values() for item in sample]


def _episodes(data: ReportData, options: ReportOptions) -> list[ListedProblem]:
    """Sample the episodes of training that submitted no problem, by how they ended."""
    samples: dict[str, Sample[ListedProblem]] = {}

    def add(number: int, row: Row) -> None:
        if row["problem_id"] is None and data.runs[number].stage == TRAINS:
            sample = samples.setdefault(row["stop"], Sample(REFUSED, options.seed))
            sample.offer(row["id"], of_episode(row, number))

    training = any(stored.stage == TRAINS for stored in data.runs)
    data.each(data.once(Trajectory, EPISODE_COLUMNS) if training else (), add)
    return [item for sample in samples.values() for item in sample]


def _judge(data: ReportData, problems: Mapping[str, ListedProblem]) -> None:
    """Read verdicts and votes, and write them into the list."""

    def add_verdict(number: int, row: Row) -> None:
        data.verdicts.add_verdict(row)
        data.valid[number] += row["value"] == "valid"
        data.elsewhere += data.runs[number].stage == "verify" and not data.verdicts.has(row["problem_id"])
        item = problems.get(row["problem_id"])
        if item is not None:
            item.message = "" if row["value"] == "valid" else clip(row["message"], NOTE) or ""

    def add_vote(_: int, row: Row) -> None:
        if row["role"] != "prober":
            data.votes.add(row)

    data.each(data.rows(Verdict, ("problem_id", "value", "code", "message", "evidence")), add_verdict)
    data.each(data.rows(Attempt, VOTE_COLUMNS), add_vote)
    for item in problems.values():
        item.status, item.code = data.verdicts.of(item.id)


def _measure(data: ReportData, listed: Sequence[ListedProblem]) -> None:
    """Read difficulties, and write votes and difficulties into the list."""
    by_id = {item.problem: item for item in listed if item.problem}
    found: dict[tuple[str, str], tuple[Any, ...]] = {}

    def add(_: int, row: Row) -> None:
        data.difficulties.add(row)
        if row["problem_id"] in by_id:
            found[row["problem_id"], row["prober"]] = tuple(row[name] for name in DIFFICULTY_COLUMNS[2:])

    data.each(data.rows(Difficulty, DIFFICULTY_COLUMNS), add)
    probers = data.difficulties.probers()
    for (problem, prober), measured in sorted(found.items()):
        by_id[problem].rho.append((probers.index(prober), *measured))
    for item in listed:
        item.votes = data.votes.signs(item.problem) if item.problem else ""


def _ledger(data: ReportData, seed: int) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Count contested problems by reason, and sample them."""
    counts: Counter[str] = Counter()
    sample: Sample[tuple[int, str]] = Sample(LEDGER, seed)
    for place, reason in data.votes.contested():
        counts[reason] += 1
        sample.offer(str(place), (place, reason))
    return dict(counts.most_common()), list(sample)


def _opinions(data: ReportData, wanted: set[int]) -> tuple[dict[str, list[dict[str, Any]]], ProberAnswers]:
    """Collect the attempts at some problems, each attempt once."""
    opinions: dict[str, dict[tuple[str, str, int], dict[str, Any]]] = {}
    answers = ProberAnswers()

    def add(_: int, row: Row) -> None:
        if data.index.find(row["problem_id"]) not in wanted:
            return
        if row["role"] == "prober":
            answers.add(row)
        else:
            key = (row["role"], row["verifier"], row["number"])
            opinions.setdefault(row["problem_id"], {})[key] = asdict(attempt_view(row))

    data.each(data.rows(Attempt, OPINION_COLUMNS) if wanted else (), add)
    return {problem: list(views.values()) for problem, views in opinions.items()}, answers


def _details(
    data: ReportData, listed: Sequence[ListedProblem], chosen: Sequence[int], answers: ProberAnswers
) -> dict[str, Any]:
    """Collect the details of the chosen items by position; count the skills of all trajectories."""
    details: dict[int, dict[str, Any]] = {n: {"answers": answers.of(listed[n].problem or "")} for n in chosen}
    by_trajectory = {listed[n].trajectory or (listed[n].run, listed[n].index): n for n in chosen}
    good = data.verdicts.good_trajectories()

    def add(number: int, row: Row) -> None:
        data.stops[row["stop"]] += 1
        data.pairs.add_candidate(row["task"]["skill_names"], row["id"] in good)
        position = by_trajectory.get(row["id"], by_trajectory.get((number, row["task"]["index"])))
        if position is not None:
            details[position]["journey"] = asdict(trajectory_view(row))

    data.each(data.once(Trajectory), add)
    _certificates(data, listed, details)
    return {str(position): detail for position, detail in details.items()}


def _certificates(data: ReportData, listed: Sequence[ListedProblem], details: Mapping[int, dict[str, Any]]) -> None:
    by_id = {listed[n].id: n for n in details}

    def add(_: int, row: Row) -> None:
        if data.verdicts.of(row["id"])[0] in ("valid", "unverified"):
            data.pairs.add_problem(row["skills"])
        if row["id"] in by_id:
            tests = [{key: clip(text, NOTE) for key, text in test.items()} for test in row["tests"][:MOST_TESTS]]
            details[by_id[row["id"]]] |= {
                "certificate": clip(row["certificate"]["source"], MESSAGE),
                "solution": clip((row["solution"] or {}).get("text") or None, STATEMENT),
                "tests": tests,
                "all_tests": len(row["tests"]),
                "entry_point": row["entry_point"],
            }

    data.each(data.once(Problem, ("id", "skills", "certificate", "solution", "tests", "entry_point")), add)


def _skills(data: ReportData) -> None:

    def add(_: int, row: Row) -> None:
        data.pairs.register(clip(row["name"], LABEL) or "", row["category"])

    data.each(data.rows(Skill, ("name", "category")), add)


def _accepted(data: ReportData, number: int) -> int:
    """Number accepted by a run's stage, from its records; for extract, whose unit is documents, from its summary."""
    stored = data.runs[number]
    if stored.stage == "extract":
        return int((stored.summary or {}).get("accepted") or stored.rows.get("skill", 0))
    if stored.stage == "verify":
        return data.valid[number]
    return stored.rows.get("difficulty" if stored.stage == "probe" else "problem", 0)


# --- tables ---


def _tables(
    data: ReportData,
    listed: Sequence[ListedProblem],
    funnels: Sequence[Funnel],
    contested: Mapping[str, int],
    ledger: Sequence[tuple[int, str]],
    opinions: Mapping[str, Any],
) -> dict[str, Any]:
    judges, difficulties = data.votes.judges(), list(data.difficulties)
    makers = {*data.makers, *(judge.name for judge in judges), *(found.prober for found in difficulties)}
    verdicts = data.verdicts.counts()
    good = sum(verdicts.get(value, 0) for value in ("valid", "unverified"))
    summaries = [(stored.stage, stored.summary or {}) for stored in data.runs]
    by_place = {data.index.find(problem): problem for problem in opinions}
    return {
        "version": __version__,
        "runs": [_described(stored) for stored in data.runs],
        "figures": {
            "problems": sum(verdicts.values()),
            "good": good,
            **verdicts,
            "contested": sum(contested.values()),
            "judged elsewhere": data.elsewhere,
        },
        "makers": dict(data.makers),
        "verdicts": verdicts,
        "evidence": data.verdicts.evidence(),
        "stops": dict(data.stops.most_common()),
        "funnels": [asdict(funnel) for funnel in funnels],
        "judges": [asdict(judge) for judge in judges],
        "agreements": [asdict(pair) for pair in data.votes.agreements()],
        "contested": dict(contested),
        "ledger": [[by_place[place], reason, *data.verdicts.of(by_place[place])] for place, reason in ledger],
        "opinions": opinions,
        "difficulty": [asdict(found) for found in difficulties],
        "declared": asdict(bands) if (bands := declared_bands(data.declared)) else None,
        "skills": _grid(data.pairs),
        "spending": asdict(spending(summaries, makers, good)),
        "messages": [asdict(entry) for entry in written_messages(summary for _, summary in summaries)],
        "contamination": asdict(contamination(_texts(data.runs, CONTAMINATION))),
        "checkers": audits(_texts(data.runs, CHECKERS)),
        "items": table(listed),
    }


def _grid(pairs: SkillPairs) -> dict[str, Any]:
    grid = pairs.grid()
    cells = [[cell.first, cell.second, cell.drawn, cell.kept, cell.covered] for cell in grid.cells]
    drawn = asdict(picture(grid))
    return {"names": grid.skills, "categories": grid.categories, "cells": cells, "total": grid.total, "graph": drawn}


def _described(stored: StoredRun) -> dict[str, Any]:
    manifest = stored.manifest
    settings = {key: value for key, value in stored.config.items() if value not in (None, [], {}, "")}
    return {
        "path": stored.name,
        "stage": stored.stage,
        "complete": stored.complete,
        "rows": stored.rows,
        "version": manifest.agentprop if manifest else None,
        "settings": shareable(settings),
        "summary": stored.summary,
    }


def _texts(runs: Sequence[StoredRun], name: str) -> dict[str, str]:
    """Read the files with a name beside the data, by path."""
    found = {f"{stored.name}/{name}": stored.file(name) for stored in runs}
    return {path: data.decode(errors="replace") for path, data in found.items() if data is not None}
