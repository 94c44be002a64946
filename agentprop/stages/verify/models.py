"""Problems → verdicts of language models, with many problems under way at once in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from agentprop.engine.rolling import ordered_rolling
from agentprop.stages.common.feed import ThreadedSource
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import JudgedProblem
from agentprop.stages.common.panel import Panel

BATCH = 8
"""Problems committed together."""
WINDOW = 64
"""Fewest batches under way; a slow problem holds up the commits after it, not the use of the servers."""


@dataclass(frozen=True)
class PanelRun:
    """A panel that judges many problems at once."""

    panel: Panel

    def results(
        self, items: Iterator[ProblemItem], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[JudgedProblem]]:
        """Yield the judged problems, in order."""
        source = ThreadedSource(items)
        concurrency = self.panel.models.concurrency

        async def next_one() -> JudgedProblem | None:
            item = await source.take()
            return None if item is None else await self.panel.judge(item)

        try:
            for found in ordered_rolling(
                lambda size: [next_one] * size,
                repeat(BATCH),
                concurrency=concurrency,
                window=max(WINDOW, 2 * concurrency // BATCH),
                stop=stop,
                idle=idle,
                close=self.panel.models.aclose,
            ):
                yield [judged for judged in found if judged is not None]
                if found[-1] is None:
                    self.panel.models.check_answered()
                    return
        finally:
            source.close()

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """What was asked and what it cost."""
        totals = {name: counts[name] for name in ("attempts", "failed attempts", "reused", "audited")}
        return {**totals, "spending": self.panel.models.spending(counts["valid"], counts["problems"])}
