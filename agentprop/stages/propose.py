"""Skills → accepted problems: the main job.

Candidates are made in batches by worker processes; this process commits them in index order, so that acceptance,
deduplication, mastery and the files are the same for any number of workers, and for a run that was killed and resumed.
Memory: one window of batches, and two digests of eight bytes per accepted problem.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from agentprop.agent.bundles import Allowed, Bundles, written_skills
from agentprop.agent.candidates import Candidate, Curriculum, Maker, Standing, categories_of, model_maker
from agentprop.agent.environment import Rules
from agentprop.config import ProposeConfig
from agentprop.engine import Interruption, WorkerDied, ordered_map, usable_cores
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, ConfigError
from agentprop.models.chat import Sampling
from agentprop.records import PipedProblem, Problem, Record, Reject, Trajectory, content_id
from agentprop.runs import Run
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.shards import StreamWriter
from agentprop.skills import Package
from agentprop.stages.benchmarks import Benchmarks, forget_report, open_benchmarks
from agentprop.stages.library import fingerprint, gather
from agentprop.stages.mastery import earlier_standing
from agentprop.stages.progress import Progress
from agentprop.stages.roles import FOLDER as MODELS
from agentprop.stages.roles import Cast, roles
from agentprop.symbolic.planner import Planner
from agentprop.symbolic.survey import survey

BATCH = 96
"""Candidates advanced together: large enough that their modules are compiled once for many, small enough to lose."""
WINDOW = 16
"""Batches in flight, so the most workers that can help; fixed, because mastery lags behind by exactly so many."""
PATIENCE = 20
"""Default bound on candidates: so many for each problem asked for, plus a thousand."""


@dataclass(frozen=True)
class Plan:
    """What every worker needs; sent once."""

    library: Mapping[str, Package]
    survey: Mapping[str, Any]
    curriculum: Curriculum
    config: ProposeConfig


@dataclass(frozen=True)
class Batch:
    """A range of candidates and the standing of the categories they are drawn with."""

    start: int
    standing: Standing


# --- in the worker ---

_maker: Maker | None = None


def prepare(plan: Plan) -> None:
    """Set a worker up: its planner and its own sandbox."""
    global _maker  # one per process, set up once by the engine's initializer
    config = plan.config
    sandbox = Sandbox(preload=(), slots=1, allow_weak=config.allow_weak_sandbox)
    _maker = Maker(
        _planner(plan), plan.curriculum, Executor(sandbox),
        _rules(config), config.seed, _judges(config),
    )  # fmt: skip


def _planner(plan: Plan) -> Planner:
    allowed = Allowed.of(plan.config.held_out, plan.config.held_out_only)
    return Planner(plan.library, plan.survey, allowed=allowed)


def make(batch: Batch) -> list[Candidate]:
    """The candidates of a batch."""
    assert _maker is not None  # the engine ran prepare()
    return _maker.batch(batch.start, BATCH, batch.standing)


# --- committing ---


@dataclass
class Ledger:
    """What the commits so far amount to. All of it can be had again from the stored state and shards."""

    config: ProposeConfig
    curriculum: Curriculum
    benchmarks: Benchmarks | None = None
    next: int = 0
    accepted: int = 0
    mined: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, list[int]] = field(default_factory=dict)
    snapshots: list[Standing] = field(default_factory=list)
    statements: set[bytes] = field(default_factory=set)
    templates: Counter[bytes] = field(default_factory=Counter)

    def state(self) -> dict[str, Any]:
        """What resuming needs, beside the stored problems."""
        return {
            "next": self.next, "counts": dict(self.counts), "mined": self.mined, "tallies": self.tallies,
            "snapshots": [[s.mastery, s.novelty] for s in self.snapshots],
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any], stored: Iterator[tuple[str, str]]) -> None:
        """Go on from a committed state."""
        for statement, template in stored:
            self.remember(statement, template)
        self.next, self.mined = int(state["next"]), int(state["mined"])
        self.counts = Counter(state["counts"])
        self.tallies = dict(state["tallies"])
        self.snapshots = [Standing(mastery, novelty) for mastery, novelty in state["snapshots"]]

    def remember(self, statement: str, template: str) -> None:
        """Count a problem as accepted."""
        self.accepted += 1
        self.statements.add(_digest(statement))
        self.templates[bytes.fromhex(template[:16])] += 1

    def standing(self, batch: int) -> Standing:
        """The standing that a batch is drawn with: as it was WINDOW batches earlier."""
        first = self.next // BATCH - len(self.snapshots)
        position = batch - WINDOW - first
        return self.snapshots[position] if 0 <= position < len(self.snapshots) else self.curriculum.start()

    def close_batch(self) -> None:
        """Update the standing after a whole batch."""
        self.snapshots = [*self.snapshots, self.curriculum.updated(self.latest, self.tallies)][-WINDOW:]
        self.tallies = {}

    @property
    def latest(self) -> Standing:
        """The standing after the last whole batch."""
        return self.snapshots[-1] if self.snapshots else self.curriculum.start()

    def refusal(self, found: Candidate) -> tuple[str, str] | None:
        """Why a candidate does not count: (code, message), or None."""
        if found.trajectory is None:
            return "no_plan", "no composition of this category was found"
        if found.problem is None:
            return found.trajectory.stop.value, "the trajectory ended without an accepted submission"
        if found.verdict is not None and found.verdict.value != "valid":
            return f"{found.verdict.value}:{found.verdict.code}", found.verdict.message
        if _digest(found.problem.statement) in self.statements:
            return "duplicate", "the same statement was accepted before"
        if self.templates[bytes.fromhex(found.problem.template[:16])] >= self.config.max_template_repeats:
            return "template_repeats", "too many accepted problems differ from it in numbers alone"
        if found.mined and self.mined + 1 > self.curriculum.mined_share * (self.accepted + 1):
            return "mined_share", "the share of mined problems would be too large"
        return self.benchmarks.refusal(found.problem.statement) if self.benchmarks is not None else None

    def commit(self, found: Candidate) -> list[Record]:
        """Decide one candidate; the records to keep."""
        self.next = found.index + 1
        self.counts["candidates"] += 1
        refused = self.refusal(found)
        tally = self.tallies.setdefault(found.category, [0, 0, 0])
        self.tallies[found.category] = [tally[0] + 1, tally[1] + found.success, tally[2] + (refused is None)]
        if found.trajectory is not None:
            self._tally(found.trajectory)
        kept: list[Record] = [r for r in (found.trajectory, found.attempt, found.verdict) if r is not None]
        if refused is None:
            assert found.problem is not None  # refusal() made sure
            self.remember(found.problem.statement, found.problem.template)
            self.mined += found.mined
            self.counts["accepted"] += 1
            return [found.problem, *kept]
        code, message = refused
        failed = code in ("tool_failure", "infrastructure") or code.startswith("undetermined")
        outcome: Literal["rejected", "failed"] = "failed" if failed else "rejected"
        self.counts[outcome] += 1
        self.counts[f"{outcome}: {code}"] += 1
        record = found.problem.model_dump_json() if found.problem is not None else None
        item = str(found.index)
        return [Reject(stage="propose", item=item, outcome=outcome, code=code, message=message, record=record), *kept]

    def _tally(self, trajectory: Trajectory) -> None:
        self.counts["turns"] += len(trajectory.turns)
        self.counts["pruned"] += trajectory.pruned > 0
        self.counts["replaced"] += trajectory.replaced > 0
        self.counts["repaired"] += any(t.action == "exec" and t.outcome != "ok" for t in trajectory.turns)

    def summary(self) -> dict[str, Any]:
        """The numbers the command prints; in = accepted + rejected + failed."""
        c = self.counts
        if c["candidates"] != c["accepted"] + c["rejected"] + c["failed"]:
            raise AssertionError(f"candidates are not accounted for: {dict(c)}")
        reasons = {k.split(": ", 1)[1]: v for k, v in sorted(c.items()) if ": " in k}
        return {
            "candidates": c["candidates"], "accepted": c["accepted"], "rejected": c["rejected"], "failed": c["failed"],
            "reasons": reasons, "pruned_trajectories": c["pruned"], "replaced_trajectories": c["replaced"],
            "repaired_trajectories": c["repaired"], "turns": c["turns"], "templates": len(self.templates),
            "largest_template": max(self.templates.values(), default=0), "mined": self.mined,
            "mastery": {category: round(m, 3) for category, m in self.latest.mastery.items()},
        }  # fmt: skip


def _digest(statement: str) -> bytes:
    return bytes.fromhex(content_id(statement)[:16])


# --- the stage ---


def run(config: ProposeConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Propose until `config.n` problems are accepted. Raises BoundReached when a bound comes first."""
    plan = _plan(config, gather(config.skills, bundled=config.bundled_skills))
    ledger = Ledger(config, plan.curriculum, open_benchmarks(config))
    with _Pipe.open(plan) if out == "-" else _Directory.open(plan, out, fresh, ledger) as sink, \
            _proposing(plan, sink.folder) as source:  # fmt: skip
        bound = _loop(config, source, ledger, sink, quiet) if ledger.accepted < config.n else None
        summary = {**ledger.summary(), "target": config.n, **source.spending(ledger.accepted, config.n)}
        sink.finish(summary, complete=bound is None)
    if bound is not None:
        raise BoundReached(
            f"stopped at {bound} with {ledger.accepted} of {config.n} problems accepted",
            hint="raise the bound and run the same command again; it goes on where it stopped",
        )
    return summary


