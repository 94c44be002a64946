"""Samplers: chat models that receive new weights from the trainer between steps.

    sampler = InProcessSampler(policy, config, world)      # the trainer's own module
    await sampler.refresh(policy, 7)                       # after step 7

Another engine needs the members of `Sampler` and nothing else.
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

SLOTS = 128
"""Most replies under way in this process."""
CACHE_BYTES = 4 << 30
"""Default memory of keys and values."""


def context_length(policy: PolicyModel, config: TrainConfig) -> int:
    """Return the longest conversation that the in-process sampler takes, in tokens."""
    shape: Any = policy.model.config.get_text_config()
    positions = getattr(shape, "max_position_embeddings", None) or config.max_length
    return min(config.max_length, positions)


class Sampler(Protocol):
    """The policy as a chat model."""

    @property
    def model(self) -> ChatModel:
        """Chat model that answers with token ids and log-probs, never from a cache of replies."""
        ...

    @property
    def exact(self) -> bool:
        """The sampler computes exactly as the trainer does, so no correction is needed."""
        ...

    def executor(self, sandbox: Sandbox) -> Executor:
        """Return the executor for the code of its conversations."""
        ...

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        """Take over the policy's weights after `step`. Every process must call it, while nothing is under way."""
        ...

    async def rest(self) -> None:
        """Give up what sampling alone needs until the next refresh. Every process must call it, as it must refresh."""
        ...

    async def aclose(self) -> None:
        """Close all resources."""
        ...


class InProcessSampler:
    """Sampler over the trainer's own module, or over a full copy in each process if that is sharded."""

    exact = True

    def __init__(
        self, policy: PolicyModel, config: TrainConfig, world: World, *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        """Sample with the policy's weights; `cache_bytes` bounds the memory of keys and values."""
        self._name = config.model
        self._copy: nn.Module | None = None
        if world.mesh is not None:
            copy: nn.Module = load(config.model, config, frozen=True)[0]
            self._copy = copy.to(world.device)
        module = self._copy or policy.model
        self.model = DeterministicChat(
            module,
            policy.tokenizer,
            name=config.model,
            context_length=context_length(policy, config),
            slots=SLOTS,
            cache_bytes=cache_bytes,
        )

    def executor(self, sandbox: Sandbox) -> Executor:
        """Return an executor whose results arrive after a fixed number of forward passes."""
        return DelayedExecutor(sandbox, shared=False, model=self.model)

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        """Discard what the old weights computed, and update the copy if there is one."""
        if self._copy is not None:
            self._copy.load_state_dict(dict(merged(policy)))
        self.model.step = step
        self.model.reset(f"{self._name}#step-{step}")

    async def rest(self) -> None:
        """Do nothing: the policy is the trainer's."""

    async def aclose(self) -> None:
        """Close the chat model."""
        await self.model.aclose()
