"""Texts, a directory or a library of directories → packages, every fault reported at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from agentprop.errors import SkillError
from agentprop.skills.faults import faults
from agentprop.skills.frontmatter import load_yaml, split
from agentprop.skills.package import Package
from agentprop.skills.spec import Spec

MAX_FILE_BYTES = 256 * 1024


def parse(skill_md: str, script: str | None, origin: str = "user") -> Package:
    """Parse two texts into a package. Raises SkillError that names every fault."""
    package, found = read_texts(skill_md, script, origin)
    if package is None or found:
        raise SkillError("; ".join(found), hint="`agentprop skills validate` lists the faults of every package")
    return package


def read_texts(
    skill_md: str, script: str | None, origin: str, *, checked: bool = True
) -> tuple[Package | None, list[str]]:
    """Read two texts → (package, faults); the package is None if nothing usable could be read.

    Without `checked` only such faults are found for which there is no package.
    """
    try:
        front, _ = split(skill_md)
        raw = load_yaml(front)
    except (SkillError, yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        return None, [f"frontmatter: {' '.join(str(error).split())}"]
    if not isinstance(raw, dict):
        return None, ["frontmatter: not a mapping"]
    metadata = raw.pop("metadata", None) or {}
    if not isinstance(metadata, dict):
        return None, ["metadata: not a mapping"]
    extra = {k: raw.pop(k) for k in ("compatibility", "allowed-tools") if k in raw}
    found = [f"{k}: not text" for k, v in extra.items() if not isinstance(v, str)]
    try:
        spec = Spec.model_validate({**metadata, **raw})
    except ValidationError as error:
        return None, found + [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    package = Package(spec, skill_md, script, cast(Any, origin))
    return package, found + (faults(package) if checked else [])


def read(directory: Path, origin: str = "user", *, checked: bool = True) -> tuple[Package | None, list[str]]:
    """Read a package directory → (package, faults), likewise."""
    try:
        skill_md = _text(directory / "SKILL.md")
        script_path = directory / "scripts" / "skill.py"
        script = _text(script_path) if script_path.exists() else None
        suite_path = directory / "assets" / "suite.json"
        suite = _text(suite_path) if suite_path.exists() else None
    except SkillError as error:
        return None, [error.message]
    package, found = read_texts(skill_md, script, origin, checked=checked)
    if package is not None and suite is not None:
        package = replace(package, suite=suite)
    if package is not None and package.name != directory.name:
        found = [f"name: {package.name!r} differs from its directory {directory.name!r}", *found]
    return package, found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SkillError(f"{path.name} is larger than {MAX_FILE_BYTES // 1024} KiB")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SkillError(f"{path.name} is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"{path.name} cannot be read: {error}") from None
