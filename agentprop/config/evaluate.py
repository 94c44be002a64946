"""Settings of the evaluation of a model on a benchmark."""

from __future__ import annotations

from typing import ClassVar

from agentprop.config.base import Count, StageConfig
from agentprop.config.parts import Attempts, Budget, Columns, Limited


class EvaluateConfig(Attempts, Columns, Limited, Budget, StageConfig):
    """A benchmark and a model → how good the model is."""

    stage: ClassVar[str] = "evaluate"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {"workers", "k", "limit", "by"}
    """Attempts that were made stay made when more of them are asked for."""

    model: str
    """MODEL that is evaluated."""
    k: Count = 64
    """Attempts at each problem."""
    by: tuple[str, ...] | None = None
    """Columns whose values are reported apart; null means those called category, subject, domain, level, difficulty or
    split."""
    check_references: bool = True
    """Run each row's own reference program through its tests first; leave out the rows whose reference fails, and those
    whose tests pass anything."""
