"""Settings of the stage that measures difficulty."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import BandText, StageConfig
from agentprop.config.parts import (
    Attempts,
    Budget,
    CorpusSettings,
    Limited,
    Partitioned,
    ProbingSettings,
    PromptSettings,
    Scaffold,
)


class ProbeConfig(
    ProbingSettings, Attempts, PromptSettings, Scaffold, CorpusSettings, Limited, Partitioned, Budget, StageConfig
):
    """Problems → difficulties."""

    stage: ClassVar[str] = "probe"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {"workers", "prompts", "k", "limit"}
    """Raising k or the limit keeps the attempts that were already made."""

    prober: Annotated[tuple[str, ...], Field(min_length=1)]
    """MODELs that attempt the problems, weakest first; the next one takes over when one solves too few."""
    band: BandText | None = None
    """LO..HI: stop attempting a problem as soon as it is clear whether its pass rate is in this range, and pass on only
    problems in the range; pass rates of problems stopped early are rough. Null makes all k attempts at every problem
    and passes all problems on."""
