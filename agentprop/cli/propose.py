"""`agentprop propose`: settings → the propose stage."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.streams import check_stream
from agentprop.config import ProposeConfig


@stage.shares
def command(
    out: options.Out,
    n: Annotated[
        int | None,
        typer.Option(
            "--n", "-n", help="Number of problems to accept (required, here or in a settings file).", show_default=False
        ),
    ] = None,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    domain: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.domains,
            help="Only this domain: mathematics, coding or science.",
            show_default="all three",
        ),
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(autocompletion=completion.categories, metavar="NAME", help="Only this category; may be repeated."),
    ] = None,
    proposer: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.models_or_builtin,
            metavar="MODEL",
            help="Proposer: builtin, or a model.",
            show_default="builtin",
        ),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.inline_verifiers,
            help="Verifier of each problem before it counts: builtin or none.",
            show_default="depends on the proposer",
        ),
    ] = None,
    difficulty: Annotated[
        str | None,
        typer.Option(
            metavar="LO..HI",
            help="Declared difficulty, in bands from 1 to 5; rho:LO..HI asks for pass rates, by a calibration.",
            show_default="any",
        ),
    ] = None,
    calibration: Annotated[
        str | None, typer.Option(metavar="RUN", help="Probe run with a calibration, for pass rates.")
    ] = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    window: Annotated[
        int | None,
        typer.Option(
            help="Batches under way; for more than 10 workers, 1.5 times as many keep them busy.", show_default="16"
        ),
    ] = None,
    partitions: options.Partitions = None,
    partition: options.Partition = None,
    engine: options.Engine = None,
    address: options.Address = None,
    max_candidates: Annotated[
        int | None, typer.Option(help="Stop after this many candidates.", rich_help_panel=options.BOUNDS)
    ] = None,
    pilot: Annotated[
        int | None,
        typer.Option(
            help="Propose only this many candidates, and forecast what --n problems will take.",
            rich_help_panel=options.BOUNDS,
        ),
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(help="Stop after this many minutes.", rich_help_panel=options.BOUNDS)
    ] = None,
    temperature: options.Temperature = None,
    reply_tokens: options.ReplyTokens = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    learn_from: Annotated[
        list[str] | None,
        typer.Option(help="Earlier run whose verdicts give the mastery to start with; may be repeated."),
    ] = None,
    max_template_repeats: Annotated[
        int | None, typer.Option(help="Most problems that differ only in their numbers.", show_default="10")
    ] = None,
    decontaminate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Benchmark whose problems are rejected, with other numbers too; may be repeated."
        ),
    ] = None,
    prompts: options.Prompts = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    shared: stage.Shared,
) -> None:
    """Compose skills into new problems with checked answers.

    The same command resumes an unfinished run. The exit code is 3 if a bound stops the run before --n problems.
    """
    flags = {
        "n": n,
        "skills": skills,
        "bundled_skills": bundled_skills,
        "domain": domain,
        "categories": category,
        "proposer": proposer,
        "verifier": verifier,
        "difficulty": difficulty,
        "calibration": calibration,
        "seed": seed,
        "workers": workers,
        "window": window,
        "partitions": partitions,
        "partition": partition,
        "engine": engine,
        "address": address,
        "max_candidates": max_candidates,
        "pilot": pilot,
        "max_minutes": max_minutes,
        "temperature": temperature,
        "reply_tokens": reply_tokens,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "learn_from": learn_from,
        "max_template_repeats": max_template_repeats,
        "decontaminate": decontaminate,
        "prompts": prompts,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    check_stream(out, what="problems")
    settings = shared.settings(ProposeConfig, flags)
    if shared.only_shows(settings, partial(_check, out=out, fresh=shared.fresh)):
        return
    from agentprop.engine import on_engine
    from agentprop.stages.propose import run as propose

    with on_engine(settings.engine, settings.address):
        summary = propose.run(settings, out, fresh=shared.fresh, quiet=shared.quiet)
    shared.present(summary, out)
    if out != "-" and settings.partitions == 1 and not shared.quiet and not shared.json:
        from agentprop.cli.ending import print_ending

        print_ending(out, settings)


def _check(settings: ProposeConfig, *, out: str, fresh: bool) -> None:
    """Check all that can be checked without spending anything, and state the most that the run can take."""
    from agentprop.stages.propose.dry_run import check, worst_case

    check(settings, out, fresh=fresh)
    stage.print_summary({"at most": worst_case(settings)})


epilog = options.further(ProposeConfig, command, "categories")
