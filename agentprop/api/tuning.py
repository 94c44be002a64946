"""Variants of the settings of `propose` → runs of each, and the variant with most for what it takes.

A file of variants has settings of `propose` that all of them share, and a table for each with what differs:

    proposer = "qwen"

    [arms.plain]

    [arms.path]
    bundles = "path"

What a variant earns are accepted problems of different templates, for a thousand tokens if a model proposes, else for a
candidate. All variants of a round are asked for the same tasks. Every run stays in the directory, and one that is
finished is not made again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agentprop.api.settings import settings_of
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError, InputError
from agentprop.grading.halving import FIRST, halve
from agentprop.stages.propose import run as propose

ROUND_SEED = 1_000_003
"""Added to the seed for the tasks of each further round."""


def read_arms(path: str) -> dict[str, dict[str, Any]]:
    """Read a file of variants: name → settings. Raises InputError if it cannot be read or names fewer than two."""
    try:
        shared = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="check the path of the variants") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="give a TOML file with [arms.NAME] tables") from error
    arms = shared.pop("arms", None)
    if not isinstance(arms, dict) or len(arms) < 2 or not all(isinstance(own, dict) for own in arms.values()):
        raise InputError(f"{path} names no two variants", hint="write a table [arms.NAME] for each of them")
    return {name: {**shared, **own} for name, own in arms.items()}


def tune_proposer(path: str, out: str, *, first: int = FIRST, quiet: bool = False) -> dict[str, Any]:
    """Compare the variants of a file and return winner, rate and all trials. Raises ConfigError for wrong settings."""
    arms = read_arms(path)
    for name, settings in arms.items():
        _config(name, settings, first, 1)  # what is wrong with a variant is said before the first one runs

    def play(name: str, candidates: int, number: int) -> float:
        config = _config(name, arms[name], candidates, number)
        return rate_of(propose.run(config, str(Path(out) / name / f"round-{number}"), quiet=quiet))

    found = halve(list(arms), play, first)
    return {"winner": found.winner, "rate": found.rate, "trials": [asdict(trial) for trial in found.trials]}


def rate_of(summary: Mapping[str, Any]) -> float:
    """Return templates for a thousand tokens, or for a candidate if nothing was asked of a model."""
    spent = summary.get("spending", {}).get("tokens") or 0
    found: float = summary["templates"] / (spent / 1000 if spent else max(summary["candidates"], 1))
    return found


def _config(name: str, settings: Mapping[str, Any], candidates: int, number: int) -> ProposeConfig:
    seed = int(settings.get("seed", 0)) + ROUND_SEED * (number - 1)
    try:
        return settings_of(ProposeConfig, {**settings, "pilot": candidates, "seed": seed})
    except ConfigError as error:
        raise ConfigError(f"arms.{name}: {error.message}", hint=error.hint) from None
