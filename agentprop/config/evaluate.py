"""Settings of the evaluation of a model on a benchmark."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

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

    reply_field: str | None = None
    """Field of replies that a model gave before, to be graded instead of asking one: a text, a list of texts, a
    conversation or a server's answer. Rows that ask the same put theirs together."""
    model: Annotated[str | None, Field(validate_default=True)] = None
    """MODEL to evaluate; null only where `reply_field` says which replies are graded."""
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

    @field_validator("model")
    @classmethod
    def _one_of_two(cls, model: str | None, others: ValidationInfo) -> str | None:
        """Replies come from a model, or from a field."""
        recorded = others.data.get("reply_field") is not None
        if model is None and not recorded:
            raise PydanticCustomError("missing", "is not set")
        if model is not None and recorded:
            raise PydanticCustomError("model", "must be left out where reply_field is given")
        return model
