"""The data set `agentprop` of reasoning-gym: importing this module registers it.

    import reasoning_gym, agentprop.environments.reasoning_gym
    data = reasoning_gym.create_dataset("agentprop", domain="mathematics", seed=3, size=100)

It also mixes with others in `composite`. Source: reasoning-gym 0.1.25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reasoning_gym.dataset import ProceduralDataset
from reasoning_gym.factory import register_dataset

from agentprop.api.dataset import dataset

NAME = "agentprop"


@dataclass
class AgentpropConfig:
    """Settings, with the names of `agentprop.dataset`."""

    domain: str | None = None
    """mathematics, coding, science or None for all."""
    categories: tuple[str, ...] = ()
    """Only these categories."""
    seed: int | None = None
    """Seed; reasoning-gym draws one if it is None."""
    size: int = 500
    """Number of items."""

    def validate(self) -> None:
        """Raises ConfigError for a setting out of range."""
        dataset(self.domain, self.seed or 0, self.size, categories=self.categories)


class AgentpropDataset(ProceduralDataset):
    """Items of `agentprop.dataset` under reasoning-gym's protocol."""

    def __init__(self, config: AgentpropConfig) -> None:
        super().__init__(config=config, seed=config.seed, size=config.size)
        self.data = dataset(config.domain, self.seed, self.size, categories=tuple(config.categories))

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Item with question, answer and metadata."""
        return dict(self.data[index])

    def score_answer(self, answer: str | None, entry: dict[str, Any]) -> float:
        """1.0 right, else 0.0."""
        return self.data.score_answer(answer, entry)


register_dataset(NAME, AgentpropDataset, AgentpropConfig)
