"""One or several vLLM servers as the trainer's sampler, which receive the new weights after every step.

    sampler = VllmSampler(policy, config, world, folder)
    await sampler.refresh(policy, 0)       # writes the weights and starts the server
    await sampler.refresh(policy, 1)       # writes them again; the server reloads them in place

The server reloads from a directory on disk, by the endpoints that vLLM offers trainers under VLLM_SERVER_DEV_MODE=1:
/pause (which aborts abandoned requests, or keeps those under way if sampling runs ahead), /collective_rpc with
reload_weights, /reset_prefix_cache and /resume. Found with vLLM 0.32: on a CPU a head that is tied to the embedding
keeps its first values, so the served model is always untied; and a reload from a path without a checkpoint ends the
server, so the directory is our own. Keeping requests over a reload was not run with a real server.
"""

from __future__ import annotations

import copy
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import torch
from safetensors.torch import save_file
from torch import Tensor

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
from agentprop.training.model.saving import merged
from agentprop.training.rl.placement import ServerPlace, places_of
from agentprop.training.rl.vllm_chat import PolicyAccount, VllmModel, log_of

TIMEOUT_S = 6 * 3600.0
"""Seconds for one reply: the server queues what does not fit."""
ADDRESS_BYTES = 1024
"""Port and key of a server, as the first process tells them to the others."""
HEAD, EMBEDDING = "lm_head.weight", "embed_tokens.weight"
"""Name of the head, and end of the embedding's name: the two weights that may be tied."""


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

        Raises ConfigError if the run spans several machines, or a device does not exist.
        """
        if int(os.environ.get("LOCAL_WORLD_SIZE", world.size)) != world.size:
            raise ConfigError("sampling with vLLM works on one machine only", hint="train on one machine")
        self._world, self._name, self._ahead = world, config.model, config.max_staleness > 0
        self._weights, self._log = folder / "weights", folder / "sampler.log"
        context_length = _context_length(policy, config)
        places = places_of(
            config.sampler_devices,
            _trainers(world),
            visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
            share=config.sampler_memory,
        )
        self._settings = [_settings(settings, self._weights, policy, context_length, place) for place in places]
        renderer = Renderer(policy.tokenizer)
        stop_ids = renderer.stop_ids | _stop_ids(policy)
        self.model = VllmModel(renderer, sorted(stop_ids), context_length, self._log, account, config.group_size)
        self._server = ExitStack()

    def executor(self, sandbox: Sandbox) -> Executor:
        """Return an executor that runs code beside the sampling."""
        return Executor(sandbox, shared=False)

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        """Write the weights and let the servers reload them; the first call starts the servers."""
        weights = dict(_untied(policy, kept=self._world.first))
        if self._world.first:
            _write(policy, weights, self._weights)
        if not self.model.servers:
            await self._start()
        elif self._world.first:
            await self._reload()
        self._world.barrier()
        self.model.identity, self.model.version = f"{self._name}#step-{step}", step

    async def aclose(self) -> None:
        """End the servers and delete their weights."""
        await self.model.aclose()
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

    async def _reload(self) -> None:
        post = self.model.post
        await post(f"/pause?mode={'keep' if self._ahead else 'abort'}", {})
        await post("/collective_rpc", {"method": "reload_weights", "kwargs": {"weights_path": str(self._weights)}})
        await post("/reset_prefix_cache", {})
        await post("/resume", {})


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
    given: ModelSettings | None, weights: Path, policy: PolicyModel, context_length: int, place: ServerPlace
) -> ModelSettings:
    """Return the settings of a server; arguments that the user gives take precedence over ours."""
    given = given or ModelSettings(model="")
    number = str(next(policy.parameters()).dtype).removeprefix("torch.")
    wanted = {"--dtype": number, "--max-model-len": str(context_length), "--generation-config": "vllm", **place.args}
    ours = [word for name, value in wanted.items() if name not in given.serve_args for word in (name, value)]
    return given.model_copy(
        update={
            "model": str(weights),
            "timeout_s": TIMEOUT_S,
            "serve_args": (*ours, *given.serve_args),
            "serve_env": {**place.env, **given.serve_env, "VLLM_SERVER_DEV_MODE": "1"},
        }
    )


def _untied(policy: PolicyModel, *, kept: bool) -> Iterator[tuple[str, Tensor]]:
    """Yield the plain model's weights, with the head untied from the embedding. Every process must exhaust it.

    They are empty unless they are `kept`.
    """
    tied = getattr(policy.model.config, "tie_word_embeddings", False)
    for name, tensor in merged(policy, kept=kept):
        if tied and name.endswith(EMBEDDING):
            yield HEAD, tensor.clone()
        if not (tied and name == HEAD):
            yield name, tensor.contiguous()


def _write(policy: PolicyModel, weights: Mapping[str, Tensor], path: Path) -> None:
    """Write a Hugging Face directory with one file of weights, complete at any moment."""
    path.mkdir(parents=True, exist_ok=True)
    config = copy.deepcopy(policy.model.config)
    config.tie_word_embeddings = False
    config.save_pretrained(path)
    policy.tokenizer.save_pretrained(path)
    save_file(dict(weights), path / "new", metadata={"format": "pt"})
    (path / "new").replace(path / "model.safetensors")


def _context_length(policy: PolicyModel, config: TrainConfig) -> int:
    positions = getattr(policy.model.config, "max_position_embeddings", None)
    return min(config.max_length, positions or config.max_length)


def _stop_ids(policy: PolicyModel) -> frozenset[int]:
    """Return the tokens that end a reply by the model's generation config."""
    found = getattr(policy.model.generation_config, "eos_token_id", None)
    return frozenset([] if found is None else [found] if isinstance(found, int) else found)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
