"""A skill package in memory, and its record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from agentprop.records import Skill, Span
from agentprop.skills.harmless import can_only_compute
from agentprop.skills.shared import shared
from agentprop.skills.spec import Spec

OWN_CODE = "agentprop"
"""Origin of code that is agentprop's own: the bundled library and what is composed of it."""


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
    suite: str | None = None
    """assets/suite.json, the tests of a family's problems."""

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
    def sources(self) -> dict[str, str]:
        """What the sandbox is given of it, by the name of the module: its script, and what that imports of ours."""
        return {f"skills.{self.module}": self.script or "", **shared(self.script)}

    @cached_property
    def author(self) -> str | None:
        """Whose code the script is: None where it may share a process with agentprop's own, because it is, or because
        it can do nothing but compute; else the package itself, since nobody knows who else's hand is in it."""
        if self.origin == "bundled" or self.script is None or can_only_compute(self.script):
            return None
        return self.id

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


def sources_of(packages: Iterable[Package]) -> dict[str, str]:
    """What the sandbox is given of packages, by the name of the module."""
    return {module: source for package in packages for module, source in package.sources.items()}


def origin_of(packages: Iterable[Package]) -> str:
    """The origin of code that agentprop composes of packages: jobs of one origin may share a process in the sandbox.

    Code with somebody else's hand in it shares one only with code of exactly the same hands.
    """
    return " ".join([OWN_CODE, *sorted({package.author for package in packages if package.author is not None})])
