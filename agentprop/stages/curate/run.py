"""curate: files of problems that others wrote → the rows to keep, and the reasons against the rest.

Rows are read in order; repeats and what is taken from a benchmark are found at once, lint and verification run on all
cores. Every row ends as accepted, undetermined or rejected. At the end the rows are read once more and written in the
layout they came in, with their decisions beside them.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from agentprop.boundary import CODES
from agentprop.config.curate import CurateConfig
from agentprop.engine import Interruption
from agentprop.errors import BoundReached, InputError
from agentprop.grading.lints import LINTS
from agentprop.models.failures import ModelOutage
from agentprop.prompts import Prompts
from agentprop.records import Difficulty, Problem, Record, Reject
from agentprop.stages.common.benchmarks import REPORT as CONTAMINATION
from agentprop.stages.common.benchmarks import open_benchmarks
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.common.foreign import ForeignProblems, read_foreign
from agentprop.stages.common.intake import Intake, ProblemItem
from agentprop.stages.common.library import fingerprint, gather
from agentprop.stages.common.local_judge import JudgedProblem
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.panel import check_verifiers
from agentprop.stages.common.progress import Progress
from agentprop.stages.curate import report
from agentprop.stages.curate.check import CheckedRow, judging_of, row_judges
from agentprop.stages.curate.decisions import PLACES, RowDecision, decisions
from agentprop.stages.curate.rows import curated_rows
from agentprop.stages.curate.writing import CuratedFiles
from agentprop.storage import reader
from agentprop.storage.durable import disk_errors, write_atomically
from agentprop.storage.run import Run, StoredRun, open_run

PROBE = "probe"
"""Folder of the probe run of a curated set."""
FOLDERS = (*PLACES, PROBE, MODELS, report.FILE, report.AUDIT, CONTAMINATION)
ASKED = ("attempts", "failed attempts", "reused", "audited", "spending")
"""What a summary says of the verifiers that are models."""


def run(config: CurateConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Run or resume the stage, and return the summary."""
    for name in config.lints or ():
        _ = LINTS[name]  # an unknown one is refused before anything is written
    check(config)
    library = gather(config.skills, bundled=config.bundled_skills)
    foreign = read_foreign(config.sources, config, "curate", quiet=quiet)
    benchmarks = open_benchmarks(config)
    inputs = {
        **foreign.inputs,
        "skills": fingerprint(library),
        "benchmarks": benchmarks.fingerprint if benchmarks else "",
        **Prompts.of(config.prompts).inputs,
    }
    opened = Run.open(out, "curate", config, fresh=fresh, inputs=inputs, folders=FOLDERS)
    with (
        opened as stored,
        row_judges(config, library, stored.path / MODELS) as judging,
        Interruption("the rows under way") as stop,
    ):
        totals = _Progress.of(stored, config)
        rows = curated_rows(foreign, config, benchmarks, totals.rows)
        with Progress("rows", config.limit, quiet=quiet) as bar:
            try:
                for batch in judging.results(rows, stop, stored.tick):
                    for one in batch:
                        totals.add(one)
                        for record in records_of(one):
                            stored.add(record)
                    stored.commit(totals.state())
                    bar.update(done=totals.rows, note=f"{totals.counts['accepted']} accepted")
                    totals.check()
            except (BoundReached, ModelOutage):
                stored.flush()
                raise
        if stop():
            stored.flush()
            raise KeyboardInterrupt
        totals.check(over=True)
        _check_problems(totals, foreign)
        stored.flush()
        if benchmarks is not None:
            benchmarks.report(stored, stored.rows.get(Problem.kind, 0))
        summary = {**write_rows(config, stored), **judging.spending(totals.counts)}
        stored.finish(summary)
    return summary


def check(config: CurateConfig) -> None:
    """Check verifiers, prices and sources before a directory is claimed. Raises ConfigError or InputError."""
    check_verifiers(judging_of(config))
    _check_sources(config)


def _check_sources(config: CurateConfig) -> None:
    """Refuse runs: their problems have no layout to come back in, and verify judges them."""
    run_directory = next((source for source in config.sources if reader.is_run(source)), None)
    if run_directory is not None:
        raise InputError(f"{run_directory} is a run directory", hint=f"`agentprop verify {run_directory}` judges it")


@dataclass
class _Progress:
    """What was done in all sessions."""

    config: CurateConfig
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    last_failure: str = ""

    @classmethod
    def of(cls, stored: Run, config: CurateConfig) -> _Progress:
        return cls(config, stored.state.get("rows", 0), Counter(stored.state.get("counts", {})))

    def state(self) -> dict[str, Any]:
        return {"rows": self.rows, "counts": dict(self.counts)}

    def add(self, one: CheckedRow) -> None:
        """Count a row."""
        self.rows += 1
        self.counts["accepted" if one.refusal is None else one.refusal.outcome] += 1
        self.counts["problems"] += one.row.found is not None
        if one.judged is not None:
            self._add_attempts(one.judged)
        if one.refusal is not None and is_unexpected(one.refusal.code):
            self.counts[f"code {one.refusal.code}"] += 1
            self.last_failure = one.refusal.message

    def _add_attempts(self, judged: JudgedProblem) -> None:
        self.counts["judged"] += 1
        self.counts["valid"] += judged.verdict.value == "valid"
        self.counts["attempts"] += len(judged.attempts)
        self.counts["reused"] += judged.reused
        self.counts["failed attempts"] += sum(attempt.code in CODES for attempt in judged.attempts)
        self.counts["audited"] += any(attempt.role == "auditor" for attempt in judged.attempts)

    def check(self, *, over: bool = False) -> None:
        """Raise TooManyFailures where more rows failed unexpectedly than may."""
        reasons = {name.removeprefix("code "): n for name, n in self.counts.items() if name.startswith("code ")}
        share, last = self.config.max_failures, self.last_failure
        tolerance_of(share, reasons, self.rows, total=self.config.limit, last=last).check(over=over)


