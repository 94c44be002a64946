"""`agentprop lint SOURCE...`: problems → findings in their English and notation; exit code 1 for errors."""

from __future__ import annotations

import json as json_
import sys
from collections import Counter
from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage
from agentprop.composition.lint import RULES, Draft, Finding, findings
from agentprop.records import Problem


@stage.reads_files
def command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help=options.SOURCES)],
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="NAME", help="Check this rule alone; may be repeated.")
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Leave out warnings.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    *,
    layout: stage.LayoutOptions,
) -> None:
    """Check the English, notation and promised form of answer of problems, without solving them.

    Findings are errors, which the built-in proposer never submits, or warnings about style. They are JSON lines if
    stdout is no terminal. The exit code is 1 if a statement has an error, or if rows could not be read as problems.
    """
    from agentprop.stages.common.intake import open_intake

    for name in rule or ():
        _ = RULES[name]  # an unknown one is refused before anything is read
    intake = open_intake(sources, layout.settings(), stage="lint", traces=False, quiet=quiet)
    as_lines = json or not sys.stdout.isatty()
    problems, counts = 0, Counter[tuple[str, str]]()
    for item in intake.items:
        problems += 1
        found = findings(Draft.of(item.problem), rule)
        shown = [finding for finding in found if finding.severity == "error" or not errors]
        counts.update({(finding.severity, finding.rule) for finding in shown})
        for finding in shown:
            print(_line(item.problem, finding) if as_lines else f"{item.problem.id[:12]} {finding}")
    unread = intake.unreadable
    if not quiet:
        _summarise(problems, counts)
    if unread:
        more = f", and {len(unread) - 1:,} more" if len(unread) > 1 else ""
        print(f"not looked at: {unread[0].item} ({unread[0].message}){more}", file=sys.stderr)
    if unread or any(severity == "error" for severity, _ in counts):
        raise typer.Exit(1)


def _line(problem: Problem, finding: Finding) -> str:
    return json_.dumps({"problem_id": problem.id, **finding._asdict()}, ensure_ascii=False)


def _summarise(problems: int, counts: Counter[tuple[str, str]]) -> None:
    for (severity, name), count in sorted(counts.items()):
        print(f"{severity:8}{name:24}{count:7,} {_plural('problem', count)}", file=sys.stderr)
    found = f"{len(counts)} {_plural('rule', len(counts))} with findings" if counts else "no finding"
    print(f"{problems:,} {_plural('problem', problems)}, {found}", file=sys.stderr)


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
