"""`agentprop probe`: settings → the probe stage."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options, stage
from agentprop.cli.settings import resolve
from agentprop.config import ProbeConfig


def command(
    run: Annotated[str, typer.Argument(help="Run directory with problems; `-` reads a stage's stream from stdin.")],
    out: options.Out,
    prober: Annotated[
        list[str] | None,
        typer.Option("--prober", metavar="MODEL", help="Who tries; repeat it for a pool, weak to strong."),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", "-k", help="Attempts at each problem.", show_default="16")] = None,
    band: Annotated[
        str | None, typer.Option(metavar="LO..HI", help="Pass rates wanted; stop early where a problem is clear.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Probe at most so many problems.", show_default="all")] = None,
    max_tokens: Annotated[int | None, typer.Option(rich_help_panel=options.BOUNDS)] = None,
    max_cost: Annotated[float | None, typer.Option(rich_help_panel=options.BOUNDS)] = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    config: options.Config = None,
    set_: options.Set = None,
    fresh: options.Fresh = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure how hard problems are, by attempts of models.

    The same command resumes an unfinished run; with a larger --k it makes the attempts that are missing.
    """
    flags = {
        "prober": prober, "k": k, "band": band, "limit": limit, "max_tokens": max_tokens, "max_cost": max_cost,
        "allow_weak_sandbox": allow_weak_sandbox,
    }  # fmt: skip
    settings = resolve(ProbeConfig, file=config, assignments=set_ or (), flags=flags)
    if dry_run:
        stage.describe(settings)
        return
    from agentprop.stages import probe

    summary = probe.run(settings, run, out, fresh=fresh, quiet=quiet)
    stage.present(summary, out, as_json=json, quiet=quiet)


epilog = options.further(ProbeConfig, command)
