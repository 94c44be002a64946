"""Algorithms of policy optimisation, by name; each file defines the token weights and the loss of one."""

from agentprop.plugins import Registry
from agentprop.training.rl.algorithms.base import Algorithm

ALGORITHMS: Registry[type[Algorithm]] = Registry(
    "agentprop.algorithms",
    "algorithm",
    {
        "mgpo": "agentprop.training.rl.algorithms.mgpo:Mgpo",
        "grpo": "agentprop.training.rl.algorithms.grpo:Grpo",
        "drgrpo": "agentprop.training.rl.algorithms.drgrpo:DrGrpo",
        "gspo": "agentprop.training.rl.algorithms.gspo:Gspo",
        "cispo": "agentprop.training.rl.algorithms.cispo:Cispo",
    },
)

__all__ = ["ALGORITHMS", "Algorithm"]
