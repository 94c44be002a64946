"""Paths and names typed by the user → packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from agentprop.errors import InputError
from agentprop.skills import Package, load


def library(paths: Sequence[str] | None, bundled: bool | None) -> dict[str, Package]:
    """Load the bundled library with the packages below the paths."""
    return load([Path(path) for path in paths or ()], bundled=bundled is not False)


def pick(packages: Mapping[str, Package], name: str) -> Package:
    """Pick a package by its name. Raises InputError with the names that come close."""
    if name in packages:
        return packages[name]
    near = get_close_matches(name, packages, 3, 0.5) or [known for known in packages if name in known][:3]
    hint = f"did you mean {', '.join(near)}?" if near else "`agentprop skills list` lists them"
    raise InputError(f"there is no skill {name}", hint=hint)
