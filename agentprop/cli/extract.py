"""`agentprop extract`: settings → the extract stage, or what it would read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.streams import check_stream
from agentprop.config import ExtractConfig

SOURCES = (
    "Files, patterns, directories, .zip archives, or hf:OWNER/NAME. Read are .jsonl .ndjson .json .csv .tsv .parquet "
    ".arrow .feather .xml .html .md .txt .tex .pdf .docx, also with .gz .bz2 .xz .zst after them."
)


@stage.shares
@stage.reads_files
def command(
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE...", help=SOURCES, show_default=False)] = None,
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="Run directory to write; `-` streams records to stdout.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what would be taken for what, and three documents; write nothing.")
    ] = False,
    teacher: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.models_or_builtin,
            metavar="MODEL",
            help="Extractor: builtin, or a model.",
            show_default="builtin",
        ),
    ] = None,
    min_quality: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Reject skills of lower quality (r(k) of the paper).", show_default="0.6"),
    ] = None,
    audit_gold: Annotated[
        bool | None, typer.Option("--audit-gold", help="Report answers of the corpus that two routes contradict.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most so many documents.")] = None,
    workers: options.Workers = None,
    partitions: options.Partitions = None,
    partition: options.Partition = None,
    engine: options.Engine = None,
    address: options.Address = None,
    temperature: options.Temperature = None,
    reply_tokens: options.ReplyTokens = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    prompts: options.Prompts = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    layout: stage.LayoutOptions,
    shared: stage.Shared,
) -> None:
    """Mine corpora for skills.

    Worked solutions become parametric skills, reference programs become coding skills; each is tried in the sandbox
    and scored. A model as the teacher can work from any text. The same command resumes an unfinished run.
    """
    flags = {
        **layout.flags(),
        "sources": sources or None,
        "teacher": teacher,
        "min_quality": min_quality,
        "audit_gold": audit_gold,
        "limit": limit,
        "workers": workers,
        "partitions": partitions,
        "partition": partition,
        "engine": engine,
        "address": address,
        "temperature": temperature,
        "reply_tokens": reply_tokens,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "prompts": prompts,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    if out is not None:
        check_stream(out, what="skills")
    settings = shared.settings(ExtractConfig, flags)
    if explain:
        _explain(settings, as_json=shared.json)
        return
    if out is None:
        raise typer.BadParameter("say where to write the run, or give --explain", param_hint="'--out'")
    if shared.only_shows(settings, partial(_check, sources=settings.sources, out=out, fresh=shared.fresh)):
        return
    from agentprop.engine import on_engine
    from agentprop.stages.extract import run as extract
    from agentprop.stages.extract.notes import nothing_extracted, told

    with on_engine(settings.engine, settings.address):
        summary = extract.run(settings, out, fresh=shared.fresh, quiet=shared.quiet)
    shared.present(summary if shared.json else told(summary), out)
    nothing = nothing_extracted(summary)
    if nothing is not None:
        if shared.json:  # stdout holds one document, and it says why
            raise typer.Exit(nothing.exit_code)
        raise nothing


def _explain(settings: ExtractConfig, *, as_json: bool) -> None:
    """Print what would be read, for a person or as JSON."""
    from agentprop.extraction.corpus.explain import explain
    from agentprop.extraction.corpus.settings import reading_of, sources_of

    found = explain(sources_of(settings, settings.sources, "train"), reading_of(settings, "train"))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    """Layouts with what was taken for what, then documents part by part."""
    from agentprop.cli.shared import print_summary

    layouts, samples = found.pop("layouts", []), found.pop("samples", [])
    print_summary(found, to_stdout=True)
    for layout in layouts:
        print(f"\n{', '.join(layout['files'])}: {layout['kind']}")
        for part, where in layout["taken"].items():
            print(f"  {part} = {where}")
    for sample in samples:
        print(f"\n{sample.pop('id')}")
        for part, value in sample.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            print(f"  {part:<12} " + text.strip()[:SHOWN].replace("\n", "\n" + " " * 15))


SHOWN = 600
"""Characters of a part of a sample document that are shown."""


def _check(settings: ExtractConfig, *, sources: Sequence[str], out: str, fresh: bool) -> None:
    """Check all that can be checked without reading a record or asking a model."""
    from agentprop.stages.common.dry_run import check

    check(settings, sources, out, fresh=fresh)


epilog = options.further(ExtractConfig, command)
