"""Settings of the stage that measures difficulty."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import BandText, StageConfig
from agentprop.config.parts import (
    Attempts,
    Budget,
    CorpusSettings,
    Limited,
    Partitioned,
    Placed,
    ProbingSettings,
    PromptSettings,
    Scaffold,
)


class ProbeConfig(
    ProbingSettings,
    Attempts,
    PromptSettings,
    Scaffold,
    CorpusSettings,
    Limited,
    Partitioned,
    Placed,
    Budget,
    StageConfig,
):
    """Problems → difficulties."""

    stage: ClassVar[str] = "probe"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {"workers", "prompts", "k", "limit", "calibrate"}
    """Raising k or the limit keeps the attempts that were already made."""

    prober: Annotated[tuple[str, ...], Field(min_length=1)]
    """MODELs that attempt the problems, weakest first; the next one takes over when one solves too few."""
    band: BandText | None = None
    """LO..HI: stop attempting a problem as soon as it is clear whether its pass rate is in this range, and pass on only
    problems in the range; pass rates of problems stopped early are rough. Null makes all k attempts at every problem
    and passes all problems on."""
    calibrate: bool = False
    """Fit an estimate of the pass rate to what was measured, for `propose --difficulty rho:LO..HI`: calibration.json.
    It takes one prober, no band, and at least 150 problems with a declared difficulty."""

    @model_validator(mode="after")
    def _calibratable(self) -> Self:
        """A band stops attempts early, and several probers have several pass rates."""
        if self.calibrate and (len(self.prober) > 1 or self.band is not None or self.partitions > 1):
            raise PydanticCustomError("calibrate", "calibrate takes one prober, no band and no partitions")
        return self
