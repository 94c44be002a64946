"""`agentprop evaluate`: settings → the evaluation of a model on a benchmark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.streams import refuse_stream
from agentprop.config.evaluate import EvaluateConfig


@stage.shares
@stage.reads_files
def command(
    benchmark: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Questions and answers in any file or directory that extract reads; or a run."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.models,
            metavar="MODEL",
            help="Model to evaluate (required, here or in a settings file, unless --reply-field is given).",
        ),
    ] = None,
    reply_field: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Field of replies given before, to be graded instead of asking a model."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="Run directory to write.", show_default="runs/evaluate/FILE-MODEL"),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", "-k", help="Attempts at each problem.", show_default="64")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Report each value of this column separately; may be repeated.",
            show_default="by name",
        ),
    ] = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    reply_tokens: options.ReplyTokens = None,
    limit: Annotated[int | None, typer.Option(help="Ask at most so many problems.", show_default="all")] = None,
    workers: options.Graders = None,
    engine: options.Engine = None,
    address: options.Address = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    seed: options.Seed = None,
    prompts: options.Prompts = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    layout: stage.LayoutOptions,
    shared: stage.Shared,
) -> None:
    """Measure a model on a benchmark: Mean@k, pass@k, majority@k.

    Prompts and replies are stored. The same command resumes an unfinished run; with a larger --k it makes the missing
    attempts. If MODEL is a directory and vLLM is not installed, the model runs in this process.
    """
    flags = {
        **layout.flags(),
        "model": model,
        "reply_field": reply_field,
        "k": k,
        "by": by,
        "temperature": temperature,
        "top_p": top_p,
        "reply_tokens": reply_tokens,
        "limit": limit,
        "workers": workers,
        "engine": engine,
        "address": address,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "seed": seed,
        "prompts": prompts,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    refuse_stream(out or "", "evaluate")
    settings = shared.settings(EvaluateConfig, flags)
    asked = settings.model or settings.reply_field or ""
    place = out or str(Path("runs") / "evaluate" / f"{_short(benchmark)}-{_short(asked)}")
    if shared.only_shows(settings, partial(_check, sources=[benchmark], out=place, fresh=shared.fresh)):
        return
    from agentprop.engine import on_engine
    from agentprop.stages.evaluate import run as evaluate
    from agentprop.stages.evaluate.results import readable

    with on_engine(settings.engine, settings.address):
        summary = evaluate.run(settings, benchmark, place, fresh=shared.fresh, quiet=shared.quiet)
    shared.present(summary if shared.json else readable(summary), place)


def _short(name: str) -> str:
    """Last part of a path or name, usable in a directory's name."""
    stem = Path(name.rstrip("/")).name.partition(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") or "model"


def _check(settings: EvaluateConfig, *, sources: Sequence[str], out: str, fresh: bool) -> None:
    """Check all that can be checked without reading a record or asking a model."""
    from agentprop.stages.common.dry_run import check

    check(settings, sources, out, fresh=fresh)


epilog = options.further(EvaluateConfig, command)
