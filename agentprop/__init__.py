"""agentprop: corpora to skills, skills to hard, verified reasoning problems, and the model that proposes them.

The functions that Python programs call are attributes of this module; each is imported when it is first used.
`__init__.pyi` declares them for type checkers.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

DISTRIBUTION = "agentic-proposing"
"""Name to install it by. The command and the import are `agentprop`, a name that PyPI gave to an unrelated project."""

_HOMES = {
    "Dataset": "agentprop.api.dataset",
    "Item": "agentprop.api.dataset",
    "dataset": "agentprop.api.dataset",
    "Episode": "agentprop.api.episodes",
    "Episodes": "agentprop.api.episodes",
    "episodes": "agentprop.api.episodes",
    "extract": "agentprop.api.stages",
    "propose": "agentprop.api.stages",
    "verify": "agentprop.api.stages",
    "Proposer": "agentprop.api.custom",
    "Verifier": "agentprop.api.custom",
    "RunRecords": "agentprop.api.runs",
    "load": "agentprop.api.runs",
    "score": "agentprop.api.scoring",
    "equivalent": "agentprop.answers",
    "final_answer": "agentprop.answers",
    "Observation": "agentprop.records",
    "Move": "agentprop.records",
    "Problem": "agentprop.records",
    "AgentpropError": "agentprop.errors",
}
"""Public name → the module that has it."""

__all__ = [*_HOMES, "DISTRIBUTION", "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *_HOMES})
