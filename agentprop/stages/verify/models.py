"""Problems → verdicts of language models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentprop.stages.common import panel_run
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import JudgedProblem
from agentprop.stages.common.panel import Panel


@dataclass(frozen=True)
class PanelRun:
    """A panel that judges many problems at once."""

    panel: Panel

    def results(
        self, items: Iterator[ProblemItem], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[JudgedProblem]]:
        """Yield the judged problems, in order."""
        return panel_run.in_order(self.panel, items, self.panel.judge, stop, idle)

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """What was asked and what it cost."""
        return panel_run.spending(self.panel, counts, counts["valid"], counts["problems"])
