"""Where proposed records go: a run directory that can be resumed, or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from agentprop.records import PipedProblem, Problem, Record, Trajectory
from agentprop.skills import Package
from agentprop.stages.common.library import fingerprint
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.plan import Plan
from agentprop.stages.propose.benchmarks import REPORT
from agentprop.stages.propose.ledger import Ledger
from agentprop.storage import StreamWriter
from agentprop.storage.run import Run


class Sink(Protocol):
    """A run directory or a pipe."""

    @property
    def folder(self) -> Path | None:
        """Where the replies of models are kept; None for a pipe."""
        ...

    def add(self, records: list[Record]) -> None: ...

    def commit(self, ledger: Ledger) -> None: ...

    def tick(self) -> None: ...

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None: ...


class Directory:
    """Problems, trajectories, verdicts and rejects in a run directory that can be resumed."""

    def __init__(self, run: Run, ledger: Ledger) -> None:
        self.run, self.ledger = run, ledger
        self.folder: Path | None = run.path / MODELS

    @classmethod
    @contextmanager
    def open(cls, plan: Plan, out: str, fresh: bool, ledger: Ledger) -> Iterator[Directory]:
        """Open or resume the run; its skills are stored first, so that it can be verified anywhere."""
        config, benchmarks = plan.config, ledger.benchmarks
        with Run.open(
            out,
            "propose",
            config,
            fresh=fresh,
            outside_identity=config.outside_identity,
            folders=(MODELS, REPORT),
            inputs={"skills": fingerprint(plan.library), "benchmarks": benchmarks.fingerprint if benchmarks else ""},
        ) as run:
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


class Pipe:
    """Accepted problems as an Arrow stream, each with its trajectory and the packages it composes."""

    def __init__(self, writer: StreamWriter, library: Mapping[str, Package]) -> None:
        self.writer = writer
        self.library = library
        self.folder: Path | None = None

    @classmethod
    @contextmanager
    def open(cls, plan: Plan) -> Iterator[Pipe]:
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
