"""Building blocks of settings: checked types, and the settings that every stage has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Temperature = Annotated[float, Field(ge=0)]
TopP = Annotated[float, Field(gt=0, le=1)]
one_or_more = (
    Field(min_length=1),
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    PlainSerializer(lambda names: names[0] if len(names) == 1 else list(names)),
)
"""Annotation of a tuple of which a single entry is written and stored as a plain string, not as a list."""
Names = Annotated[tuple[str, ...], *one_or_more]
"""One or more names."""

BAND = re.compile(r"(\d*\.?\d+)\.\.(\d*\.?\d+)")
"""Pattern of a band, LO..HI, as decimals."""


def band_text(text: str) -> str:
    """Return the text of a band, stripped. Raises a validation error unless 0 ≤ LO ≤ HI ≤ 1."""
    ends = BAND.fullmatch(text.strip())
    if ends is None or not 0 <= float(ends[1]) <= float(ends[2]) <= 1:
        raise PydanticCustomError("band", "must be LO..HI with 0 ≤ LO ≤ HI ≤ 1, such as 0.2..0.8")
    return text.strip()


BandText = Annotated[str, AfterValidator(band_text)]
"""Band of pass rates, written LO..HI."""


DIFFICULTY = re.compile(r"([1-5])\.\.([1-5])|rho:(.+)")
"""Pattern of a difficulty that is asked for."""


def difficulty_text(text: str) -> str:
    """Return the text of a difficulty, stripped. Raises a validation error unless it has one of the two forms."""
    found = DIFFICULTY.fullmatch(text.strip())
    if found is None or (found[1] and found[1] > found[2]):
        raise PydanticCustomError("difficulty", "must be LO..HI with 1 ≤ LO ≤ HI ≤ 5, such as 3..4, or rho:LO..HI")
    if found[3]:
        band_text(found[3])
    return text.strip()


DifficultyText = Annotated[str, AfterValidator(difficulty_text)]
"""Difficulty that is asked for: bands LO..HI, or pass rates rho:LO..HI."""


def _deviation(text: str) -> str:
    if not re.fullmatch(r"\d*\.?\d+(?:e-?\d+)?\s*%?", text.strip()):
        raise PydanticCustomError("deviation", "must be a number such as 0.01, or a percentage such as 5%")
    return text.strip()


Deviation = Annotated[str, AfterValidator(_deviation)]
"""How far a number may be off: an amount, or a percentage of the larger one."""


def _pairs(pairs: tuple[str, ...]) -> tuple[str, ...]:
    if any(pair.count("+") != 1 or len(set(pair.split("+"))) != 2 for pair in pairs):
        raise PydanticCustomError("pairs", "must hold pairs such as divisor-count+digit-sum")
    return pairs


Pairs = Annotated[tuple[str, ...], AfterValidator(_pairs)]
"""Pairs of skills, each written `ONE+OTHER`."""


class Settings(BaseModel):
    """A frozen group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class StageConfig(Settings):
    """The settings that every stage has."""

    stage: ClassVar[str]
    """Name of the stage's command."""
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers", "max_failures", "engine", "address"})
    """Settings that may change when a run is resumed; those of every stage hold for each of them."""
    names_models: ClassVar[frozenset[str]] = frozenset(
        {"proposer", "verifier", "auditor", "prober", "teacher", "model"}
    )
    """Settings that hold a MODEL, or several: a run identifies them by the model's name, and not by its server."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Former names of settings and their present ones; the former names are still accepted."""

    seed: int = 0
    """Seed of everything random in the run."""
    workers: Count | None = None
    """Worker processes; null means one for each core, as many as the conversations of a language model need, or, for
    replies to be graded in `probe` and `evaluate`, threads instead."""
    max_failures: Share = 0.01
    """Share of the records that may be lost to unexpected failures (a defect of agentprop, a process that was killed)
    before the run stops with exit code 1. Up to three never stop it, unless this is 0 or every record failed."""
    allow_weak_sandbox: bool = False
    """Run even if this machine cannot isolate untrusted code; only for code you trust."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Add what may change in every stage to what a stage names itself."""
        lacking = {"engine", "address"} - cls.model_fields.keys()  # not every stage can run elsewhere
        cls.outside_identity = (cls.outside_identity | StageConfig.outside_identity) - lacking

    @classmethod
    def under_present_names(cls, found: Mapping[str, Any]) -> dict[str, Any]:
        """Replace former names of settings by present ones; if both are given, the present one counts."""
        return {cls.renamed.get(key, key): value for key, value in found.items() if cls.renamed.get(key) not in found}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return the default of every setting as JSON values, for runs that were made before a setting existed."""
        fields = cls.model_fields.items()
        given = {key: field.get_default(call_default_factory=True) for key, field in fields if not field.is_required()}
        return cls.model_construct(**given).model_dump(mode="json", include=set(given))
