"""A skill package with the text of its files, and the corpus spans that it comes from."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Domain, Evidence, MadeBy, Part, Record


class Span(Part):
    """A stretch of a corpus document."""

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
    """Its purpose and when to use it."""
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
    """Origin of the package."""
    evidence: Evidence = "independent"
    """Evidence that its check gives: an independent algorithm, or only self-consistency."""
    quality: float | None = None
    """r(k) in [0, 1] for extracted skills."""
    quality_parts: str | None = None
    """The parts of r(k), JSON."""
    lineage: tuple[Span, ...] = ()
    """Corpus spans it was extracted from."""
    made_by: MadeBy = MadeBy()
    """Its maker."""
