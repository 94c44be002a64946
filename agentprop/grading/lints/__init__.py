"""Faults of a problem that its row itself shows, without solving it: the checks by name, and running them.

A check finds a fault only on evidence in the row. To add one, write a function of the signature `Lint` and name it in
`LINTS`, or in another package as an entry point of the group `agentprop.lints`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.grading.claims import Claim
from agentprop.grading.lints.fault import Lint, LintFault
from agentprop.plugins import Registry
from agentprop.records import Problem

__all__ = ["LINTS", "Lint", "LintFault", "first_fault"]

_CHECKS = "agentprop.grading.lints.checks"

LINTS: Registry[Lint] = Registry(
    "agentprop.lints",
    "lint check",
    {
        "empty-statement": f"{_CHECKS}:empty_statement",
        "needs-figure": f"{_CHECKS}:needs_figure",
        "needs-options": f"{_CHECKS}:needs_options",
        "repeated-options": f"{_CHECKS}:repeated_options",
        "tells-answer": f"{_CHECKS}:tells_answer",
        "unreadable-answer": f"{_CHECKS}:unreadable_answer",
    },
)


def first_fault(problem: Problem, claim: Claim, names: Sequence[str] | None = None) -> LintFault | None:
    """The first fault that one of the checks finds; None named means all of them. Raises ConfigError."""
    for name in LINTS.names() if names is None else names:
        message = LINTS[name](problem, claim)
        if message is not None:
            return LintFault(name, message)
    return None