def _check_problems(totals: _Progress, foreign: ForeignProblems) -> None:
    if not totals.counts["problems"]:
        names = ", ".join(file.name for file in foreign.corpus.sources.files[:3])
        raise InputError(
            f"there is no question with an answer or tests in {names}", hint="give --question-field and --answer-field"
        )


def records_of(one: CheckedRow) -> list[Record]:
    """The records of a row: its verdict with the attempt, and its problem or the reason why it is not accepted."""
    judged: list[Record] = [] if one.judged is None else [*one.judged.attempts, one.judged.verdict]
    found, refusal = one.row.found, one.refusal
    if refusal is None:
        return [*judged, *([found.problem] if found is not None else [])]
    reject = Reject(
        stage="curate",
        item=one.row.source,
        outcome=refusal.outcome,
        code=refusal.code,
        message=refusal.message,
        record=found.problem.model_dump_json() if found is not None else None,
    )
    return [*judged, reject]


# --- the end ---


def write_rows(config: CurateConfig, stored: StoredRun) -> dict[str, Any]:
    """Write the rows with their decisions, and pass rates if there is a probe run, and the report; give the summary."""
    probe = _probe_of(stored)
    rates = _rates(probe)
    foreign = read_foreign(config.sources, config, "curate", quiet=True)
    totals = report.CuratedTotals()
    _clear(stored.path)
    audit = stored.path / report.AUDIT
    with (
        CuratedFiles(stored.path, foreign.corpus.sources.files, probed=probe is not None) as files,
        disk_errors(audit),
        audit.open("w", encoding="utf-8") as audited,
    ):
        for decision in _decided(config, stored, foreign):
            totals.add(decision)
            files.write(decision, rates.get(str(decision.problem.get("id"))))
            if report.is_wrong(decision):
                audited.write(json.dumps(report.audited(decision), ensure_ascii=False) + "\n")
    probed = (probe.summary or {}).get("probers") if probe is not None else None
    title = f"Curated: {', '.join(file.name for file in foreign.corpus.sources.files[:3])}"
    write_atomically(stored.path / report.FILE, report.page(title, totals, probed).encode())
    return {
        **totals.summary(),
        **({"pass rates": probed} if probed else {}),
        "files": [str(path.relative_to(stored.path)) for path in files.paths],
        "sources": foreign.summary(),
    }


def _decided(config: CurateConfig, stored: StoredRun, foreign: ForeignProblems) -> Iterator[RowDecision]:
    rows = islice(foreign.corpus.rows(), config.limit)
    return decisions(stored, rows, keep_undetermined=config.accept_undetermined)


def _clear(root: Path) -> None:
    with disk_errors(root):
        for place in PLACES:
            shutil.rmtree(root / place, ignore_errors=True)


# --- difficulty ---


def to_probe(config: CurateConfig, out: str) -> Intake:
    """The accepted problems of a curated set, with the tests that their rows have."""
    stored = open_run(out)
    foreign = read_foreign(config.sources, config, "curate", quiet=True)
    wanted = {decision.problem["id"] for decision in _decided(config, stored, foreign) if decision.place == "accepted"}
    again = read_foreign(config.sources, config, "curate", quiet=True)
    seen: set[str] = set()
    items = (
        ProblemItem(found.problem, from_pipe=True, claim=found.claim)
        for found in islice(again, config.limit)
        if not isinstance(found, Reject) and _is_new(found.problem.id, wanted, seen)
    )
    return Intake(items, again.inputs, len(wanted), foreign=None)


def _is_new(problem: str, wanted: set[str], seen: set[str]) -> bool:
    fresh = problem in wanted and problem not in seen
    seen.add(problem)
    return fresh


def with_pass_rates(config: CurateConfig, out: str) -> dict[str, Any]:
    """Write the rows of a curated set again, with the pass rates of its probe run; gives the summary."""
    earlier = open_run(out).summary or {}
    with Run.open(out, "curate", config, inputs=_inputs_of(out), folders=FOLDERS) as stored:
        summary = {**write_rows(config, stored), **{name: earlier[name] for name in ASKED if name in earlier}}
        stored.finish(summary)
    return summary


def _inputs_of(out: str) -> Mapping[str, str]:
    manifest = open_run(out).manifest
    return manifest.inputs if manifest is not None else {}


def _probe_of(stored: StoredRun) -> StoredRun | None:
    folder = stored.path / PROBE
    return open_run(folder, warn=False) if folder.is_dir() else None


def _rates(probe: StoredRun | None) -> dict[str, float]:
    if probe is None:
        return {}
    rows = probe.iter_rows(Difficulty, ["problem_id", "c", "k"])
    return {row["problem_id"]: row["c"] / row["k"] for row in rows if row["k"]}
