"""Problems → verdicts, by the built-in verifier, from a run directory or from a pipe.

What is owed is the problems without a stored verdict. Packages that the problems bring along are used where they differ
from this library's, because they are what the problems were made from; the evidence of such skills stays what it claims.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from agentprop import __version__
from agentprop.agent.candidates import tools
from agentprop.config import VerifyConfig
from agentprop.engine import Interruption, WorkerDied, ordered_map, usable_cores
from agentprop.grading import builtin
from agentprop.records import Attempt, MadeBy, PipedProblem, Problem, Record, Reject, Skill, Verdict
from agentprop.runs import Run, open_run
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.shards import StreamWriter, read_stream
from agentprop.skills import Package, parse
from agentprop.stages.library import completed, gather
from agentprop.stages.progress import Progress

BATCH = 64
WINDOW = 8


@dataclass(frozen=True)
class Item:
    """A problem to judge, and what it brings along."""

    problem: Problem
    """The problem."""
    skills: tuple[Skill, ...] = ()
    """Packages nested in a pipe."""
    piped: PipedProblem | None = None
    """The piped record, to be passed on."""


@dataclass(frozen=True)
class Judged:
    """A judged problem."""

    item: Item
    """What went in."""
    attempt: Attempt
    """The attempt."""
    verdict: Verdict
    """The verdict."""


# --- in the worker ---


@dataclass
class _Worker:
    library: dict[str, Package]
    executor: Executor
    tools: dict[str, str] = field(default_factory=tools)
    made_by: MadeBy = field(default_factory=lambda: MadeBy(name=builtin.NAME, version=__version__))
    parsed: dict[str, Package] = field(default_factory=dict)

    async def judge(self, item: Item) -> Judged:
        library = self._library(item.skills) if item.skills else self.library
        judgement = await builtin.judge(item.problem, library, self.tools, self.executor)
        return Judged(item, *judgement.records(item.problem, self.made_by))

    def _library(self, records: Sequence[Skill]) -> dict[str, Package]:
        found: dict[str, Package] = {}
        for record in records:
            known = self.library.get(record.name)
            if known is not None and known.id == record.id:
                found[record.name] = known
                continue
            if record.id not in self.parsed:
                self.parsed[record.id] = parse(record.skill_md, record.script)
            found[record.name] = self.parsed[record.id]
        return found

    async def judge_all(self, items: Sequence[Item]) -> list[Judged]:
        return list(await asyncio.gather(*map(self.judge, items)))


_worker: _Worker | None = None


def prepare(library: dict[str, Package], allow_weak: bool) -> None:
    """Set a worker process up with its own sandbox."""
    global _worker  # one per process, set up once by the engine's initializer
    _worker = _Worker(library, Executor(Sandbox(preload=(), slots=1, allow_weak=allow_weak)))


def judge(items: Sequence[Item]) -> list[Judged]:
    """Judge a batch."""
    assert _worker is not None  # the engine ran prepare()
    return asyncio.run(_worker.judge_all(items))


# --- the stage ---


def run(
    config: VerifyConfig, source: str, out: str, *, fresh: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """Judge every problem of a run directory, or of the stream on stdin where the source is `-`."""
    library = gather(config.skills, bundled=config.bundled_skills)
    if source == "-":
        items = (Item(p.problem, p.skills, p) for p in read_stream(sys.stdin.buffer, PipedProblem))
        return _verify(config, library, items, None, {"source": "stdin"}, out, fresh, quiet)
    stored = open_run(source)
    library = completed(library, stored.iter(Skill))
    total = stored.rows.get("problem", 0)
    items = (Item(problem) for problem in stored.iter(Problem))
    return _verify(config, library, items, total, {"source": stored.fingerprint}, out, fresh, quiet)


def _verify(
    config: VerifyConfig, library: dict[str, Package], items: Iterable[Item], total: int | None,
    inputs: Mapping[str, str], out: str, fresh: bool, quiet: bool,
) -> dict[str, Any]:  # fmt: skip
    workers = config.workers or usable_cores()
    with _outlet(config, out, fresh, inputs) as sink, Interruption() as stop, \
            Progress("verify", total, quiet=quiet) as bar:  # fmt: skip
        owed = (item for item in items if item.problem.id not in sink.done)
        results = ordered_map(
            judge, _batches(owed), workers=workers, window=WINDOW, initializer=prepare,
            initargs=(library, config.allow_weak_sandbox), stop=stop, idle=sink.tick,
        )  # fmt: skip
        for result in results:
            if isinstance(result, WorkerDied):
                raise RuntimeError(result.message)
            for judged in result:
                sink.add(judged)
            sink.commit()
            bar.update(done=sink.counts["problems"], note=f"{sink.counts['valid']} valid")
        if stop():
            raise KeyboardInterrupt
        summary = sink.summary()
        sink.finish(summary)
    return summary


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


# --- where verdicts go ---


@dataclass
class _Outlet:
    """Counts, and the ids that need no work."""

    counts: Counter[str] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)

    def add(self, judged: Judged) -> None:
        verdict = judged.verdict
        self.counts["problems"] += 1
        self.counts[verdict.value] += 1
        self.counts[f"reason {verdict.value}: {verdict.code}"] += 1
        self.counts[f"evidence {verdict.evidence}"] += verdict.value == "valid"
        self.keep(judged)

    def keep(self, judged: Judged) -> None:
        """Store a judged problem."""

    def commit(self) -> None:
        """A consistent point."""

    def tick(self) -> None:
        """Called while waiting."""

    def finish(self, summary: dict[str, Any]) -> None:
        """Everything is judged."""

    def summary(self) -> dict[str, Any]:
        """in = valid (accepted) + invalid (rejected) + undetermined (failed)."""
        c = self.counts
        if c["problems"] != c["valid"] + c["invalid"] + c["undetermined"]:
            raise AssertionError(f"problems are not accounted for: {dict(c)}")
        return {
            "problems": c["problems"], "valid": c["valid"], "invalid": c["invalid"], "undetermined": c["undetermined"],
            "reasons": {k.removeprefix("reason "): v for k, v in sorted(c.items()) if k.startswith("reason ")},
            "evidence": {k.removeprefix("evidence "): v for k, v in sorted(c.items()) if k.startswith("evidence ") and v},
        }  # fmt: skip


@dataclass
class _RunOutlet(_Outlet):
    run: Run | None = None

    def keep(self, judged: Judged) -> None:
        assert self.run is not None  # set where it is made
        for record in _records(judged):
            self.run.add(record)

    def commit(self) -> None:
        assert self.run is not None
        self.run.commit({"counts": dict(self.counts)})

    def tick(self) -> None:
        assert self.run is not None
        self.run.tick()

    def finish(self, summary: dict[str, Any]) -> None:
        assert self.run is not None
        self.run.finish(summary)


@dataclass
class _PipeOutlet(_Outlet):
    writer: StreamWriter | None = None

    def keep(self, judged: Judged) -> None:
        assert self.writer is not None  # set where it is made
        if judged.verdict.value == "valid" and judged.item.piped is not None:
            self.writer.write(judged.item.piped)

    def tick(self) -> None:
        assert self.writer is not None
        self.writer.tick()


def _records(judged: Judged) -> list[Record]:
    verdict = judged.verdict
    kept: list[Record] = [verdict, judged.attempt]
    if judged.item.piped is not None:
        kept += [judged.item.problem, *([judged.item.piped.trajectory] if judged.item.piped.trajectory else [])]
    if verdict.value != "valid":
        outcome: Literal["rejected", "failed"] = "rejected" if verdict.value == "invalid" else "failed"
        kept.append(
            Reject(stage="verify", item=judged.item.problem.id, outcome=outcome, code=verdict.code,
                   message=verdict.message, record=judged.item.problem.model_dump_json())
        )  # fmt: skip
    return kept


@contextmanager
def _outlet(config: VerifyConfig, out: str, fresh: bool, inputs: Mapping[str, str]) -> Iterator[_Outlet]:
    if out == "-":
        with StreamWriter(sys.stdout.buffer, PipedProblem) as writer:
            yield _PipeOutlet(writer=writer)
        return
    # a stream cannot be read again, so a run fed from one always starts over
    with Run.open(
        out, "verify", config, fresh=fresh, outside_identity=config.outside_identity, inputs=inputs
    ) as run:
        counts = Counter(run.state.get("counts", {}))
        yield _RunOutlet(counts=counts, done=run.done_ids(Verdict, "problem_id"), run=run)
