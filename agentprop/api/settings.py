"""Keyword arguments → the settings of a stage; the first fault is a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import ValidationError

from agentprop.config import StageConfig
from agentprop.config.faults import about, requirement
from agentprop.errors import ConfigError, InputError

C = TypeVar("C", bound=StageConfig)
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
"""One path, or several."""


def settings_of(kind: type[C], given: Mapping[str, Any]) -> C:
    """Check settings. Raises ConfigError for the first that is unknown, missing or out of range."""
    unknown = [name for name in given if name not in kind.model_fields]
    if unknown:
        near = get_close_matches(unknown[0], kind.model_fields, 1)
        hint = f"did you mean {near[0]}?" if near else f"settings: {', '.join(sorted(kind.model_fields))}"
        raise ConfigError(f"{kind.stage} has no setting {unknown[0]}", hint=hint)
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = about(first)
        field = kind.model_fields.get(name)
        told = " ".join((field.description or "").split()) if field else None
        if not first["loc"]:
            raise ConfigError(first["msg"], hint=told) from None
        if first["type"] == "missing":
            raise ConfigError(f"{kind.stage} needs the setting {name}", hint=told) from None
        raise ConfigError(f"{name} {requirement(first)}, not {first['input']!r:.80}", hint=told) from None


def place_of(out: str | os.PathLike[str]) -> str:
    """Return a run directory as a text. Raises InputError for `-`: a program's standard output is its own."""
    if (place := os.fspath(out)) == "-":
        raise InputError("a program streams nothing to standard output", hint="name a run directory")
    return place


def paths_of(given: Paths) -> tuple[str, ...]:
    """Return one path or several as texts."""
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    return tuple(os.fspath(path) for path in given)
