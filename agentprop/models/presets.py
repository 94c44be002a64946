"""Model families → the sampling that their makers recommend: the data file `presets.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    files("agentprop.models").joinpath("presets.toml").read_text(encoding="utf-8")
)
"""Name → temperature, top_p, extra_body, and the families that it is for."""


def preset(name: str) -> Mapping[str, Any]:
    """Return the parameters of a preset."""
    return {key: value for key, value in PRESETS[name].items() if key != "families"}


def preset_for(model: str) -> str | None:
    """Return the name of the preset for a model, by its name.

    >>> preset_for("Qwen/Qwen3-4B-Thinking-2507"), preset_for("openai/gpt-oss-20b"), preset_for("toy")
    ('qwen3-thinking', 'gpt-oss', None)
    """
    name = model.lower()
    return next((key for key, one in PRESETS.items() if any(re.search(f, name) for f in one["families"])), None)
