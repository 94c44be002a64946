"""Scripts a teacher wrote → why each cannot be believed, or None: `solve` against `check` on random parameters.

The two meet in the sandbox, and every wording must give back the parameters it was written with. Each process that
tries scripts has a sandbox of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from agentprop.boundary import RecordFailure, contained
from agentprop.composition.validation import validate
from agentprop.errors import SkillError
from agentprop.extraction.teaching.package import package
from agentprop.extraction.teaching.proposals import Proposal
from agentprop.sandbox import Sandbox
from agentprop.skills import Package

_sandbox: Sandbox | None = None


@dataclass(frozen=True)
class TriedScript:
    """What became of a script."""

    fault: str | None
    """Why it is left out; None where it holds."""
    undecided: bool = False
    """Whether nothing is known against it: it could not be tried to the end."""
    failure: RecordFailure | None = None
    """What failed unexpectedly when it was tried."""

    @classmethod
    def of_failure(cls, failure: RecordFailure) -> TriedScript:
        """Return that a script could not be tried, by no fault of its own."""
        return cls(f"it could not be tried: {failure.message}", undecided=True, failure=failure)


def start(allow_weak: bool) -> None:
    """Give this process a sandbox; nothing runs in it before the first call."""
    global _sandbox  # one per process, set up once by the engine's initializer
    _sandbox = Sandbox(preload=("fractions",), allow_weak=allow_weak)


def try_scripts(proposals: Sequence[Proposal]) -> list[TriedScript]:
    """What is wrong with each executable part; one that fails is no other one's concern."""
    assert _sandbox is not None  # the engine ran start()
    return [contained(partial(try_script, one, _sandbox), TriedScript.of_failure) for one in proposals]


def try_script(proposal: Proposal, sandbox: Sandbox) -> TriedScript:
    """Every fault of the executable part, seen with and without running it."""
    try:
        made = package(proposal, scripted=True)
    except SkillError as error:
        return TriedScript(error.message)
    report = validate(made, sandbox)
    told = [*report.faults, *([report.undecided] if report.undecided and not report.faults else [])]
    return TriedScript("; ".join(told) or None, undecided=report.undecided is not None)


def wordings(package: Package) -> set[str]:
    """The wordings of a package with their holes emptied: two skills that share one give a statement two meanings."""
    texts = {wording.text for wording in package.spec.phrasings} | set(package.spec.value)
    return {re.sub(r"<\w+>", "<>", text) for text in texts}
