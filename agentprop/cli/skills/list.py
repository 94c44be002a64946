"""`agentprop skills list`: the library as a table, as tab-separated lines in a pipe, or as JSON."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli.skills.library import library
from agentprop.errors import InputError
from agentprop.skills import Package


def command(
    domain: Annotated[
        str | None,
        typer.Option(autocompletion=completion.domains, help="Only this domain: mathematics, coding or science."),
    ] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    executable: Annotated[
        bool | None, typer.Option("--executable/--prose", help="Only packages with a script, or without.")
    ] = None,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    json: options.Json = False,
) -> None:
    """List the packages of the library."""
    packages = library(skills, bundled_skills).values()
    chosen = [
        package
        for package in packages
        if domain in (None, package.spec.domain)
        and category in (None, package.spec.category)
        and executable in (None, package.executable)
    ]
    if not chosen:
        domains, categories = ({getattr(p.spec, key) for p in packages} for key in ("domain", "category"))
        known = f"domains: {', '.join(sorted(domains))}; categories: {', '.join(sorted(categories))}"
        raise InputError("no skill matches", hint=known)
    if json:
        print(json_.dumps([_row(package) for package in chosen], ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(chosen)
    else:
        for package in chosen:
            print("\t".join(map(str, _row(package).values())))


def _row(package: Package) -> dict[str, str | None]:
    spec = package.spec
    return {
        "name": spec.name,
        "domain": spec.domain,
        "category": spec.category,
        "origin": package.origin,
        "evidence": spec.evidence if package.executable else None,
        "output": spec.output.kind if spec.output else None,
        "description": spec.description,
    }


def _print_table(packages: Iterable[Package]) -> None:
    from rich.table import Table

    from agentprop.cli.terminal import Terminal

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "output", "what it does"):
        table.add_column(heading, no_wrap=heading != "what it does")
    for package in packages:
        output = package.spec.output
        table.add_row(package.name, output.kind if output else "prose", package.spec.description.partition(". ")[0])
    Terminal().print(table, markup=False)
