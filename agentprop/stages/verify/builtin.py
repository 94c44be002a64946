"""Problems → verdicts by the built-in verifier alone, on all cores.

Packages that the problems bring along are used where they differ from this library's, because they are what the
problems were made from; the evidence of such skills stays what it claims.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentprop import __version__
from agentprop.agent.candidates import tools
from agentprop.config import VerifyConfig
from agentprop.engine import WorkerDied, batched, ordered_map, usable_cores
from agentprop.grading import builtin_verifier as builtin
from agentprop.records import Attempt, MadeBy, Skill, Verdict
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, parse
from agentprop.stages.common.intake import Item, Judged

BATCH = 64
WINDOW = 8


@dataclass
class Builtin:
    """The built-in verifier with the packages it needs."""

    library: dict[str, Package]
    executor: Executor
    tools: dict[str, str] = field(default_factory=tools)
    made_by: MadeBy = field(default_factory=lambda: MadeBy(name=builtin.NAME, version=__version__))
    parsed: dict[str, Package] = field(default_factory=dict)

    async def records(self, item: Item) -> tuple[Attempt, Verdict]:
        """Its attempt, and what that is worth by itself."""
        library = self._library(item.skills) if item.skills else self.library
        judgement = await builtin.judge(item.problem, library, self.tools, self.executor)
        return judgement.records(item.problem, self.made_by)

    async def judge(self, item: Item) -> Judged:
        """Its verdict alone."""
        attempt, verdict = await self.records(item)
        return Judged(item, (attempt,), verdict)

    def _library(self, records: Sequence[Skill]) -> dict[str, Package]:
        found: dict[str, Package] = {}
        for record in records:
            known = self.library.get(record.name)
            if known is not None and known.id == record.id:
                found[record.name] = known
                continue
            if record.id not in self.parsed:
                self.parsed[record.id] = parse(record.skill_md, record.script)
            found[record.name] = self.parsed[record.id]
        return found

    async def judge_all(self, items: Sequence[Item]) -> list[Judged]:
        """A batch."""
        return list(await asyncio.gather(*map(self.judge, items)))


# --- in the worker ---

_worker: Builtin | None = None


def prepare(library: dict[str, Package], allow_weak: bool) -> None:
    """Set a worker process up with its own sandbox."""
    global _worker  # one per process, set up once by the engine's initializer
    _worker = Builtin(library, Executor(Sandbox(preload=(), slots=1, allow_weak=allow_weak)))


def judge(items: Sequence[Item]) -> list[Judged]:
    """Judge a batch."""
    assert _worker is not None  # the engine ran prepare()
    return asyncio.run(_worker.judge_all(items))


# --- in the stage ---


@dataclass(frozen=True)
class Workers:
    """Worker processes that judge batches."""

    config: VerifyConfig
    library: dict[str, Package]

    def results(
        self, items: Iterable[Item], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[Judged]]:
        """The judged problems, in order."""
        judged = ordered_map(
            judge,
            batched(items, BATCH),
            workers=self.config.workers or usable_cores(),
            window=WINDOW,
            initializer=prepare,
            initargs=(self.library, self.config.allow_weak_sandbox),
            stop=stop,
            idle=idle,
        )
        for result in judged:
            if isinstance(result, WorkerDied):
                raise RuntimeError(result.message)
            yield result

    def spending(self, counts: Any) -> dict[str, Any]:
        """The built-in verifier costs nothing."""
        return {}
