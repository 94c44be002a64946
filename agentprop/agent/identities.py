"""Who proposes: the built-in proposer, or a language model with its sampling and its prompts."""

from __future__ import annotations

import json
from dataclasses import asdict

from agentprop import __version__
from agentprop.agent import tool_calls as functions
from agentprop.agent.guidance import NAMES as GUIDANCE
from agentprop.models.chat import Sampling
from agentprop.prompts import Prompts, prompt_hash
from agentprop.records import MadeBy


def builtin_made_by() -> MadeBy:
    """The identity of the built-in proposer."""
    return MadeBy(name="builtin", version=__version__, prompt_hash=prompt_hash("proposer", "task"))


def model_made_by(
    name: str,
    revision: str | None,
    sampling: Sampling,
    *,
    native: bool = False,
    prompts: Prompts | None = None,
    guided: bool = False,
) -> MadeBy:
    """The identity of a language model as proposer, with the hash of the prompts that it is sent."""
    annealed = {} if sampling.annealing is None else {"annealing": asdict(sampling.annealing)}
    parameters = json.dumps({"temperature": sampling.temperature, "max_tokens": sampling.max_tokens, **annealed})
    names = (functions.PROMPT if native else "proposer", *(GUIDANCE if guided else ("task",)))
    told = (prompts or Prompts()).hash(*names)
    return MadeBy(name=name, revision=revision, sampling=parameters, prompt_hash=told, version=__version__)
