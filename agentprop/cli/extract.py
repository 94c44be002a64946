"""`agentprop extract`: settings → the extract stage."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage
from agentprop.cli.streams import check_stream
from agentprop.config import ExtractConfig

KINDS = "Files, patterns or directories: .jsonl .json .parquet .csv .md .txt .tex, plain or .gz."


@stage.shares
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
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    shared: stage.Shared,
) -> None:
    """Mine corpora for skills.

    Worked solutions become parametric skills, reference programs become coding skills; each is tried in the sandbox
    and scored. With a model as the teacher, any text will do. The same command resumes an unfinished run.
    """
    flags = {
        "sources": sources or None,
        "teacher": teacher,
        "min_quality": min_quality,
        "question_field": question_field,
        "answer_field": answer_field,
        "solution_field": solution_field,
        "limit": limit,
        "workers": workers,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    check_stream(out, what="skills")
    settings = shared.settings(ExtractConfig, flags)
    if shared.only_shows(settings):
        return
    from agentprop.stages.extract import run as extract

    shared.present(extract.run(settings, out, fresh=shared.fresh, quiet=shared.quiet), out)


epilog = options.further(ExtractConfig, command)
