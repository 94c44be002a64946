"""`agentprop skills new NAME`: a small working package to start from."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from agentprop.errors import InputError, RunError
from agentprop.skills import NAME, bundled_directory, directories, read
from agentprop.storage.durable import disk_errors

TEMPLATE = {"SKILL.md": "SKILL.md", "scripts/skill.py": "skill.py"}
"""File of the package → its template."""


def command(
    name: Annotated[str, typer.Argument(help="Name of the package: a-z, 0-9 and single hyphens.")],
    directory: Annotated[
        str, typer.Option("--dir", help="Directory in which the package's directory is created.")
    ] = ".",
    category: Annotated[str | None, typer.Option(help="Category of the skill.", show_default="from its name")] = None,
    domain: Annotated[
        str | None, typer.Option(help="Domain of the skill.", show_default="that of the category")
    ] = None,
) -> None:
    """Create a small working package to start from."""
    if not NAME.fullmatch(name) or len(name) > 64:
        raise InputError(
            f"{name!r} cannot be the name of a package", hint="use 1 to 64 characters of a-z, 0-9 and single hyphens"
        )
    known = known_categories()
    category = category or _category_of(name, known)
    domain = domain or known.get(category, "mathematics")
    if domain not in ("mathematics", "coding", "science") or not NAME.fullmatch(category):
        raise InputError(
            f"there is no domain {domain} or category {category}", hint="use mathematics, coding or science"
        )
    root = Path(directory) / name
    if root.exists():
        raise InputError(f"{root} exists already", hint="choose another name")
    try:
        for target, text in scaffold(name, category, domain).items():
            with disk_errors(root / target):
                (root / target).parent.mkdir(parents=True, exist_ok=True)
                (root / target).write_text(text, encoding="utf-8")
    except RunError:
        shutil.rmtree(root, ignore_errors=True)  # half a package would be in the way of the next try
        raise
    print(root)
    typer.echo(f"edit it, then run: agentprop skills validate {root}", err=True)


def known_categories() -> dict[str, str]:
    """Categories of the bundled library and their domains."""
    packages = (read(path)[0] for path in directories(bundled_directory()))
    return {package.spec.category: package.spec.domain for package in packages if package is not None}


def _category_of(name: str, known: dict[str, str]) -> str:
    fitting = [category for category in known if name.startswith(f"{category}-")]
    return max(fitting, key=len, default=name.partition("-")[0])


def scaffold(name: str, category: str, domain: str) -> dict[str, str]:
    """Fill in the files of a new package, by their names."""
    template = files("agentprop.cli.skills").joinpath("template")
    words = {"@NAME@": name, "@CATEGORY@": category, "@DOMAIN@": domain}
    texts = {}
    for target, source in TEMPLATE.items():
        text = template.joinpath(source).read_text(encoding="utf-8")
        for hole, word in words.items():
            text = text.replace(hole, word)
        texts[target] = text
    return texts
