"""What the settings of every stage are made of."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Verifier = Literal["builtin", "none"]
Names = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    PlainSerializer(lambda names: names[0] if len(names) == 1 else list(names)),
]
"""One or more names; a single one may be written, and is stored, without a list."""

BAND = re.compile(r"(\d*\.?\d+)\.\.(\d*\.?\d+)")
"""LO..HI as decimals."""


def band_text(text: str) -> str:
    """The text of a band, checked."""
    ends = BAND.fullmatch(text.strip())
    if ends is None or not 0 <= float(ends[1]) <= float(ends[2]) <= 1:
        raise PydanticCustomError("band", "must be LO..HI with 0 ≤ LO ≤ HI ≤ 1, such as 0.2..0.8")
    return text.strip()


BandText = Annotated[str, AfterValidator(band_text)]
"""LO..HI, a band of pass rates."""


def _pairs(pairs: tuple[str, ...]) -> tuple[str, ...]:
    if any(pair.count("+") != 1 or len(set(pair.split("+"))) != 2 for pair in pairs):
        raise PydanticCustomError("pairs", "must hold pairs such as divisor-count+digit-sum")
    return pairs


Pairs = Annotated[tuple[str, ...], AfterValidator(_pairs)]
"""Pairs of skills, each written `ONE+OTHER`."""

BOUNDS = frozenset({"max_candidates", "max_minutes", "max_tokens", "max_cost"})
"""Settings that end a run early; none of them changes what it produces until then."""


class StageConfig(BaseModel):
    """The settings that every stage has."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    stage: ClassVar[str]
    """Name of the stage's command."""
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers"})
    """Settings that may change when a run is resumed."""

    seed: int = 0
    """Everything random follows from it."""
    workers: Count | None = None
    """Worker processes; null means one for each core, or as many as the conversations of a language model need."""
    allow_weak_sandbox: bool = False
    """Run even where untrusted code cannot be isolated; only for code you trust."""
