"""The algorithms that a policy may learn by, by name: each declares in one file what it weighs and what it loses."""

from agentprop.plugins import Registry
from agentprop.training.rl.algorithms.base import Algorithm

ALGORITHMS: Registry[type[Algorithm]] = Registry(
    "agentprop.algorithms",
    "algorithm",
    {
        "mgpo": "agentprop.training.rl.algorithms.mgpo:Mgpo",
        "grpo": "agentprop.training.rl.algorithms.grpo:Grpo",
    },
)

__all__ = ["ALGORITHMS", "Algorithm"]
