"""`agentprop push RUN REPO`: a finished run → a data set on the Hugging Face Hub, once somebody has said yes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli.lookup import kind_of
from agentprop.cli.shared import present, print_summary
from agentprop.errors import InputError


def command(
    run: Annotated[str, typer.Argument(help="Run directory of a finished run.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Data set repository on the hub.")],
    records: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=completion.record_kinds,
            help="Kind of records to push: problems, trajectories, …; may be repeated.",
            show_default="all that the run holds",
        ),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    licence: Annotated[
        str | None,
        typer.Option("--licence", "--license", metavar="ID", help="Licence of the data, such as cc-by-4.0."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the statements.")] = "en",
    with_paths: Annotated[
        bool, typer.Option("--with-paths", help="Push records even if they name paths of this machine.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the card, and send nothing.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Push a run to the Hugging Face Hub, as a data set with a card.

    Only the records and the card are sent: no logs, no replies of models, no caches. It asks before it sends anything.
    The same command goes on after an interruption, and updates the data set after the run has grown.
    """
    from agentprop.stages.push import run as pushing

    chosen = pushing.PushOptions(
        repository=repository,
        kinds=tuple(kind_of(name) for name in records or ()),
        private=private,
        licence=licence,
        language=language,
        with_paths=with_paths,
    )
    made = pushing.plan(run, chosen)
    if dry_run:
        print(made.card, end="")
        return
    if not yes:
        _ask(
            {"to be pushed": made.summary(chosen), "private": private, "licence": licence or "none stated"}, repository
        )
    summary = pushing.push(made, chosen)
    present(summary, f"https://huggingface.co/datasets/{repository}", as_json=json, quiet=quiet)


def _ask(what: dict[str, object], repository: str) -> None:
    """Show what would be sent, and ask. Raises InputError where nobody can answer, and typer.Exit for a no."""
    if not sys.stdin.isatty():
        raise InputError("nobody is there to confirm the push", hint="look at --dry-run, then add --yes")
    print_summary(what)
    if not typer.confirm(f"Push this to {repository}?", err=True):
        raise typer.Exit(1)
