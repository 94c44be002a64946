"""Weights → a directory on disk → servers that reload it in place, by vLLM's /collective_rpc with reload_weights.

The whole model is written and read at every step, on any device. A reload from a path without a checkpoint ends the
server (found with vLLM 0.32), so the directory is our own.
"""

from __future__ import annotations

from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.transports.base import Transport, paused
from agentprop.training.rl.transports.files import untied, write_model


class Disk(Transport):
    """Transport by files of the whole model."""

    def prepare(self, policy: PolicyModel) -> None:
        """Write the weights of the moment."""
        weights = dict(untied(policy))
        if self._servers.world.first:
            write_model(policy, weights, self._servers.folder)

    async def send(self, policy: PolicyModel, step: int) -> None:
        """Write the weights and let the servers reload them."""
        self.prepare(policy)
        if self._servers.world.first:
            call = {"method": "reload_weights", "kwargs": {"weights_path": str(self._servers.folder)}}
            async with paused(self._servers, step):
                await self._servers.model.post("/collective_rpc", call)
