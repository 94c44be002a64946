"""Scripts a teacher wrote → why each cannot be believed, or None: `solve` against `check` on random parameters.

The two meet in the sandbox, and every wording must give back the parameters it was written with. Each process that
tries scripts has a sandbox of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentprop.composition.validation import validate
from agentprop.errors import SkillError
from agentprop.extraction.teaching.package import package
from agentprop.extraction.teaching.proposals import Proposal
from agentprop.sandbox import Sandbox
from agentprop.skills import Package

_sandbox: Sandbox | None = None


def start(allow_weak: bool) -> None:
    """Give this process a sandbox; nothing runs in it before the first call."""
    global _sandbox  # one per process, set up once by the engine's initializer
    _sandbox = Sandbox(preload=("fractions",), allow_weak=allow_weak)


def script_faults(proposals: Sequence[Proposal]) -> list[str | None]:
    """What is wrong with each executable part."""
    assert _sandbox is not None  # the engine ran start()
    return [script_fault(proposal, _sandbox) for proposal in proposals]


def script_fault(proposal: Proposal, sandbox: Sandbox) -> str | None:
    """Every fault of the executable part, seen with and without running it."""
    try:
        made = package(proposal, scripted=True)
    except SkillError as error:
        return error.message
    return "; ".join(validate(made, sandbox).faults) or None


def wordings(package: Package) -> set[str]:
    """The wordings of a package with their holes emptied: two skills that share one give a statement two meanings."""
    texts = {wording.text for wording in package.spec.phrasings} | set(package.spec.value)
    return {re.sub(r"<\w+>", "<>", text) for text in texts}
