"""`agentprop probe`: settings → the probe stage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.streams import check_stream
from agentprop.config import ProbeConfig


@stage.shares
@stage.reads_files
def command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help=options.SOURCES)],
    out: options.Out,
    prober: Annotated[
        list[str] | None,
        typer.Option(
            "--prober",
            autocompletion=completion.models,
            metavar="MODEL",
            help="Model that attempts the problems; repeat it for a pool, weak to strong.",
        ),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", "-k", help="Attempts at each problem.", show_default="16")] = None,
    band: Annotated[
        str | None,
        typer.Option(
            metavar="LO..HI", help="Pass rates of interest: stop early if a problem is clearly inside or outside."
        ),
    ] = None,
    calibrate: Annotated[
        bool | None,
        typer.Option("--calibrate", help="Fit an estimate of pass rates, for propose --difficulty rho:LO..HI."),
    ] = None,
    allow_simulated: Annotated[
        bool | None,
        typer.Option(
            "--allow-simulated", help="Take a simulated prober: its pass rates are no measurements.", show_default=False
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Probe at most this many problems.", show_default="all")] = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    reply_tokens: options.ReplyTokens = None,
    workers: options.Graders = None,
    partitions: options.Partitions = None,
    partition: options.Partition = None,
    engine: options.Engine = None,
    address: options.Address = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    prompts: options.Prompts = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    layout: stage.LayoutOptions,
    shared: stage.Shared,
) -> None:
    """Measure how hard problems are by letting models attempt them.

    The same command resumes an unfinished run; with a larger --k it makes the missing attempts.
    """
    flags = {
        **layout.flags(),
        "prober": prober,
        "k": k,
        "band": band,
        "calibrate": calibrate,
        "allow_simulated": allow_simulated,
        "limit": limit,
        "temperature": temperature,
        "top_p": top_p,
        "reply_tokens": reply_tokens,
        "workers": workers,
        "partitions": partitions,
        "partition": partition,
        "engine": engine,
        "address": address,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "prompts": prompts,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    check_stream(out, what="problems")
    settings = shared.settings(ProbeConfig, flags)
    if shared.only_shows(settings, partial(_check, sources=sources, out=out, fresh=shared.fresh)):
        return
    from agentprop.engine import on_engine
    from agentprop.stages.common.layout_notes import without_layouts
    from agentprop.stages.probe import run as probe

    with on_engine(settings.engine, settings.address):
        summary = probe.run(settings, sources, out, fresh=shared.fresh, quiet=shared.quiet)
    shared.present(summary if shared.json else without_layouts(summary), out)


def _check(settings: ProbeConfig, *, sources: Sequence[str], out: str, fresh: bool) -> None:
    """Check all that can be checked without reading a record or asking a model."""
    from agentprop.stages.common.dry_run import check

    check(settings, sources, out, fresh=fresh)


epilog = options.further(ProbeConfig, command)
