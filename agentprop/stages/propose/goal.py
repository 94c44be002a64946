"""Settings of a divided run → those of one part: its quota of the problems, and its share of the bounds."""

from __future__ import annotations

from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.stages.common.partitions import own_bounds
from agentprop.stages.propose.canonical import quota


def goal_of(config: ProposeConfig) -> ProposeConfig:
    """The settings that a part works by; an undivided run keeps its own. Raises ConfigError for a pilot of a part.

    `max_minutes` holds for each process, since there is no clock that all parts share.
    """
    parts = config.partitions
    if parts == 1:
        return config
    if config.pilot is not None:
        raise ConfigError("a pilot cannot be divided", hint="run the pilot without --partitions")
    candidates = config.max_candidates and max(1, config.max_candidates // parts)
    return own_bounds(config).model_copy(update={"n": quota(config.n, parts), "max_candidates": candidates})
