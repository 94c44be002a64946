"""Item numbers → problems, each a fixed function of (seed, settings, library, version, mastery).

Item i is the first success among the candidates i·STRIDE, i·STRIDE + 1, … so it can be made alone and by anybody, and
no other item changes it. All is made in this process: the code of skills runs in a sandbox, whose processes are
executed, not forked from this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from agentprop.agent.candidates import Candidate, CandidateMaker
from agentprop.agent.curriculum import MasteryState
from agentprop.agent.sources import own_sources
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError, RunError
from agentprop.records import Problem, StopReason
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common.library import gather
from agentprop.stages.common.plan import Plan, plan_and_planner, plan_of

STRIDE = 1 << 10
"""Candidate numbers that belong to an item."""
GROUPS = 2
"""Groups of items that take turns with the sandbox."""
TRIES = 50
"""Candidates of one item before it is given up: about one in ten fails, so this many in a row mean that all do."""


@dataclass(frozen=True)
class ItemMaker:
    """Makes items in the calling thread, which must not run an event loop; one thread at a time."""

    plan: Plan
    """The library, the settings and the categories."""
    sandbox: Sandbox
    """Where the code of skills runs."""
    maker: CandidateMaker
    """Makes the candidates."""
    compiles: bool = False
    """The sandbox compiles the library once for all its processes."""

    @classmethod
    def open(cls, config: ProposeConfig, plan: Plan | None = None, *, solutions: bool = False) -> ItemMaker:
        """Load the library, while the sandbox starts, or use a plan that was made before.

        Problems get solutions in words only with `solutions`: nobody sees them in an item, and they cost a tenth of it.

        Raises ConfigError, SkillError or SandboxUnavailable.
        """
        sandbox = Sandbox(preload=(), slots=1, allow_weak=config.allow_weak_sandbox)
        try:
            with ThreadPoolExecutor(1, "agentprop-sandbox") as beside:
                started = beside.submit(lambda: sandbox.isolation)
                if plan is None:
                    plan, planner = plan_and_planner(config, _library(config), sandbox)
                else:
                    planner = plan.planner()
                started.result()
        except BaseException:
            sandbox.close()
            raise
        rules = replace(plan.rules, solutions=solutions)
        maker = CandidateMaker(planner, plan.curriculum, Executor(sandbox), rules, config.seed, plan.judges)
        return cls(plan, sandbox, maker)

    def items(self, numbers: Sequence[int], state: MasteryState) -> dict[int, Problem]:
        """Make the items of these numbers, by number. Raises RunError if an item could not be finished."""
        return asyncio.run(self._items(numbers, state))

    def compiled(self) -> ItemMaker:
        """The same with a sandbox of its own that compiles the library once, which pays for many items."""
        sources = own_sources(self.maker.planner.library)
        sandbox = Sandbox(preload=(), slots=1, sources=sources, allow_weak=self.plan.config.allow_weak_sandbox)
        self.sandbox.close()
        return replace(self, sandbox=sandbox, maker=replace(self.maker, executor=Executor(sandbox)), compiles=True)

    async def _items(self, numbers: Sequence[int], state: MasteryState) -> dict[int, Problem]:
        """Make items in two groups: while the sandbox runs the code of one, this thread works on the other.

        Those of a group advance together, so that the next candidate of one does not wait for all others.
        """
        probabilities = self.plan.curriculum.probabilities(state)
        makers = [replace(self.maker, executor=Executor(self.sandbox, beside=True)) for _ in range(GROUPS)]
        work = (_item(makers[k % GROUPS], number, probabilities) for k, number in enumerate(numbers))
        return dict(zip(numbers, await asyncio.gather(*work), strict=True))


async def _item(maker: CandidateMaker, number: int, probabilities: list[float]) -> Problem:
    for attempt in range(TRIES):
        found = await _candidate(maker, number * STRIDE + attempt, probabilities)
        if found.problem is not None and found.success and not found.unreadable:
            return found.problem
    raise ConfigError(
        f"none of {TRIES} candidates for item {number} became a problem",
        hint="allow more skills or categories; `agentprop propose` with the same settings says what fails",
    )


async def _candidate(maker: CandidateMaker, index: int, probabilities: list[float]) -> Candidate:
    """One candidate; one that fails by no fault of its own is tried again, for skipping it makes another item."""
    candidate = await maker.candidate(index, probabilities)
    if not _finished(candidate):
        candidate = await maker.candidate(index, probabilities)
    if _finished(candidate):
        return candidate
    why = candidate.failure.message if candidate.failure else "the sandbox could not run its code"
    raise RunError(f"candidate {index} could not be finished: {why}", hint="ask for the item again")


def library_and_plan(config: ProposeConfig, sandbox: Sandbox) -> Plan:
    """Load the library and make the plan. Raises ConfigError, SkillError."""
    return plan_of(config, _library(config), sandbox)


def _library(config: ProposeConfig) -> dict[str, Package]:
    return gather(config.skills, bundled=config.bundled_skills)


def _finished(candidate: Candidate) -> bool:
    """True if whether it succeeded says something about the candidate, and not about this machine."""
    stop = candidate.trajectory.stop if candidate.trajectory is not None else None
    return candidate.failure is None and stop is not StopReason.TOOL_FAILURE
