"""`agentprop cat RUN`: records as JSON lines, for jq and similar tools, with only a few rows in memory at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from agentprop.cli.lookup import kind_of, primary_of
from agentprop.errors import InputError
from agentprop.records import RECORDS, PipedProblem
from agentprop.storage import read_stream
from agentprop.storage.reader import open_run


def command(
    run: Annotated[str, typer.Argument(help="Run directory; `-` reads the stream of a stage from stdin.")],
    records: Annotated[
        str | None,
        typer.Option(
            help="Kind of records: problems, trajectories, verdicts, rejects, …", show_default="the run's main result"
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Print at most this many.", show_default="all")] = None,
) -> None:
    """Print a run's records as JSON lines."""
    if limit is not None and limit < 0:
        raise InputError(f"--limit must be at least 0, not {limit}", hint="leave it out to print all records")
    write = sys.stdout.write
    for row in islice(_rows(run, records), limit):
        write(json.dumps(row, ensure_ascii=False) + "\n")


def _rows(run: str, records: str | None) -> Iterator[dict[str, Any]]:
    if run == "-":
        if records is not None:
            raise InputError("a stream holds one kind of record", hint="leave out --records")
        return (record.model_dump(mode="json") for record in read_stream(sys.stdin.buffer, PipedProblem))
    stored = open_run(run)
    record_type = RECORDS[kind_of(records)] if records else primary_of(stored)
    return stored.iter_rows(record_type)
