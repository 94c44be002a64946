"""Another transport → the same one for servers on the trainer's own GPU, which give up their memory while it learns.

    rest    /sleep?level=2        drops weights and cache (level 1 with adapters: the base model waits in main memory)
    send    /wake_up?tags=weights, the other transport, /wake_up?tags=kv_cache

vLLM sleeps on GPUs alone, if it was started with --enable-sleep-mode. Written against the source and the documentation
of vLLM 0.32, and never run: we had no GPU (`examples/gpu/` runs it).
"""

from __future__ import annotations

from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.transports.base import Servers, Transport


class Sleeping(Transport):
    """Transport to servers that sleep between a rollout and the weights after it."""

    def __init__(self, servers: Servers, inner: Transport, *, level: int) -> None:
        """Sleep at level 1 (weights to main memory) or 2 (weights dropped, so `inner` must send all of them)."""
        super().__init__(servers)
        self._inner, self._level, self._asleep = inner, level, False
        self.args, self.env = {**inner.args, "--enable-sleep-mode": ""}, inner.env

    def prepare(self, policy: PolicyModel) -> None:
        """Write the files that servers load at their start."""
        self._inner.prepare(policy)

    async def begin(self, policy: PolicyModel, step: int) -> None:
        """Bring servers that have just started, awake, to the weights of a step."""
        await self._inner.begin(policy, step)

    async def rest(self) -> None:
        """Let the servers drop their caches, and their weights or move them to main memory."""
        if self._servers.world.first:
            await self._servers.model.post(f"/sleep?level={self._level}", {})
        self._servers.world.barrier()
        self._asleep = True

    async def send(self, policy: PolicyModel, step: int) -> None:
        """Give the servers memory for their weights, send them, and give them memory for their caches."""
        if self._asleep and self._servers.world.first:
            await self._servers.model.post("/wake_up?tags=weights", {})
        await self._inner.send(policy, step)
        if self._asleep and self._servers.world.first:
            await self._servers.model.post("/wake_up?tags=kv_cache", {})
        self._asleep = False

    async def aclose(self) -> None:
        """Release what the other transport holds."""
        await self._inner.aclose()
