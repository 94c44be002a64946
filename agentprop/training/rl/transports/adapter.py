"""LoRA adapters → one small directory a step → servers that load it beside the last one, by /v1/load_lora_adapter.

The base model is written and loaded once; a step moves the adapters alone, megabytes instead of gigabytes. A step's
adapter has its own name, which requests ask for and replies repeat: no reply mixes weights, nothing needs to pause, and
the cached prompts of one adapter serve no other. It is deleted once a newer one is up and nobody asks for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import adapters, write_adapter
from agentprop.training.rl.transports.base import Servers, WeightTransport, check_adapter
from agentprop.training.rl.transports.files import untied, write_model

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM reserves memory for."""


class Adapter(WeightTransport):
    """Transport by adapters of a base model that stays."""

    env: Mapping[str, str] = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1"}

    def __init__(self, servers: Servers, rank: int, staleness: int = 0) -> None:
        """Send adapters of a rank; those of `staleness` + 1 steps may be asked for at once."""
        reserved = next((one for one in RANKS if one >= rank), rank)
        self.args = {"--enable-lora": "", "--max-lora-rank": str(reserved), "--max-loras": str(staleness + 1)}
        super().__init__(servers)
        self._loaded: list[str] = []

    def prepare(self, policy: PolicyModel) -> None:
        """Write the base model."""
        weights = dict(untied(policy, adapted=False))
        if self._servers.world.first:
            write_model(policy, weights, self._servers.folder)

    async def begin(self, policy: PolicyModel, step: int) -> None:
        """Load the first adapter."""
        await self.send(policy, step)

    async def send(self, policy: PolicyModel, step: int) -> None:
        """Load the adapter of a step beside the last one, let requests ask for it, and unload what nobody asks for."""
        model, world, name = self._servers.model, self._servers.world, f"step-{step}"
        folder, weights = self._servers.folder / name, dict(adapters(policy))
        if world.first and name not in self._loaded:
            write_adapter(policy, weights, folder)
            await model.post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})
            await check_adapter(self._servers, name, folder)
        world.barrier()
        model.served = name
        older = [one for one in self._loaded if one != name]
        asked = world.sum([float(model.under_way[one]) for one in older]) if older else []
        idle = [one for one, requests in zip(older, asked, strict=True) if not requests]
        for one in idle if world.first else ():
            await model.post("/v1/unload_lora_adapter", {"lora_name": one})
            shutil.rmtree(self._servers.folder / one)
        self._loaded = [*(one for one in older if one not in idle), name]
