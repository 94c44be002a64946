"""What a rule looks at, what it is, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from agentprop.composition.terms import Term, from_json
from agentprop.records import Problem, TestCase

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Draft:
    """A statement, with as much as is known of its problem."""

    statement: str
    """The statement."""
    answer: str = ""
    """Its answer; empty if it is not known, which silences the rules about answers."""
    answer_type: str = ""
    """Kind of the answer."""
    domain: str = ""
    """Domain of the problem."""
    tests: Sequence[TestCase] = ()
    """Tests of a program."""
    composition: Term | None = None
    """The term that the statement expresses, if it was composed."""

    @classmethod
    def of(cls, problem: Problem) -> Draft:
        """The draft of a finished problem."""
        composition = problem.certificate.composition
        try:
            term = None if composition is None else from_json(composition)
        except ValueError:
            term = None
        return cls(problem.statement, problem.answer, problem.answer_type, problem.domain, problem.tests, term)

    @cached_property
    def prose(self) -> str:
        """The statement without its listings."""
        return re.sub(r"```.*?```", "", self.statement, flags=re.DOTALL)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences and lines of the prose."""
        parts = re.split(r"(?<=[.?!])\s+(?=[A-Z0-9$`])|\n", self.prose)
        return tuple(part for part in parts if part.strip())

    @cached_property
    def formulas(self) -> tuple[str, ...]:
        """What stands between dollars; none if the dollars are not even in number."""
        plain = self.prose.replace(r"\$", "")
        return () if plain.count("$") % 2 else tuple(re.findall(r"\$([^$]+)\$", plain))

    @cached_property
    def words(self) -> str:
        """The prose with a placeholder for every formula that is more than a number."""
        plain = self.prose.replace(r"\$", "")
        return re.sub(r"\$([^$]*)\$", lambda found: found[1] if re.fullmatch(r"-?\d+", found[1]) else "#", plain)


class Rule(NamedTuple):
    """A rule of statements."""

    severity: Severity
    """Whether a statement with a finding is refused, or only noted."""
    find: Callable[[Draft], Iterator[str]]
    """Yields the evidence of each finding, quoted from the statement."""


class Finding(NamedTuple):
    """What a rule found."""

    rule: str
    """Name of the rule."""
    severity: Severity
    """error or warning."""
    evidence: str
    """What is wrong, quoted."""

    def __str__(self) -> str:
        return f"{self.severity} {self.rule}: {self.evidence}"