def _plan(config: ProposeConfig, library: Mapping[str, Package]) -> Plan:
    with Sandbox(preload=(), slots=1, allow_weak=config.allow_weak_sandbox) as sandbox:
        values = survey(library, sandbox, seed=0)
    allowed = Allowed.of(config.held_out, config.held_out_only)
    planner = Planner(library, values, allowed=allowed)
    bundles = Bundles(planner, {} if config.proposer == "builtin" else written_skills(library))
    categories = categories_of(bundles, config.domain, config.categories)
    unknown = sorted(set(config.categories) - set(bundles.categories))
    if unknown:
        raise ConfigError(f"unknown category {unknown[0]}", hint=f"categories: {', '.join(sorted(bundles.categories))}")
    if not categories:
        raise ConfigError("no category is left to propose in", hint="widen --domain or --set categories, or add skills")
    mined = frozenset(c for c in categories if bundles.mined(c))
    share = 1.0 if mined == set(categories) else config.mined_share
    curriculum = Curriculum(categories, mined, share, config.mastery_alpha, config.mastery_epsilon)
    if config.learn_from:
        curriculum = replace(curriculum, initial=earlier_standing(config.learn_from, curriculum))
    return Plan(dict(library), values, curriculum, config)


def _loop(config: ProposeConfig, source: _Source, ledger: Ledger, sink: _Sink, quiet: bool) -> str | None:
    """Make and commit batches until the target or a bound; returns the bound that was hit."""
    started = time.monotonic()
    limit = config.max_candidates or PATIENCE * config.n + 1000

    def batches() -> Iterator[Batch]:
        number = ledger.next // BATCH
        while True:
            yield Batch(number * BATCH, ledger.standing(number))
            number += 1

    with Interruption() as stop, Progress("propose", config.n, quiet=quiet) as bar:
        bar.update(done=ledger.accepted)
        for result in source.results(batches(), stop, sink.tick):
            for found in result:
                if found.index >= ledger.next and ledger.accepted < config.n and ledger.counts["candidates"] < limit:
                    sink.add(ledger.commit(found))
            if ledger.next == result[-1].index + 1:
                ledger.close_batch()
            sink.commit(ledger)
            rate = ledger.accepted / max(ledger.counts["candidates"], 1)
            speed = (ledger.accepted) / max(time.monotonic() - started, 1e-9)
            bar.update(done=ledger.accepted, note=f"{rate:.0%} of candidates · {speed:.0f}/s")
            if ledger.accepted >= config.n:
                return None
            if ledger.counts["candidates"] >= limit:
                return f"--max-candidates {limit}"
            if config.max_minutes is not None and time.monotonic() - started > 60 * config.max_minutes:
                return f"--max-minutes {config.max_minutes:g}"
        if stop():
            raise KeyboardInterrupt
    return None


