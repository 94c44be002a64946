"""A claim, that a question has a certain answer, with what its row gives to show it; and what a route finds of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from agentprop.grading.judgement import Value
from agentprop.grading.program_tests import ProgramTests
from agentprop.records import Evidence, Problem
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package


@dataclass(frozen=True)
class Claim:
    """What a row says besides its statement."""

    question: str
    """The question as the row has it, without options and notes."""
    gold: str = ""
    """The final answer as the row has it; of options the text of the right one."""
    named: bool = True
    """Whether the row says that this is its answer."""
    programs: tuple[str, ...] = ()
    """Texts of the row that may be programs which compute the answer."""
    tests: ProgramTests | None = None
    """Tests of a program that are not data in agentprop's own form."""
    references: tuple[str, ...] = ()
    """The row's own programs, one of which must pass."""
    options: tuple[str, ...] = ()
    """Texts of the options of a multiple-choice question."""
    lacks: str = ""
    """What is needed beside the text and is not there: a `figure` that is spoken of, the `options`."""


@dataclass(frozen=True)
class RouteFinding:
    """What one route found of a claim."""

    value: Value
    """For it, against it, or neither."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    answer: str | None = None
    """The answer that the route computed."""
    evidence: Evidence = "none"
    """What a finding for it rests on."""
    isolation: str = ""
    """Sandbox level, if code ran."""


class Means(NamedTuple):
    """What routes work with."""

    library: Mapping[str, Package]
    """Name → package."""
    tools: Mapping[str, str]
    """Modules that code in the sandbox may import."""
    executor: Executor
    """Where code runs."""


ClaimRoute = Callable[[Problem, Claim, Means], Awaitable[RouteFinding | None]]
"""A way to find something out about a claim; None if it does not apply to it."""


def undecided(code: str, message: str, isolation: str = "") -> RouteFinding:
    """A finding that says nothing of the claim."""
    return RouteFinding("undetermined", code, message, isolation=isolation)
