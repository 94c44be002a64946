"""Settings of the evaluation of a model on a benchmark."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import Count, Positive
from agentprop.config.corpus import CorpusConfig


class EvaluateConfig(CorpusConfig):
    """A benchmark and a model → how good the model is."""

    stage: ClassVar[str] = "evaluate"
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers", "k", "limit", "by", "max_tokens", "max_cost"})
    """Attempts that were made stay made when more of them are asked for."""

    model: str
    """MODEL that is evaluated."""
    k: Count = 64
    """Attempts at each problem."""
    by: tuple[str, ...] | None = None
    """Columns whose values are reported apart; null means those called category, subject, domain, level, difficulty or
    split."""
    limit: Count | None = None
    """Ask at most so many problems, the first ones; null means all."""
    temperature: Annotated[float, Field(ge=0)] = 0.6
    """Temperature of every attempt; 0 needs k = 1."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Nucleus of every attempt."""
    reply_tokens: Count | None = None
    """Most tokens of an attempt, reasoning included; null leaves it to the model's settings."""
    max_tokens: Count | None = None
    """Stop after so many tokens of language models."""
    max_cost: Positive | None = None
    """Stop after so much money, in the currency of the models' prices."""
