"""The output of `propose`: its run directory also holds the skills in use and the report on benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from agentprop.composition.structure import structure_key
from agentprop.config import ProposeConfig
from agentprop.records import PipedProblem, Problem, Trajectory
from agentprop.skills import Package
from agentprop.stages.common.benchmarks import REPORT
from agentprop.stages.common.library import fingerprint
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import named_models
from agentprop.stages.common.plan import Plan
from agentprop.stages.common.sink import DirectorySink, PipeSink, Sink
from agentprop.stages.propose.ledger import Ledger
from agentprop.storage.columns import Storable, rebuilt
from agentprop.storage.run import Run


@contextmanager
def open_sink(plan: Plan, config: ProposeConfig, out: str, fresh: bool, ledger: Ledger) -> Iterator[Sink]:
    """Open or resume a run directory, or stdout if `out` is `-`; a resumed run restores the ledger.

    `config` are the settings as given, which the run keeps.
    """
    if out == "-":
        with PipeSink.open() as sink:
            yield sink
        return
    benchmarks = ledger.benchmarks
    with Run.open(
        out,
        "propose",
        config,
        fresh=fresh,
        folders=(MODELS, REPORT),
        inputs={
            "skills": fingerprint(plan.library),
            "benchmarks": benchmarks.fingerprint if benchmarks else "",
            **plan.prompts.inputs,
        },
        models=named_models(config),
    ) as run:
        if run.state:
            library = plan.planner().library  # as the candidates' makers see it
            rows = run.iter_rows(Problem, ["statement", "template", "certificate"])
            ledger.restore(run.state, (_told(row, library) for row in rows))
        else:
            for package in plan.library.values():  # first, so that the run can be verified anywhere
                run.add(package.record())
            run.commit(ledger.state())
            run.flush()
        yield _ProposeDirectory(run, ledger)


def _told(row: Mapping[str, Any], library: Mapping[str, Package]) -> tuple[str, str, str]:
    return row["statement"], row["template"], structure_key(row["certificate"]["composition"], library)


class _ProposeDirectory(DirectorySink):
    """A run directory with the report on benchmarks, which is written at the end."""

    def __init__(self, run: Run, ledger: Ledger) -> None:
        super().__init__(run)
        self._ledger = ledger

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        if self._ledger.benchmarks is not None:
            self.run.flush()
            self._ledger.benchmarks.report(self.run, self._ledger.accepted)
        super().finish(summary, complete=complete)


def passed_on(records: Sequence[Storable], library: Mapping[str, Package]) -> Callable[[], PipedProblem | None]:
    """Make the row for a pipe: an accepted problem with its trajectory and the packages that it composes, or None."""

    def piped() -> PipedProblem | None:
        if not any(record.kind == Problem.kind for record in records):
            return None
        whole = [rebuilt(record) for record in records]
        problem = next(record for record in whole if isinstance(record, Problem))
        trajectory = next((record for record in whole if isinstance(record, Trajectory)), None)
        skills = tuple(library[name].record() for name in problem.skills)
        return PipedProblem(problem=problem, trajectory=trajectory, skills=skills)

    return piped
