"""The output of a stage: a run directory that can be resumed, or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from agentprop.records import PipedProblem
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.storage import StreamWriter
from agentprop.storage.columns import Storable
from agentprop.storage.run import Run


class Sink(Protocol):
    """A run directory or a pipe."""

    @property
    def folder(self) -> Path | None:
        """Directory for the replies of models; None for a pipe."""
        ...

    def add(self, records: Iterable[Storable], passed_on: Callable[[], PipedProblem | None]) -> None:
        """Write the records of one item; a pipe writes `passed_on()` in their place."""
        ...

    def commit(self, state: Mapping[str, Any]) -> None:
        """Mark a consistent point: `state` belongs to all records added so far."""
        ...

    def tick(self) -> None:
        """Write records that are due; called while waiting."""
        ...

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        """End the session: the work is complete, or the same command will continue it."""
        ...


class DirectorySink:
    """Records in a run directory that can be resumed."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.folder: Path | None = run.layout.folder(MODELS)

    def add(self, records: Iterable[Storable], passed_on: Callable[[], PipedProblem | None]) -> None:
        for record in records:
            self.run.add(record)

    def commit(self, state: Mapping[str, Any]) -> None:
        self.run.commit(state)

    def tick(self) -> None:
        self.run.tick()

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        if complete:
            self.run.finish(summary)
        else:
            self.run.summarise(summary)


class PipeSink:
    """Accepted problems as an Arrow stream on stdout, each with all that judging it needs."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
        self.folder: Path | None = None

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[PipeSink]:
        """Open stdout; the end of the stream is marked only if the stage ends without an error."""
        with StreamWriter(sys.stdout.buffer, PipedProblem) as writer:
            yield cls(writer)

    def add(self, records: Iterable[Storable], passed_on: Callable[[], PipedProblem | None]) -> None:
        problem = passed_on()
        if problem is not None:
            self.writer.write(problem)

    def commit(self, state: Mapping[str, Any]) -> None:
        self.writer.tick()

    def tick(self) -> None:
        self.writer.tick()

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        self.writer.send()
