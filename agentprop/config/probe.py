"""Settings of the measurement of difficulty."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import BandText, StageConfig
from agentprop.config.parts import Attempts, Budget, Limited, Probing


class ProbeConfig(Probing, Attempts, Limited, Budget, StageConfig):
    """Problems → difficulties."""

    stage: ClassVar[str] = "probe"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {"workers", "k", "limit"}
    """Attempts that were made stay made when more of them are asked for."""

    prober: Annotated[tuple[str, ...], Field(min_length=1)]
    """MODELs that try the problems, weak → strong: the next one takes over when one hardly solves anything."""
    band: BandText | None = None
    """LO..HI: stop trying a problem as soon as it is clear whether its pass rate is in there, and let only those that
    are pass; the rates of problems stopped early are rough. Null means all k attempts, and every problem passes."""
