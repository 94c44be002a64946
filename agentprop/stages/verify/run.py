"""Problems → verdicts, by the built-in verifier or by language models, from a run directory or from a pipe.

What is owed is the problems without a stored verdict, and of those the attempts that no earlier run brings along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from agentprop.config import VerifyConfig
from agentprop.engine import Interruption
from agentprop.errors import BoundReached, ConfigError
from agentprop.grading.builtin_verifier import NAME as BUILTIN
from agentprop.models.costs import Meter
from agentprop.models.failures import ModelOutage
from agentprop.models.registry import resolve
from agentprop.skills import Package
from agentprop.stages.common.intake import Intake, Item, Judged, take_in
from agentprop.stages.common.library import gather
from agentprop.stages.common.progress import Progress
from agentprop.stages.verify import audit_checkers
from agentprop.stages.verify.builtin import Workers
from agentprop.stages.verify.models import conversations
from agentprop.stages.verify.sinks import Outlet, outlet


def run(config: VerifyConfig, source: str, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Judge every problem of a run directory, or of the stream on stdin where the source is `-`."""
    check(config)
    library = gather(config.skills, bundled=config.bundled_skills)
    intake = take_in(source, library, traces=uses_models(config) and not config.audit_checkers)
    if config.audit_checkers:
        return audit_checkers.run(config, intake, out, fresh=fresh, quiet=quiet)
    with outlet(config, out, fresh, intake.inputs) as sink, judges(config, intake.library, sink.folder) as judging:
        try:
            _judge(judging, intake, sink, quiet)
        except (BoundReached, ModelOutage):
            sink.stopped({**sink.summary(), **judging.spending(sink.counts)})
            raise
        summary = {**sink.summary(), **judging.spending(sink.counts)}
        sink.finish(summary)
    return summary


def check(config: VerifyConfig) -> None:
    """Refuse what cannot be judged with, before a directory is claimed for it. Raises ConfigError."""
    if config.verifier.count(BUILTIN) > 1:
        raise ConfigError("the built-in verifier says the same each time", hint="name it once, and MODELs beside it")
    if config.auditor is not None and not uses_models(config):
        raise ConfigError(
            "an auditor settles differences between models, and no verifier is one",
            hint="name the models with --verifier, once for each",
        )
    named = {*config.verifier, config.auditor} - {BUILTIN, None}
    Meter(max_cost=config.max_cost).check_prices([resolve(name) for name in sorted(filter(None, named))])


def uses_models(config: VerifyConfig) -> bool:
    """Whether anybody but the built-in verifier judges."""
    return set(config.verifier) != {BUILTIN}


def _judge(judging: Judges, intake: Intake, sink: Outlet, quiet: bool) -> None:
    """Judge and commit what is owed. Raises KeyboardInterrupt when it was asked to stop."""
    owed = (item for item in intake.items if item.problem.id not in sink.done)
    with Interruption() as stop, Progress("verify", intake.total, quiet=quiet) as bar:
        for judged in judging.results(owed, stop, sink.tick):
            for one in judged:
                sink.add(one)
            sink.commit()
            bar.update(done=sink.counts["problems"], note=f"{sink.counts['valid']} valid")
        if stop():
            raise KeyboardInterrupt


class Judges(Protocol):
    """Who judges."""

    def results(
        self, items: Iterator[Item], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Judged]]:
        """The judged problems, in order."""
        ...

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """What it cost, for the summary."""
        ...


@contextmanager
def judges(config: VerifyConfig, library: dict[str, Package], folder: Path | None) -> Iterator[Judges]:
    """The built-in verifier on all cores, or a panel with models in it."""
    if not uses_models(config):
        yield Workers(config, library)
        return
    with conversations(config, library, folder) as panel:
        yield panel
