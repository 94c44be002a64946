"""Item numbers → problems, each a fixed function of (seed, settings, library, version, mastery).

Item i is the first success among the candidates i·STRIDE, i·STRIDE + 1, … so it can be made alone and by anybody, and
no other item changes it. All is made in this process: the code of skills runs in a sandbox, whose processes are
executed, not forked from this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from agentprop.agent.candidates import Candidate, CandidateMaker, MasteryState
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

    @classmethod
    def open(cls, config: ProposeConfig, plan: Plan | None = None) -> ItemMaker:
        """Load the library, while the sandbox starts, or use a plan that was made before.

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
        maker = CandidateMaker(planner, plan.curriculum, Executor(sandbox), plan.rules, config.seed, plan.judges)
        return cls(plan, sandbox, maker)

    def items(self, numbers: Sequence[int], state: MasteryState) -> dict[int, Problem]:
        """Make the items of these numbers, by number. Raises RunError if an item could not be finished."""
        return asyncio.run(self._items(numbers, state))

    async def _items(self, numbers: Sequence[int], state: MasteryState) -> dict[int, Problem]:
        found: dict[int, Problem] = {}
        for attempt in range(TRIES):
            owed = [number for number in numbers if number not in found]
            if not owed:
                return found
            made = await self.maker.together((number * STRIDE + attempt for number in owed), state)
            for number, candidate in zip(owed, made, strict=True):
                sure = candidate if _finished(candidate) else await self._again(candidate.index, state)
                if sure.problem is not None and sure.success and not sure.unreadable:
                    found[number] = sure.problem
        lacking = min(set(numbers) - found.keys())
        raise ConfigError(
            f"none of {TRIES} candidates for item {lacking} became a problem",
            hint="allow more skills or categories; `agentprop propose` with the same settings says what fails",
        )

    async def _again(self, index: int, state: MasteryState) -> Candidate:
        """Try a candidate once more that failed by no fault of its own: skipping it would make another item of it."""
        (candidate,) = await self.maker.together((index,), state)
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
