"""`agentprop extract`: settings → the extract stage."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options, stage
from agentprop.cli.settings import resolve
from agentprop.config import ExtractConfig

KINDS = "Files, patterns or directories: .jsonl .json .parquet .csv .md .txt .tex, plain or .gz."


def command(
    out: options.Out,
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE...", help=KINDS, show_default=False)] = None,
    teacher: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Who extracts: builtin, or a model.", show_default="builtin")
    ] = None,
    min_quality: Annotated[
        float | None, typer.Option(min=0, max=1, help="Reject skills of lower quality r(k).", show_default="0.6")
    ] = None,
    question_field: Annotated[str | None, typer.Option(help="Field of the question, if not found by name.")] = None,
    answer_field: Annotated[str | None, typer.Option(help="Field of the final answer.")] = None,
    solution_field: Annotated[str | None, typer.Option(help="Field of the worked solution.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most so many documents.")] = None,
    workers: options.Workers = None,
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
    """Mine corpora for skills.

    Worked solutions become parametric skills, reference programs become coding skills; each is tried in the sandbox
    and scored. With a model as the teacher, any text will do. The same command resumes an unfinished run.
    """
    flags = {
        "sources": sources or None, "teacher": teacher, "min_quality": min_quality, "question_field": question_field,
        "answer_field": answer_field, "solution_field": solution_field, "limit": limit, "workers": workers,
        "max_tokens": max_tokens, "max_cost": max_cost, "allow_weak_sandbox": allow_weak_sandbox,
    }  # fmt: skip
    settings = resolve(ExtractConfig, file=config, assignments=set_ or (), flags=flags)
    if dry_run:
        stage.describe(settings)
        return
    from agentprop.stages import extract

    summary = extract.run(settings, out, fresh=fresh, quiet=quiet)
    stage.present(summary, out, as_json=json, quiet=quiet)


epilog = options.further(ExtractConfig, command)
