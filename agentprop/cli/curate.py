"""`agentprop curate`: settings → the curate stage, and with a prober the probe stage over what it accepted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.streams import refuse_stream
from agentprop.config import CurateConfig, ProbeConfig


@stage.shares
@stage.reads_files
def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files of problems of any kind and layout that extract reads, directories, hf:OWNER/NAME, `-`.",
        ),
    ],
    out: Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Run directory to write.")],
    decontaminate: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Benchmark whose problems are rejected; may be repeated."),
    ] = None,
    verifier: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL|builtin",
            help="Verifier; may be repeated: two of three must vote valid.",
            show_default="builtin",
        ),
    ] = None,
    auditor: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Model that settles differences between answers.", rich_help_panel=options.MODELS
        ),
    ] = None,
    reuse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="Earlier verify run whose attempts are judged again; only lost ones are repeated.",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    prober: Annotated[
        list[str] | None,
        typer.Option(
            "--prober",
            autocompletion=completion.models,
            metavar="MODEL",
            help="Model that attempts the accepted problems; may be repeated.",
        ),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", "-k", help="Attempts at each problem.", show_default="16")] = None,
    accept_undetermined: Annotated[
        bool,
        typer.Option("--accept-undetermined", help="Keep also problems without a fault that no route could decide."),
    ] = False,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most so many rows.", show_default="all")] = None,
    workers: options.Workers = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    prompts: options.Prompts = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    layout: stage.LayoutOptions,
    shared: stage.Shared,
) -> None:
    """Check problems that others wrote: what to keep, and why not the rest.

    Repeats, benchmark problems, faulty rows and wrong answers are found; what remains is accepted if its answer is
    shown to be right, by routes that need no model, or if the models of --verifier find it valid. DIR gets accepted,
    undetermined and rejected rows in the layout they came in, with their reasons, and report.md. The same command
    resumes an unfinished run.
    """
    flags = {
        **layout.flags(),
        "sources": sources,
        "decontaminate": decontaminate,
        "verifier": verifier,
        "auditor": auditor,
        "reuse": reuse,
        "prober": prober,
        "k": k,
        "accept_undetermined": accept_undetermined or None,
        "skills": skills,
        "bundled_skills": bundled_skills,
        "limit": limit,
        "workers": workers,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "prompts": prompts,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    refuse_stream(out, "curate")
    settings = shared.settings(CurateConfig, flags)
    if shared.only_shows(settings, partial(_check, sources=settings.sources, out=out, fresh=shared.fresh)):
        return
    from agentprop.stages.common.layout_notes import without_layouts
    from agentprop.stages.curate import run as curate

    summary = curate.run(settings, out, fresh=shared.fresh, quiet=shared.quiet)
    if settings.prober and summary["accepted"]:
        from agentprop.stages.probe import run as probe

        place = str(Path(out) / curate.PROBE)
        probe.run(probing_of(settings), curate.to_probe(settings, out), place, quiet=shared.quiet)
        summary = curate.with_pass_rates(settings, out)
    shared.present(summary if shared.json else without_layouts(summary), out)


def probing_of(settings: CurateConfig) -> ProbeConfig:
    """The settings of the probe run."""
    common = CurateConfig.model_fields.keys() & ProbeConfig.model_fields.keys()
    return ProbeConfig(**{name: getattr(settings, name) for name in common if name != "limit"})


def _check(settings: CurateConfig, *, sources: Sequence[str], out: str, fresh: bool) -> None:
    """Check all that can be checked without reading a record or asking a model."""
    from agentprop.stages.common.dry_run import check
    from agentprop.stages.curate.run import check as check_curate

    check(settings, sources, out, fresh=fresh)
    check_curate(settings)


epilog = options.further(CurateConfig, command)
