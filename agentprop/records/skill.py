"""Where a skill came from, and the skill package itself with the text of its files."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Domain, Evidence, MadeBy, Part, Record


class Span(Part):
    """Where in a corpus something came from."""

    document: str
    """Document id: `<file name>#<index>`."""
    start: int
    """First character of the span in the document's text."""
    end: int
    """One past the last character."""
    sha: str = ""
    """Hash of the document's text."""


class Skill(Record):
    """A skill package k = ⟨ι, μ, δ, τ⟩ with the text of its files."""

    kind: ClassVar[str] = "skill"
    identity: ClassVar[tuple[str, ...]] = ("skill_md", "script")

    name: str
    """Directory name, unique in a library."""
    description: str
    """What it does and when to use it."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """The curriculum's unit, e.g. number-theory."""
    intent: str = ""
    """ι: the reasoning it exercises."""
    method: str = ""
    """μ: how a problem is built with it."""
    effect: str = ""
    """δ: its effect on difficulty."""
    tool: str = ""
    """τ: how code confirms it."""
    skill_md: str
    """The whole SKILL.md."""
    script: str | None = None
    """scripts/skill.py, or None for a package without scripts."""
    origin: Literal["bundled", "mined", "teacher", "user"] = "user"
    """Where the package came from."""
    evidence: Evidence = "independent"
    """What the check of this skill is worth: an independent algorithm, or only self-consistency."""
    quality: float | None = None
    """r(k) in [0, 1] for extracted skills."""
    quality_parts: str | None = None
    """The parts r(k) is made of, JSON."""
    lineage: tuple[Span, ...] = ()
    """Corpus spans it was extracted from."""
    made_by: MadeBy = MadeBy()
    """Who made it."""
