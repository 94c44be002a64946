"""The skills a stage works with: bundled ones, those the user names, and those a run or a pipe brings along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentprop.errors import SkillError
from agentprop.records import Skill, content_id
from agentprop.skills import Package, load, parse


def gather(paths: Sequence[str], *, bundled: bool) -> dict[str, Package]:
    """The library of a run. Raises SkillError where there is nothing to compose."""
    library = load([Path(p) for p in paths], bundled=bundled)
    if not library:
        raise SkillError("there are no skills to work with", hint="drop --no-bundled-skills, or give --skills DIR")
    return library


def completed(library: dict[str, Package], records: Iterable[Skill]) -> dict[str, Package]:
    """The library with the packages of records added. A name both know stays the library's where the content agrees.

    A record whose content differs from the package known by that name takes its place: it is what the problem was
    made from.
    """
    out = dict(library)
    for record in records:
        known = out.get(record.name)
        if known is None or known.id != record.id:
            out[record.name] = parse(record.skill_md, record.script, _origin(record))
    return out


def _origin(record: Skill) -> Any:
    return "user" if record.origin == "bundled" else record.origin


def fingerprint(library: Mapping[str, Package]) -> str:
    """Hash of every package: two runs with the same one worked with the same skills."""
    return content_id(sorted(package.id for package in library.values()))
