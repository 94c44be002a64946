"""`agentprop report`: runs → one HTML file."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Run directories of any stages, in any order.")],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="Where to write; `-` is stdout.")
    ] = "report.html",
    problems: Annotated[int, typer.Option(min=0, help="List at most so many problems; more are sampled.")] = 20_000,
    trajectories: Annotated[int, typer.Option(min=0, help="Show so many trajectories step by step.")] = 300,
    title: Annotated[
        str | None, typer.Option(help="Heading of the page.", show_default="the names of the runs")
    ] = None,
    seed: Annotated[int, typer.Option(help="The samples follow from it.")] = 0,
    max_failures: options.MaxFailures = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write one HTML file that shows runs.

    Funnel with reasons, verifiers and their disagreements, difficulty, skills, cost, and problems step by step. The
    file needs no server and no network, and nothing leaves this machine. Name the runs of all stages together: their
    records are joined.
    """
    from agentprop.stages.report import run as report

    allowed = {} if max_failures is None else {"max_failures": max_failures}
    settings = report.Options(problems=problems, trajectories=trajectories, seed=seed, title=title, **allowed)
    summary = report.run(runs, out, settings)
    stage.present(summary, out, as_json=json, quiet=quiet)
