"""Who samples for the trainer: a chat model that can be given new weights between steps.

    sampler = InProcessSampler(policy, config, world)      the trainer's own module
    await sampler.refresh(policy, 7)                       after step 7

Another engine needs these three methods and nothing else.
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import nn

from agentprop.config.training import TrainConfig
from agentprop.inference.deterministic import DelayedExecutor, DeterministicChat
from agentprop.models.chat import ChatModel
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.training.model.distributed import World
from agentprop.training.model.loading import load
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import merged


class Sampler(Protocol):
    """A policy that others can talk to."""

    @property
    def model(self) -> ChatModel:
        """Who answers, with token ids and log-probs; nothing it says is taken from a cache of replies."""
        ...

    @property
    def exact(self) -> bool:
        """Whether it computes as the trainer does, so that no correction is needed."""
        ...

    def executor(self, sandbox: Sandbox) -> Executor:
        """How the code of its conversations is run."""
        ...

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        """Sample from the policy as it is now, after `step`. Every process calls it, while nothing is under way."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


class InProcessSampler:
    """The trainer's own module; where that is sharded over processes, a whole copy of it in each of them."""

    exact = True

    def __init__(self, policy: PolicyModel, config: TrainConfig, world: World) -> None:
        self._name = config.model
        self._copy: nn.Module | None = None
        if world.mesh is not None:
            copy: nn.Module = load(config.model, config, frozen=True)[0]
            self._copy = copy.to(world.device)
        module = self._copy or policy.model
        shape: Any = policy.model.config.get_text_config()
        positions = getattr(shape, "max_position_embeddings", None) or config.max_length
        longest = min(config.max_length, positions)
        self.model = DeterministicChat(module, policy.tokenizer, name=config.model, context_length=longest)

    def executor(self, sandbox: Sandbox) -> Executor:
        """In step with the sampling."""
        return DelayedExecutor(sandbox, shared=False, model=self.model)

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        """Forget what the old weights computed, and copy the new ones where there is a copy."""
        if self._copy is not None:
            self._copy.load_state_dict(dict(merged(policy)))
        self.model.reset(f"{self._name}#step-{step}")

    async def aclose(self) -> None:
        """Nothing is open between requests."""
        await self.model.aclose()
