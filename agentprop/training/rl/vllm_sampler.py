"""One or several vLLM servers as the trainer's sampler, which receive the new weights after every step.

    sampler = VllmSampler(policy, config, world, folder)
    await sampler.refresh(policy, 0)       # writes the files that the servers start from, and starts them
    await sampler.rest()                   # nothing is sampled until the next refresh
    await sampler.refresh(policy, 1)       # a transport brings the new weights

The servers run under VLLM_SERVER_DEV_MODE=1, where vLLM offers trainers the routes that `transports` use.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import torch

from agentprop.config.reinforce import ReinforceConfig
from agentprop.config.training import TrainConfig
from agentprop.errors import ConfigError
from agentprop.inference.chat_template import Renderer
from agentprop.models.endpoint import Endpoint
from agentprop.models.local import serving_all
from agentprop.models.settings import ModelSettings, ServedSettings
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.training.model.distributed import World
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.placement import ServerPlace, places_of
from agentprop.training.rl.transports import Servers, Transport, transport_of
from agentprop.training.rl.vllm_chat import PolicyAccount, VllmModel, log_of

TIMEOUT_S = 6 * 3600.0
"""Seconds for one reply: the server queues what does not fit."""
ADDRESS_BYTES = 1024
"""Port and key of a server, as the first process tells them to the others."""


class VllmSampler:
    """Sampler on vLLM servers on this machine, which the processes of a distributed run share."""

    exact = False

    def __init__(
        self,
        policy: PolicyModel,
        config: ReinforceConfig,
        world: World,
        folder: Path,
        settings: ModelSettings | None = None,
        account: PolicyAccount | None = None,
    ) -> None:
        """Prepare the servers; `folder` holds logs and weights, and `settings` may have serve_args and serve_env.

        Replies are charged to `account`, if there is one.

        Raises ConfigError if the run spans several machines, or a device does not exist or lacks the transport.
        """
        if int(os.environ.get("LOCAL_WORLD_SIZE", world.size)) != world.size:
            raise ConfigError("sampling with vLLM works on one machine only", hint="train on one machine")
        self._world, self._name = world, config.model
        self._weights, self._log = folder / "weights", folder / "sampler.log"
        context_length = _context_length(policy, config)
        places = places_of(
            config.sampler_devices,
            _trainers(world),
            visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
            share=config.sampler_memory,
        )
        renderer = Renderer(policy.tokenizer)
        stop_ids = renderer.stop_ids | _stop_ids(policy)
        self.model = VllmModel(renderer, sorted(stop_ids), context_length, self._log, account, config.group_size)
        self._transport = transport_of(config, Servers(self.model, world, self._weights, config.max_staleness > 0))
        if config.transport == "nccl" and {f"cuda:{n}" for n in _trainers(world)} & {*config.sampler_devices}:
            raise ConfigError("NCCL refuses a server on the trainer's own GPU", hint="name other sampler_devices")
        self._settings = [
            _settings(settings, self._weights, policy, context_length, place, self._transport) for place in places
        ]
        self._server = ExitStack()

    def executor(self, sandbox: Sandbox) -> Executor:
        """Return an executor that runs code beside the sampling."""
        return Executor(sandbox, shared=False)

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        """Bring the servers to the weights of a step; the first call starts them."""
        if self.model.servers:
            await self._transport.send(policy, step)
        else:
            self._transport.prepare(policy)
            await self._start()
            await self._transport.begin(policy, step)
        self._world.barrier()
        self.model.identity, self.model.version = f"{self._name}#step-{step}", step

    async def rest(self) -> None:
        """Let the servers rest until the next refresh."""
        await self._transport.rest()

    async def aclose(self) -> None:
        """End the servers and delete their weights."""
        try:
            await self._transport.aclose()
            await self.model.aclose()
        finally:
            self.model.servers = []
            self._server.close()
            if self._world.first:
                shutil.rmtree(self._weights, ignore_errors=True)

    async def _start(self) -> None:
        """The first process starts them and tells the others their ports and keys."""
        told = bytes(ADDRESS_BYTES * len(self._settings))
        up = [ServedSettings.model_validate(one.model_dump()) for one in self._settings]
        if self._world.first:
            wanted = [(one, log_of(self._log, number)) for number, one in enumerate(self._settings)]
            up = list(self._server.enter_context(serving_all(wanted, tell=_say)))
            told = b"".join(_address(one) for one in up)
        first = bytes(self._world.gather(torch.tensor(list(told)))[0].tolist())
        if not self._world.first:
            up = [_at(one, first[n * ADDRESS_BYTES : (n + 1) * ADDRESS_BYTES]) for n, one in enumerate(up)]
        self.model.servers = [Endpoint(one, api_key=one.key) for one in up]


def _address(up: ServedSettings) -> bytes:
    """Return port and key of a server, in `ADDRESS_BYTES`."""
    port = urlsplit(up.base_url or "").port or 0
    return (port.to_bytes(2, "big") + up.key.encode()).ljust(ADDRESS_BYTES, b"\0")


def _at(settings: ServedSettings, address: bytes) -> ServedSettings:
    """Return the settings of a server whose address was told."""
    port, key = int.from_bytes(address[:2], "big"), address[2:].rstrip(b"\0").decode()
    return settings.model_copy(update={"base_url": f"http://127.0.0.1:{port}/v1", "key": key})


def _trainers(world: World) -> list[int]:
    """Return the numbers of the trainer's GPUs."""
    if world.device.type != "cuda":
        return []
    return list(range(world.size)) if world.size > 1 else [world.device.index or 0]


def _settings(
    given: ModelSettings | None,
    weights: Path,
    policy: PolicyModel,
    context_length: int,
    place: ServerPlace,
    transport: Transport,
) -> ModelSettings:
    """Return the settings of a server; arguments that the user gives take precedence over ours."""
    given = given or ModelSettings(model="")
    number = str(next(policy.parameters()).dtype).removeprefix("torch.")
    wanted = {"--dtype": number, "--max-model-len": str(context_length), "--generation-config": "vllm"}
    wanted |= {**place.args, **transport.args}
    missing = [(name, value) for name, value in wanted.items() if name not in given.serve_args]
    ours = [word for name, value in missing for word in (name, value) if word]
    return given.model_copy(
        update={
            "model": str(weights),
            "timeout_s": TIMEOUT_S,
            "serve_args": (*ours, *given.serve_args),
            "serve_env": {**place.env, **given.serve_env, **transport.env, "VLLM_SERVER_DEV_MODE": "1"},
        }
    )


def _context_length(policy: PolicyModel, config: TrainConfig) -> int:
    positions = getattr(policy.model.config, "max_position_embeddings", None)
    return min(config.max_length, positions or config.max_length)


def _stop_ids(policy: PolicyModel) -> frozenset[int]:
    """Return the tokens that end a reply by the model's generation config."""
    found = getattr(policy.model.generation_config, "eos_token_id", None)
    return frozenset([] if found is None else [found] if isinstance(found, int) else found)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
