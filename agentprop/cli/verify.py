"""`agentprop verify`: settings → the verify stage, or the audit of answer checkers."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage
from agentprop.cli.streams import check_stream, refuse_stream
from agentprop.config import VerifyConfig

MODELS = "Language models"


@stage.shares
def command(
    run: Annotated[str, typer.Argument(help="Run directory of a propose stage; `-` reads its stream from stdin.")],
    out: options.Out,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
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
        typer.Option(metavar="MODEL", help="Model that settles differences between answers.", rich_help_panel=MODELS),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Sampling temperature of replies.", rich_help_panel=MODELS)
    ] = None,
    reply_tokens: Annotated[
        int | None, typer.Option(help="Most tokens of a reply, reasoning included.", rich_help_panel=MODELS)
    ] = None,
    reuse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="Earlier verify run whose attempts are judged again; only lost ones are repeated.",
            rich_help_panel=MODELS,
        ),
    ] = None,
    audit_checkers: Annotated[
        bool, typer.Option("--audit-checkers", help="Measure the error rates of answer checkers, and stop.")
    ] = False,
    seed: options.Seed = None,
    workers: options.Workers = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    shared: stage.Shared,
) -> None:
    """Judge problems from their statements alone.

    Every problem gets a verdict: valid, invalid, or undetermined. Verifiers that are models also see the trajectory of
    the problem. The same command resumes an unfinished run.
    """
    flags = {
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
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    if audit_checkers:
        refuse_stream(out, "verify --audit-checkers")
    check_stream(out, what="problems")
    settings = shared.settings(VerifyConfig, flags)
    from agentprop.stages.verify import run as verify

    if shared.only_shows(settings, verify.check):
        return
    shared.present(verify.run(settings, run, out, fresh=shared.fresh, quiet=shared.quiet), out)


epilog = options.further(VerifyConfig, command)
