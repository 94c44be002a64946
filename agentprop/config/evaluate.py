"""Settings of the evaluation of a model on a benchmark."""

from __future__ import annotations

from typing import ClassVar

from agentprop.config.base import Count, StageConfig
from agentprop.config.parts import Attempts, Budget, CorpusSettings, Limited, Placed, PromptSettings, Scaffold


class EvaluateConfig(Attempts, PromptSettings, Scaffold, CorpusSettings, Limited, Placed, Budget, StageConfig):
    """A benchmark and a model → the accuracy of the model."""

    stage: ClassVar[str] = "evaluate"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {
        "workers",
        "prompts",
        "k",
        "limit",
        "by",
        "before",
        "trained_on",
    }
    """Raising k or the limit keeps the attempts that were already made."""

    model: str
    """MODEL to evaluate."""
    k: Count = 64
    """Number of attempts at each problem."""
    by: tuple[str, ...] | None = None
    """Columns to break the results down by; null means those named category, subject, domain, level, difficulty or
    split."""
    before: str | None = None
    """Evaluation of another model on the same benchmark, to compare with: problems kept, gained and lost, with the p of
    McNemar's exact test, and pass@k of both."""
    trained_on: tuple[str, ...] = ()
    """Runs whose valid problems the model was trained on, to tell the results on a run's problems apart by what is new
    in them: larger than any there (exploratory), skills that were never together (compositional), or nothing."""
    check_references: bool = True
    """Run each row's own reference program through its tests first; leave out the rows whose reference fails, and those
    whose tests pass anything."""
