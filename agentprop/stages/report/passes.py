"""The passes over the records of several runs: each fills counters, and samples what is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agentprop.records import Attempt, Difficulty, Problem, Reject, Skill, Trajectory, Verdict, is_of_attempt
from agentprop.report.funnel import Rejects
from agentprop.report.items import (
    DECLARED,
    EPISODE_COLUMNS,
    PROBLEM_COLUMNS,
    ListedProblem,
    of_episode,
    of_problem,
    of_reject,
)
from agentprop.report.journeys import ProberAnswers, attempt_view, trajectory_view
from agentprop.report.sample import Sample
from agentprop.report.text import LABEL, MESSAGE, NOTE, STATEMENT, clip
from agentprop.stages.report.gathered import ReportData
from agentprop.stages.report.options import ReportOptions
from agentprop.storage import Row

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


def list_problems(data: ReportData, options: ReportOptions) -> dict[str, ListedProblem]:
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


def count_rejects(data: ReportData, options: ReportOptions) -> tuple[list[Rejects], list[ListedProblem]]:
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


def list_episodes(data: ReportData, options: ReportOptions) -> list[ListedProblem]:
    """Sample the episodes of training that submitted no problem, by how they ended."""
    samples: dict[str, Sample[ListedProblem]] = {}

    def add(number: int, row: Row) -> None:
        if row["problem_id"] is None and data.runs[number].stage == TRAINS:
            sample = samples.setdefault(row["stop"], Sample(REFUSED, options.seed))
            sample.offer(row["id"], of_episode(row, number))

    training = any(stored.stage == TRAINS for stored in data.runs)
    data.each(data.once(Trajectory, EPISODE_COLUMNS) if training else (), add)
    return [item for sample in samples.values() for item in sample]


def judge(data: ReportData, problems: Mapping[str, ListedProblem]) -> None:
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


def measure(data: ReportData, listed: Sequence[ListedProblem]) -> None:
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


def contested_problems(data: ReportData, seed: int) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Count contested problems by reason, and sample them."""
    counts: Counter[str] = Counter()
    sample: Sample[tuple[int, str]] = Sample(LEDGER, seed)
    for place, reason in data.votes.contested():
        counts[reason] += 1
        sample.offer(str(place), (place, reason))
    return dict(counts.most_common()), list(sample)


def opinions_on(data: ReportData, wanted: set[int]) -> tuple[dict[str, list[dict[str, Any]]], ProberAnswers]:
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


def details_of(
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


def register_skills(data: ReportData) -> None:

    def add(_: int, row: Row) -> None:
        data.pairs.register(clip(row["name"], LABEL) or "", row["category"])

    data.each(data.rows(Skill, ("name", "category")), add)


def accepted_by(data: ReportData, number: int) -> int:
    """Number accepted by a run's stage, from its records; for extract, whose unit is documents, from its summary."""
    stored = data.runs[number]
    if stored.stage == "extract":
        return int((stored.summary or {}).get("accepted") or stored.rows.get("skill", 0))
    if stored.stage == "verify":
        return data.valid[number]
    return stored.rows.get("difficulty" if stored.stage == "probe" else "problem", 0)
