"""The setting `difficulty` → what the planner aims at."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from agentprop.composition.aims import Aim, AnyDifficulty, Bands, PassRates
from agentprop.composition.calibration import Calibration
from agentprop.config import ProposeConfig
from agentprop.config.base import BAND, DIFFICULTY
from agentprop.errors import ConfigError

CALIBRATION = "calibration.json"
"""File of a probe run that holds its calibration."""


def aim_of(config: ProposeConfig) -> Aim:
    """What a run aims at. Raises ConfigError if pass rates are asked for and no calibration can be read."""
    asked = DIFFICULTY.fullmatch(config.difficulty) if config.difficulty is not None else None
    if asked is None:
        return AnyDifficulty()
    rates = BAND.fullmatch(asked[3]) if asked[3] else None
    if rates is None:
        return Bands(int(asked[1]), int(asked[2]))
    return PassRates(float(rates[1]), float(rates[2]), _calibration(config))


def _calibration(config: ProposeConfig) -> Calibration:
    hint = "run `agentprop probe --calibrate` on problems of agentprop, and give its run as --calibration"
    if config.calibration is None:
        raise ConfigError(f"difficulty {config.difficulty} asks for pass rates, which only a probe measures", hint=hint)
    path = Path(config.calibration)
    path = path / CALIBRATION if path.is_dir() else path
    try:
        return Calibration.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no calibration at {path}", hint=hint) from None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ConfigError(f"{path} cannot be read as a calibration: {str(error).splitlines()[0]}", hint=hint) from None
