"""A problem's composition → attempts that no model made: a prober for experiments whose subject is another one.

`simulated:exp(-0.14*ops*digits)` gets an attempt right with probability p = e^(−c·ops·digits): `ops` are the steps of
the composition (skills applied, operators on their values), and `digits` the most digits of a value on the way or of
the answer. Attempts at a problem are independent draws, seeded by its id and their numbers. With c = 0.14:

    ops × digits     1×1   1×2   2×2   2×3   3×3   4×4
    p                .87   .76   .57   .43   .28   .11

It measures nothing about any model, so it is refused unless `allow_simulated` says otherwise, and its name, which every
attempt and difficulty carries, says what it is. A problem without a composition or a worked solution stays unmeasured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp
from random import Random

from agentprop import __version__
from agentprop.errors import ConfigError
from agentprop.grading.probers import Prober
from agentprop.models.chat import Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox import Sandbox

PREFIX = "simulated:"
NAME = re.compile(r"simulated:exp\(-(\d*\.?\d+)\*ops\*digits\)")


def is_simulated(name: str) -> bool:
    """Return True if a prober of this name is simulated."""
    return name.startswith(PREFIX)


def check_simulated(names: Iterable[str], *, allowed: bool) -> None:
    """Check the simulated probers among the names. Raises ConfigError for one that is unknown or not allowed."""
    for name in filter(is_simulated, names):
        if NAME.fullmatch(name) is None:
            hint = f"give {PREFIX}exp(-C*ops*digits), such as C = 0.14"
            raise ConfigError(f"unknown simulated prober {name}", hint=hint)
        if not allowed:
            raise ConfigError(
                f"{name} is simulated: it measures no model, and its pass rates would look as if it did",
                hint="name a model; for an experiment that wants a simulation, allow_simulated permits it",
            )


def probability(problem: Problem, c: float) -> float | None:
    """Return p = e^(−c·ops·digits) of a problem; None if it has no composition or no worked solution to tell it by."""
    if problem.difficulty is None or problem.solution is None or problem.solution.left_out:
        return None
    values = (*problem.solution.values, problem.answer)
    digits = max(sum(character.isdigit() for character in value) for value in values)
    return exp(-c * problem.difficulty.features.steps * digits)


def succeeds(problem: Problem, number: int, p: float) -> bool:
    """Draw attempt `number` at a problem: the same in every session."""
    return Random(f"{problem.id}/{number}").random() < p


def pass_rate(problem: Problem, c: float, k: int) -> float | None:
    """Return ρ of k attempts, as a probe by this prober finds it; None for a problem that stays unmeasured."""
    p = probability(problem, c)
    return None if p is None else sum(succeeds(problem, number, p) for number in range(k)) / k


@dataclass(frozen=True)
class SimulatedProber(Prober):
    """Prober whose attempts are drawn."""

    c: float = 0.14
    """Rate at which work costs success."""

    async def attempts(self, problem: Problem, start: int, count: int) -> list[Attempt]:
        """Draw the attempts start … start + count − 1."""
        p = probability(problem, self.c)
        return [self._drawn(problem, number, p) for number in range(start, start + count)]

    def _drawn(self, problem: Problem, number: int, p: float | None) -> Attempt:
        vote = None if p is None else succeeds(problem, number, p)
        code = "undetermined" if vote is None else "correct" if vote else "wrong"
        said = "no composition tells its difficulty" if p is None else f"drawn with p = {p:.4f}"
        return Attempt(
            problem_id=problem.id,
            role="prober",
            number=number,
            verifier=self.name,
            vote=vote,
            answer=None,
            code=code,
            rationale=f"simulated: {said}; no model was asked",
            made_by=self.made_by,
        )


@dataclass(frozen=True)
class Nobody:
    """Model behind a simulated prober: there is none."""

    identity: str

    async def reply(self, request: Request) -> Reply:
        """Fail. Raises ModelFailure."""
        raise ModelFailure(FailureKind.UNSUPPORTED, f"{self.identity} is no model")

    async def aclose(self) -> None:
        """Close nothing."""


def simulated_prober(name: str, sandbox: Sandbox) -> SimulatedProber:
    """Make the prober of a name that `check_simulated` has let pass."""
    found = NAME.fullmatch(name)
    assert found is not None  # checked with the settings
    made_by = MadeBy(name=name, version=__version__)
    return SimulatedProber(Nobody(name), name, Sampling(), made_by, sandbox, c=float(found[1]))
