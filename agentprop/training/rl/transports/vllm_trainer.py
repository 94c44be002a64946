"""What vLLM's trainer engine needs of a trainer: a client of the servers, and a source of weights.

    client = await SyncClient.of(model)        two servers of one worker each
    client.init_weight_transfer_engine({"rank_offset": 1, …})      the second server gets rank_offset 2

The engine runs in another thread. vLLM's own client knows one server, without a key.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Self

import torch
from torch import Tensor

from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.transports.files import untied
from agentprop.training.rl.vllm_chat import VllmModel


class SyncClient:
    """The four calls of vLLM's `VLLMWeightSyncClient`, to all servers at once."""

    def __init__(self, model: VllmModel, sizes: Sequence[int], loop: asyncio.AbstractEventLoop) -> None:
        self._model, self._loop = model, loop
        self.sizes = sizes
        """Number of workers of each server."""

    @classmethod
    async def of(cls, model: VllmModel) -> Self:
        """Ask the servers for their sizes; the calls of another thread run in the present event loop."""
        sizes = [int(one["world_size"]) for one in await model.get("/get_world_size")]
        return cls(model, sizes, asyncio.get_running_loop())

    def init_weight_transfer_engine(self, init_info: Mapping[str, Any]) -> None:
        """Let the servers join the group, each with ranks after those of the one before it."""
        first = init_info["rank_offset"]
        offsets = accumulate(self.sizes[:-1], initial=first)
        bodies = [{"init_info": {**init_info, "rank_offset": offset}} for offset in offsets]
        self._post("/init_weight_transfer_engine", bodies)

    def start_weight_update(self) -> None:
        """Let the servers expect weights."""
        self._post("/start_weight_update", [{}] * len(self.sizes))

    def update_weights(self, update_info: Any) -> None:
        """Let the servers receive weights; returns when they have them."""
        self._post("/update_weights", [{"update_info": update_info}] * len(self.sizes))

    def finish_weight_update(self, weight_version: str | None = None) -> None:
        """Let the servers use the weights; the sampler names their version afterwards."""
        self._post("/finish_weight_update", [{}] * len(self.sizes))

    def _post(self, path: str, bodies: Sequence[Mapping[str, object]]) -> None:
        asyncio.run_coroutine_threadsafe(self._model.ask(path, bodies), self._loop).result()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def weight_source(policy: PolicyModel, device: torch.device) -> Any:
    """Return vLLM's view of the policy's weights: their names and shapes, and the weights themselves, one by one."""
    from vllm.distributed.weight_transfer.base import ParamMeta, WeightSource

    class Source(WeightSource):  # type: ignore[misc]
        """The weights of the moment, gathered anew in each round."""

        def __init__(self) -> None:
            self._known: list[ParamMeta] = []

        def metadata(self) -> list[ParamMeta]:
            """Return names, number formats and shapes; the first call gathers the weights to learn them."""
            if not self._known:
                self._known = [ParamMeta(name, one.dtype, tuple(one.shape)) for name, one in self]
            return self._known

        def __iter__(self) -> Iterator[tuple[str, Tensor]]:
            return untied(policy, device=device)

    return Source()
