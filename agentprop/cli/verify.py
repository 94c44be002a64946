"""`agentprop verify`: settings → the verify stage, or the audit of answer checkers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.streams import check_stream, refuse_stream
from agentprop.config import VerifyConfig


@stage.shares
@stage.reads_files
def command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help=options.SOURCES)],
    out: options.Out,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    verifier: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=completion.models_or_builtin,
            metavar="MODEL|builtin",
            help="Verifier; may be repeated: two of three must vote valid.",
            show_default="builtin",
        ),
    ] = None,
    auditor: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.models,
            metavar="MODEL",
            help="Model that settles differences between answers.",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    temperature: options.Temperature = None,
    reply_tokens: options.ReplyTokens = None,
    reuse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="Earlier verify run whose attempts are judged again; only lost ones are repeated.",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    audit_checkers: Annotated[
        bool, typer.Option("--audit-checkers", help="Measure the error rates of answer checkers, and stop.")
    ] = False,
    seed: options.Seed = None,
    workers: options.Workers = None,
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
    """Judge problems from their statements alone.

    Every problem gets a verdict: valid, invalid, or undetermined. Verifiers that are models also see the trajectory of
    the problem. Problems that others wrote are read with the whole library's grammar and by the question-directed
    reader, and their own programs and tests are run; what cannot be read is undetermined. The same command resumes an
    unfinished run.
    """
    flags = {
        **layout.flags(),
        "skills": skills,
        "bundled_skills": bundled_skills,
        "verifier": verifier,
        "auditor": auditor,
        "temperature": temperature,
        "reply_tokens": reply_tokens,
        "reuse": reuse,
        "audit_checkers": audit_checkers or None,
        "seed": seed,
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
    if audit_checkers:
        refuse_stream(out, "verify --audit-checkers")
    check_stream(out, what="problems")
    settings = shared.settings(VerifyConfig, flags)
    from agentprop.engine import on_engine
    from agentprop.stages.common.layout_notes import without_layouts
    from agentprop.stages.verify import run as verify

    if shared.only_shows(settings, partial(_check, sources=sources, out=out, fresh=shared.fresh)):
        return
    with on_engine(settings.engine, settings.address):
        summary = verify.run(settings, sources, out, fresh=shared.fresh, quiet=shared.quiet)
    shared.present(summary if shared.json else without_layouts(summary), out)


def _check(settings: VerifyConfig, *, sources: Sequence[str], out: str, fresh: bool) -> None:
    """Check all that can be checked without reading a record or asking a model."""
    from agentprop.stages.common.dry_run import check
    from agentprop.stages.verify import run as verify

    verify.check(settings)
    check(settings, sources, out, fresh=fresh)


epilog = options.further(VerifyConfig, command)
