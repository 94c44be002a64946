"""`agentprop report`: runs → one HTML file."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage


@stage.reads_files
def command(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Run directories of any stages, and files of problems, in any order."),
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="File to write; `-` is stdout.")
    ] = "report.html",
    problems: Annotated[int, typer.Option(min=0, help="List at most this many problems; of more, a sample.")] = 20_000,
    trajectories: Annotated[int, typer.Option(min=0, help="Show at most this many trajectories step by step.")] = 300,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--compare", metavar="RUN", help="Set these runs against the others; repeat it for runs of several stages."
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Heading of the page.", show_default="the names of the runs")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the samples.")] = 0,
    max_failures: options.MaxFailures = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    *,
    layout: stage.LayoutOptions,
) -> None:
    """Write a report of runs as one HTML file.

    It shows the funnel with its reasons, verifiers and their disagreements, difficulty, skills, cost, and problems step
    by step. The file needs no server and no network, and no data leave this machine. Name the runs of all stages
    together: their records are joined. `--compare` sets another run against them. Flags and comments
    of a reader stay in the browser, and are saved as JSON lines.
    """
    from agentprop.stages.report import run as report
    from agentprop.stages.report.options import ReportOptions

    allowed = {} if max_failures is None else {"max_failures": max_failures}
    settings = ReportOptions(
        problems=problems,
        trajectories=trajectories,
        seed=seed,
        title=title,
        compare=tuple(compare or ()),
        layout=layout.settings(),
        quiet=quiet,
        **allowed,
    )
    summary = report.run(runs, out, settings)
    stage.present(summary, out, as_json=json, quiet=quiet)
