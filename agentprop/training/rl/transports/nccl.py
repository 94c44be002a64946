"""Weights → servers on other GPUs by NCCL, through vLLM's own trainer engine; nothing is on disk after the start.

The engine broadcasts from the trainer's first process, which is rank 0 of a group with every worker of every server,
and drives /init_weight_transfer_engine, /start_weight_update, /update_weights and /finish_weight_update. NCCL refuses
two ranks on one GPU. Written against the source of vLLM 0.32 and never run: we had no GPU (`examples/gpu/` runs it).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.transports.base import Servers, paused
from agentprop.training.rl.transports.disk import Disk
from agentprop.training.rl.transports.vllm_trainer import SyncClient, free_port, weight_source


class Nccl(Disk):
    """Transport by NCCL, for servers that start from disk."""

    args: Mapping[str, str] = {"--weight-transfer-config": '{"backend": "nccl"}'}

    def __init__(self, servers: Servers) -> None:
        super().__init__(servers)
        self._engine: Any = None

    async def begin(self, policy: PolicyModel, step: int) -> None:
        """Join the servers in one group."""
        await super().begin(policy, step)
        await asyncio.to_thread(self._join, policy, await SyncClient.of(self._servers.model))

    async def send(self, policy: PolicyModel, step: int) -> None:
        """Broadcast the weights; the servers load them as they arrive."""
        if not self._servers.world.first:
            await asyncio.to_thread(self._on_device, self._engine.send_weights)
            return
        async with paused(self._servers, step):
            await asyncio.to_thread(self._on_device, self._engine.send_weights)

    async def aclose(self) -> None:
        """Leave the group."""
        if self._engine is not None:
            self._engine.shutdown()

    def _join(self, policy: PolicyModel, client: SyncClient) -> None:
        from vllm.distributed.weight_transfer import nccl_engine

        world, start = self._servers.world, nccl_engine.NCCLTrainerWeightTransferEngine.trainer_init
        init = nccl_engine.NCCLTrainerInitInfo("127.0.0.1", free_port(), 1 + sum(client.sizes), rank=world.rank)
        source = weight_source(policy, world.device)
        self._engine = self._on_device(partial(start, init, client=client, source=source))

    def _on_device(self, work: Any) -> Any:
        with torch.cuda.device(self._servers.world.device):  # a thread begins on the first one
            return work()
