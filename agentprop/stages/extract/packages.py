"""Skill records → package directories."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agentprop.records import Skill
from agentprop.storage.durable import disk_errors


def unpack(skills: Iterable[Skill], root: Path) -> None:
    """Write each skill as a package directory; existing files with the same text are left untouched."""
    for skill in skills:
        for name, text in (("SKILL.md", skill.skill_md), ("scripts/skill.py", skill.script)):
            path = root / skill.name / name
            with disk_errors(path):
                if text is None or (path.exists() and path.read_bytes() == text.encode()):
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
