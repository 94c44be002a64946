"""Problems → verdicts, by the built-in verifier or by language models, from runs, files of others, and pipes.

The work to do is the problems without a stored verdict, less the attempts that are taken from earlier runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from agentprop.config import VerifyConfig
from agentprop.engine import Interruption
from agentprop.errors import BoundReached, InputError, TooManyFailures
from agentprop.grading.judgement import LocalVerifier
from agentprop.models.failures import ModelOutage
from agentprop.prompts import Prompts
from agentprop.records import Reject, Verdict
from agentprop.skills import Package
from agentprop.stages.common.intake import Intake, ProblemItem, open_intake, own_part
from agentprop.stages.common.library import gather
from agentprop.stages.common.local_judge import JudgedProblem
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import named_models
from agentprop.stages.common.panel import check_verifiers, open_panel, uses_models
from agentprop.stages.common.partitions import finished, own_bounds, part_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.common.sink import DirectorySink, PipeSink, Sink
from agentprop.stages.verify import audit_checkers
from agentprop.stages.verify.local import OwnThread, Workers
from agentprop.stages.verify.models import PanelRun
from agentprop.stages.verify.results import VerifyTotals, passed_on, records_of
from agentprop.storage.run import Run


def run(
    config: VerifyConfig,
    source: str | Sequence[str],
    out: str,
    *,
    fresh: bool = False,
    quiet: bool = False,
    own: LocalVerifier | None = None,
) -> dict[str, Any]:
    """Judge every problem of run directories, of files that others wrote, and of what comes on stdin for `-`.

    A program's `own` verifier takes the place of those that the settings name.
    """
    if own is None:
        check(config)
    config, out = part_of(config, out)
    library = gather(config.skills, bundled=config.bundled_skills)
    traces = (own is None and uses_models(config) and not config.audit_checkers) or out == "-"
    intake = open_intake(source, config, library, stage="verify", traces=traces, skills=out == "-", quiet=quiet)
    inputs = {**intake.inputs, **Prompts.of(config.prompts).inputs}
    if not fresh and (part := finished(config, out, inputs)) is not None:
        return part.summary or {}
    intake = own_part(intake, config)
    if config.audit_checkers:
        return audit_checkers.run(config, intake, out, fresh=fresh, quiet=quiet)
    with (
        _open_sink(config, out, fresh, inputs) as (sink, totals, done),
        judges(own_bounds(config), intake.library, sink.folder, own) as judging,
    ):

        def summary() -> dict[str, Any]:
            return {**totals.summary(), **judging.spending(totals.counts), **intake.sources()}

        try:
            owed = (item for item in intake.items if item.problem.id not in done)
            _judge(judging, owed, intake.total, sink, totals, quiet)
            if not config.partition:  # every part reads all rows, and the first one stores those that are no problems
                _keep_unreadable(intake, sink, totals, whole=config.partition is None)
        except (BoundReached, ModelOutage, TooManyFailures):
            sink.finish(summary(), complete=False)
            raise
        sink.finish(summary(), complete=True)
    return summary()


@contextmanager
def _open_sink(
    config: VerifyConfig, out: str, fresh: bool, inputs: Mapping[str, str]
) -> Iterator[tuple[Sink, VerifyTotals, set[str]]]:
    """Open or resume a run directory, or stdout if `out` is `-`; with the totals and the judged problems so far."""
    if out == "-":
        with PipeSink.open() as sink:
            yield sink, VerifyTotals(config.max_failures), set()
        return
    models = named_models(config)
    with Run.open(out, "verify", config, fresh=fresh, inputs=inputs, models=models, folders=(MODELS,)) as run:
        totals = VerifyTotals(config.max_failures, Counter(run.state.get("counts", {})))
        yield DirectorySink(run), totals, run.done_ids(Verdict, "problem_id")


def _keep_unreadable(intake: Intake, sink: Sink, totals: VerifyTotals, *, whole: bool) -> None:
    """Store rows that are no problems as rejects, unless they are stored already.

    Raises InputError if all are, in a run that is the `whole` of the work.
    """
    if not intake.unreadable:
        return
    if whole and not totals.counts["problems"]:
        why = intake.unreadable[0].message
        raise InputError(
            f"there is no question with an answer ({why})", hint="give --question-field and --answer-field"
        )
    if isinstance(sink, DirectorySink):
        stored = sink.run.done_ids(Reject)
        sink.add((reject for reject in intake.unreadable if reject.id not in stored), lambda: None)
        sink.commit({"counts": dict(totals.counts)})


def check(config: VerifyConfig) -> None:
    """Check the verifiers and prices before a directory is claimed. Raises ConfigError."""
    check_verifiers(config)


def _judge(
    judging: ProblemJudges,
    owed: Iterator[ProblemItem],
    total: int | None,
    sink: Sink,
    totals: VerifyTotals,
    quiet: bool,
) -> None:
    """Judge and commit the remaining problems. Raises KeyboardInterrupt if the user stops it."""
    with Interruption("the problems under way") as stop, Progress("verify", total, quiet=quiet) as bar:
        for batch in judging.results(owed, stop, sink.tick):
            for judged in batch:
                totals.add(judged)
                sink.add(records_of(judged), partial(passed_on, judged))
            sink.commit({"counts": dict(totals.counts)})
            bar.update(done=totals.counts["problems"], note=f"{totals.counts['valid']} valid")
            totals.tolerance(total).check()
        if stop():
            raise KeyboardInterrupt
        totals.tolerance(total).check(over=True)


class ProblemJudges(Protocol):
    """The verifiers of a run: one in worker processes, or a panel."""

    def results(
        self, items: Iterator[ProblemItem], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[JudgedProblem]]:
        """Yield the judged problems, in order."""
        ...

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """Cost part of the summary."""
        ...


@contextmanager
def judges(
    config: VerifyConfig, library: dict[str, Package], folder: Path | None, own: LocalVerifier | None = None
) -> Iterator[ProblemJudges]:
    """Open a program's own verifier, or one on all cores if it needs no model, or else a panel."""
    if own is not None:
        with OwnThread.opened(config, library, own) as thread:
            yield thread
        return
    if len(config.verifier) == 1 and not uses_models(config):
        yield Workers(config, library)
        return
    with open_panel(config, library, folder, batched=True) as panel:
        yield PanelRun(panel)
