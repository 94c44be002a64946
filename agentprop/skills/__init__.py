"""skills/<name>/SKILL.md ↔ Spec: read, written and checked, every fault reported at once.

A package has three levels of disclosure: the frontmatter (discovery), the body of SKILL.md (read when the skill is
used), and `scripts/skill.py` (executed in the sandbox only). Nothing here executes a package.
"""

from __future__ import annotations

from agentprop.skills.faults import NAME, clashes
from agentprop.skills.frontmatter import split
from agentprop.skills.library import bundled_directory, directories, load
from agentprop.skills.package import OWN_CODE, Package, origin_of, sources_of
from agentprop.skills.reading import parse, read, read_texts
from agentprop.skills.spec import Judged, Output, OutputKind, Spec, Wording
from agentprop.skills.wordings import Hole, holes, segments, tellings, worded

__all__ = [
    "NAME",
    "OWN_CODE",
    "Hole",
    "Judged",
    "Output",
    "OutputKind",
    "Package",
    "Spec",
    "Wording",
    "bundled_directory",
    "clashes",
    "directories",
    "holes",
    "load",
    "origin_of",
    "parse",
    "read",
    "read_texts",
    "segments",
    "sources_of",
    "split",
    "tellings",
    "worded",
]