# --- who makes candidates ---


class _Source:
    """The built-in proposer: batches in worker processes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def results(
        self, batches: Iterator[Batch], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Candidate]]:
        """The candidates of each batch, in order."""
        workers = self.plan.config.workers or usable_cores()
        made = ordered_map(
            make, batches, workers=workers, window=WINDOW, initializer=prepare, initargs=(self.plan,), stop=stop,
            idle=idle,
        )  # fmt: skip
        for result in made:
            if isinstance(result, WorkerDied):
                raise RuntimeError(result.message)
            yield result

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """The built-in proposer costs nothing."""
        return {}


class _ModelSource(_Source):
    """A language model: many conversations at once in this process."""

    def __init__(self, plan: Plan, cast: Cast, sandbox: Sandbox) -> None:
        super().__init__(plan)
        config, settings = plan.config, cast.settings["proposer"]
        self.cast = cast
        self.concurrency = settings.max_concurrency
        sampling = Sampling(temperature=config.temperature, max_tokens=config.reply_tokens)
        self.maker = Maker(
            _planner(plan), plan.curriculum, Executor(sandbox, shared=False), _rules(config),
            config.seed, _judges(config), cast["proposer"], sampling,
            made_by=model_maker(settings.identity, settings.revision, sampling),
            written=written_skills(plan.library),
        )  # fmt: skip

    def results(
        self, batches: Iterator[Batch], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Candidate]]:
        """The candidates of each batch, in order; conversations of later batches go on meanwhile."""
        return ordered_rolling(
            self._expand, batches, concurrency=self.concurrency, window=WINDOW, stop=stop, idle=idle,
            close=self.cast.aclose,
        )  # fmt: skip

    def _expand(self, batch: Batch) -> list[Callable[[], Awaitable[Candidate]]]:
        probabilities = self.maker.curriculum.probabilities(batch.standing)
        return [partial(self.maker.candidate, i, probabilities) for i in range(batch.start, batch.start + BATCH)]

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """Requests, tokens and money."""
        return {"spending": self.cast.spending(accepted, target)}


@contextmanager
def _proposing(plan: Plan, folder: Path | None) -> Iterator[_Source]:
    config = plan.config
    if config.proposer == "builtin":
        yield _Source(plan)
        return
    wanted = {"proposer": config.proposer}
    with roles(folder, wanted, max_cost=config.max_cost, max_tokens=config.max_tokens) as cast, \
            Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox:  # fmt: skip
        yield _ModelSource(plan, cast, sandbox)


def _judges(config: ProposeConfig) -> bool:
    """Whether the built-in verifier judges each problem before it counts."""
    return config.verifier == "builtin" or (config.verifier is None and config.proposer == "builtin")


def _rules(config: ProposeConfig) -> Rules:
    return Rules(max_turns=config.max_turns, edits=config.prune)


# --- where records go ---


class _Sink(Protocol):
    """A run directory or a pipe."""

    @property
    def folder(self) -> Path | None:
        """Where the replies of models are kept; None for a pipe."""
        ...

    def add(self, records: list[Record]) -> None: ...

    def commit(self, ledger: Ledger) -> None: ...

    def tick(self) -> None: ...

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None: ...


class _Directory:
    """Problems, trajectories, verdicts and rejects in a run directory that can be resumed."""

    def __init__(self, run: Run, ledger: Ledger) -> None:
        self.run, self.ledger = run, ledger
        self.folder: Path | None = run.path / MODELS

    @classmethod
    @contextmanager
    def open(cls, plan: Plan, out: str, fresh: bool, ledger: Ledger) -> Iterator[_Directory]:
        """Open or resume the run; its skills are stored first, so that it can be verified anywhere."""
        config, benchmarks = plan.config, ledger.benchmarks
        if fresh:
            forget_report(Path(out))
        with Run.open(
            out, "propose", config, fresh=fresh, outside_identity=config.outside_identity, folders=(MODELS,),
            inputs={"skills": fingerprint(plan.library), "benchmarks": benchmarks.fingerprint if benchmarks else ""},
        ) as run:  # fmt: skip
            if run.state:
                rows = run.iter_rows(Problem, ["statement", "template"])
                ledger.restore(run.state, ((row["statement"], row["template"]) for row in rows))
            else:
                for package in plan.library.values():
                    run.add(package.record())
                run.commit(ledger.state())
                run.flush()
            yield cls(run, ledger)

    def add(self, records: list[Record]) -> None:
        for record in records:
            self.run.add(record)

    def commit(self, ledger: Ledger) -> None:
        self.run.commit(ledger.state())

    def tick(self) -> None:
        self.run.tick()

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        if self.ledger.benchmarks is not None:
            self.run.flush()
            self.ledger.benchmarks.report(self.run, self.ledger.accepted)
        if complete:
            self.run.finish(summary)
        else:
            self.run.summarise(summary)


class _Pipe:
    """Accepted problems as an Arrow stream, each with its trajectory and the packages it composes."""

    def __init__(self, writer: StreamWriter, library: Mapping[str, Package]) -> None:
        self.writer = writer
        self.library = library
        self.folder: Path | None = None

    @classmethod
    @contextmanager
    def open(cls, plan: Plan) -> Iterator[_Pipe]:
        """Write to stdout; the end is marked only when the stage ends well."""
        with StreamWriter(sys.stdout.buffer, PipedProblem) as writer:
            yield cls(writer, plan.library)

    def add(self, records: list[Record]) -> None:
        problem = next((r for r in records if isinstance(r, Problem)), None)
        if problem is not None:
            trajectory = next((r for r in records if isinstance(r, Trajectory)), None)
            skills = tuple(self.library[name].record() for name in problem.skills)
            self.writer.write(PipedProblem(problem=problem, trajectory=trajectory, skills=skills))

    def commit(self, ledger: Ledger) -> None:
        self.writer.tick()

    def tick(self) -> None:
        self.writer.tick()

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        self.writer.send()
