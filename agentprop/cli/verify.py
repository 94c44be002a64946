"""`agentprop verify`: settings → the verify stage."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options, stage
from agentprop.cli.settings import resolve
from agentprop.config import VerifyConfig


def command(
    run: Annotated[str, typer.Argument(help="Run directory of a propose stage; `-` reads its stream from stdin.")],
    out: options.Out,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    verifier: Annotated[str | None, typer.Option(help="Who judges.", show_default="builtin")] = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    config: options.Config = None,
    set_: options.Set = None,
    fresh: options.Fresh = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Judge problems from their statements alone.

    Every problem gets a verdict: valid, invalid, or undetermined. The same command resumes an unfinished run.
    """
    flags = {
        "skills": skills, "bundled_skills": bundled_skills, "verifier": verifier, "seed": seed, "workers": workers,
        "allow_weak_sandbox": allow_weak_sandbox,
    }  # fmt: skip
    settings = resolve(VerifyConfig, file=config, assignments=set_ or (), flags=flags)
    if dry_run:
        stage.describe(settings)
        return
    from agentprop.stages import verify

    summary = verify.run(settings, run, out, fresh=fresh, quiet=quiet)
    stage.present(summary, out, as_json=json, quiet=quiet)
