"""`agentprop compact`: a run of many small files → the same run in few large ones."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli.shared import present


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run directory.")],
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Put the many small files of a run together.

    The new ones have about 128 MB. Records, ids and their order stay as they are, and so does what resumes from the run
    or was made from it. A kill loses nothing; the same command goes on. For a divided run compact what `merge` made,
    not the parts.
    """
    from agentprop.storage.compaction import compact

    done = compact(run)
    summary = {
        "files": {"before": done.shards_before, "now": done.shards},
        "records": done.records,
        "bytes": {"before": done.bytes_before, "now": done.bytes},
    }
    present(summary, run, as_json=json, quiet=quiet)
