"""A propose run that has just ended → one of its problems for a person to see, where it lies, and what to do next."""

from __future__ import annotations

import shlex
import textwrap

import typer

from agentprop.config import ProposeConfig
from agentprop.records import Problem
from agentprop.storage.reader import open_run
from agentprop.storage.stores import is_url

WIDTH = 88
"""Columns of the statement."""


def print_ending(out: str, config: ProposeConfig) -> None:
    """Print the first problem of a run, its place and three next commands to stderr; nothing if there is none."""
    run = open_run(out, warn=False)
    problem = next(run.iter(Problem), None)
    if problem is None:
        return
    typer.echo(err=True)
    typer.echo(typer.style(f"One of them, problem {problem.id}:", bold=True), err=True)
    for paragraph in problem.statement.splitlines():
        told = textwrap.fill(paragraph, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        typer.echo(told, err=True)
    typer.echo(f"  answer: {problem.answer}", err=True)
    shards = (shard.path for segment in run.segments for shard in segment.shards if shard.kind == Problem.kind)
    typer.echo(f"It lies in {run.name}/{next(shards)}. What to do next:\n", err=True)
    commands = next_commands(out, judged=_judged(config))
    width = max(len(command) for command, _ in commands)
    for command, does in commands:
        typer.echo(f"  {command:<{width}}  # {does}", err=True)


def _judged(config: ProposeConfig) -> bool:
    """True if every problem of the run was found valid."""
    return config.verifier != ("none",) and not config.keeps_undetermined


def next_commands(out: str, *, judged: bool) -> list[tuple[str, str]]:
    """Three commands, each with what it does; a run that nobody judged is verified before anything is exported."""
    place = shlex.quote(out)
    stem = out.rstrip("/")
    beside = shlex.quote(stem)
    here = shlex.quote(stem.rpartition("/")[2]) if is_url(out) else beside  # pages and exports are written to a disk
    export = (f"agentprop export {place} --format jsonl --out {here}.jsonl", "questions and answers, a line for each")
    verify = (f"agentprop verify {place} --out {beside}-verified", "judge them from their statements alone")
    return [
        (f"agentprop show {place} 0", "how it was made, step by step"),
        (f"agentprop report {place} --out {here}.html", "all of them in one page"),
        export if judged else verify,
    ]
