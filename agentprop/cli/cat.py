"""`agentprop cat RUN...`: records as JSON lines, for jq and similar tools, with only a few rows in memory at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.lookup import kind_of, primary_of
from agentprop.config.parts import CorpusSettings
from agentprop.errors import InputError
from agentprop.records import RECORDS, PipedProblem
from agentprop.storage import read_stream


@stage.reads_files
def command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help=options.SOURCES)],
    records: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.record_kinds,
            help="Kind of records: problems, trajectories, verdicts, rejects, …",
            show_default="the run's main result",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Print at most this many.", show_default="all")] = None,
    *,
    layout: stage.LayoutOptions,
) -> None:
    """Print a run's records as JSON lines.

    Of files of problems their problems are printed, as the other commands take them.
    """
    if limit is not None and limit < 0:
        raise InputError(f"--limit must be at least 0, not {limit}", hint="leave it out to print all records")
    write = sys.stdout.write
    for row in islice(_rows(sources, records, layout.settings()), limit):
        write(json.dumps(row, ensure_ascii=False) + "\n")


def _rows(sources: Sequence[str], records: str | None, layout: CorpusSettings) -> Iterator[dict[str, Any]]:
    from agentprop.stages.common.foreign import open_sources
    from agentprop.stages.common.stdin import STDIN, piped

    stream = piped() if STDIN in sources else None
    if stream is not None and not isinstance(stream, Path):
        if records is not None:
            raise InputError("a stream holds one kind of record", hint="leave out --records")
        yield from (record.model_dump(mode="json") for record in read_stream(stream, PipedProblem))
        sources = [source for source in sources if source != STDIN]
    for stored in open_sources(sources, layout):
        yield from stored.iter_rows(RECORDS[kind_of(records)] if records else primary_of(stored))
