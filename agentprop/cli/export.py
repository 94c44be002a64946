"""`agentprop export`: settings → the export stage."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.config import ExportConfig


@stage.shares
@stage.reads_files
def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Runs of propose, verify and probe, and files of problems; their records are joined by content.",
        ),
    ],
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="FILE", help="A .jsonl or .parquet file, a directory, or `-` for stdout."),
    ],
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            autocompletion=completion.formats,
            metavar="FORMAT",
            help="trl-sft, trl-grpo, trl-preference, trl-drafts, trl-unpaired, verl, openai-chat, verifiers, jsonl "
            "or dataset.",
        ),
    ] = None,
    with_solutions: Annotated[
        bool | None,
        typer.Option("--with-solutions", help="Questions with worked solutions, for trl-sft and openai-chat."),
    ] = None,
    difficulty: Annotated[
        str | None, typer.Option(metavar="LO..HI", help="Only problems with a measured pass rate in this range.")
    ] = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option(metavar="A+B", help="A pair of skills that training must not see together; may be repeated."),
    ] = None,
    held_out_share: Annotated[
        float | None, typer.Option(help="Share of all pairs of skills to hold out.", show_default="0")
    ] = None,
    held_out_level: Annotated[
        int | None, typer.Option(help="Hold out problems with this many skills or more.", show_default="none")
    ] = None,
    validation_share: Annotated[
        float | None, typer.Option(help="Share of skill bundles to keep for validation.", show_default="0")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Write at most this many rows.", show_default="all")] = None,
    seed: options.Seed = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Replace the files of an earlier export.")] = False,
    *,
    layout: stage.LayoutOptions,
    shared: stage.Shared,
) -> None:
    """Write problems or trajectories in the formats of other tools.

    Only problems with the verdict valid are exported. A directory gets a dataset card and opens with
    `datasets.load_dataset`. Formats for solvers hold question and answer and nothing else.
    """
    flags = {
        **layout.flags(),
        "format": format_,
        "with_solutions": with_solutions,
        "difficulty": difficulty,
        "held_out": held_out,
        "held_out_share": held_out_share,
        "held_out_level": held_out_level,
        "validation_share": validation_share,
        "limit": limit,
        "seed": seed,
    }
    settings = shared.settings(ExportConfig, flags)
    from agentprop.stages.export import run as export

    if shared.only_shows(settings, partial(export.check, sources=runs, out=out, fresh=fresh)):
        return

    shared.present(export.run(settings, runs, out, fresh=fresh, quiet=shared.quiet), out)


epilog = options.further(ExportConfig, command, "format", "workers", "allow_weak_sandbox")  # it runs no code
