"""The skills that a stage works with: bundled ones, those named by the user, and those stored in a run or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentprop.errors import SkillError
from agentprop.records import Skill, content_id
from agentprop.skills import Package, load, parse


def gather(paths: Sequence[str], *, bundled: bool) -> dict[str, Package]:
    """Load the library of a run. Raises SkillError if it is empty."""
    library = load([Path(p) for p in paths], bundled=bundled)
    if not library:
        raise SkillError("there are no skills to work with", hint="drop --no-bundled-skills, or give --skills DIR")
    return library


def completed(library: dict[str, Package], records: Iterable[Skill]) -> dict[str, Package]:
    """Add the packages of records to a library.

    A record replaces a package of the same name if their contents differ, because the problem was made from the record.
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
    """Hash of all packages: runs with equal hashes worked with the same skills."""
    return content_id(sorted(package.id for package in library.values()))
