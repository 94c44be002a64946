"""A fault of a problem's row, and the signature of a check that finds one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agentprop.grading.claims import Claim
from agentprop.records import Problem


class LintFault(NamedTuple):
    """What is wrong with a row."""

    name: str
    """Name of the check, which is the reason code."""
    message: str
    """What is wrong, in a sentence."""


Lint = Callable[[Problem, Claim], str | None]
"""What is wrong, in a sentence; None if the check finds nothing."""
