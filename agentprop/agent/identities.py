"""Who proposes: the built-in proposer, or a language model with its sampling and its prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agentprop import __version__
from agentprop.agent import tool_calls as functions
from agentprop.agent.guidance import NAMES as GUIDANCE
from agentprop.prompts import Prompts, prompt_hash
from agentprop.records import MadeBy


def builtin_made_by() -> MadeBy:
    """The identity of the built-in proposer."""
    return MadeBy(name="builtin", version=__version__, prompt_hash=prompt_hash("proposer", "task"))


def model_made_by(
    name: str,
    revision: str | None,
    sent: Mapping[str, Any],
    *,
    native: bool = False,
    prompts: Prompts | None = None,
    guided: bool = False,
) -> MadeBy:
    """The identity of a language model as proposer, with the sampling and the hash of the prompts that it is sent."""
    names = (functions.PROMPT if native else "proposer", *(GUIDANCE if guided else ("task",)))
    told = (prompts or Prompts()).hash(*names)
    return MadeBy(name=name, revision=revision, sampling=json.dumps(sent), prompt_hash=told, version=__version__)
