"""A skill package in memory, and its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from agentprop.records import Skill, Span
from agentprop.skills.spec import Spec


@dataclass(frozen=True)
class Package:
    """A skill package in memory."""

    spec: Spec
    """Its frontmatter."""
    skill_md: str
    """The whole SKILL.md."""
    script: str | None
    """scripts/skill.py."""
    origin: Literal["bundled", "mined", "teacher", "user"] = "user"
    """Its origin."""

    @property
    def name(self) -> str:
        """Unique name."""
        return self.spec.name

    @property
    def executable(self) -> bool:
        """True if it can be composed and checked: it has a script and declares an output."""
        return self.script is not None and self.spec.output is not None

    @cached_property
    def module(self) -> str:
        """Name under which its script can be imported in the sandbox: `skills.<module>`."""
        return self.spec.name.replace("-", "_")

    @cached_property
    def id(self) -> str:
        """Content hash of its files."""
        return self.record().id

    def record(
        self, *, quality: float | None = None, quality_parts: str | None = None, lineage: Sequence[Span] = ()
    ) -> Skill:
        """Make the record that is stored."""
        s = self.spec
        return Skill(
            name=s.name,
            description=s.description,
            domain=s.domain,
            category=s.category,
            intent=s.intent,
            method=s.method,
            effect=s.effect,
            tool=s.tool,
            skill_md=self.skill_md,
            script=self.script,
            origin=self.origin,
            evidence=s.evidence,
            quality=quality,
            quality_parts=quality_parts,
            lineage=tuple(lineage),
        )
