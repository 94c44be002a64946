"""Transports: which one the settings choose, what they ask of servers, and that wrong weights are noticed.

The server is scripted. `tests/real_vllm/test_vllm_transports.py` runs disk and adapters with a real vLLM; NCCL and
sleep need GPUs and were never run here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from places import SUPPORT
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.errors import ConfigError
from agentprop.models.chat import Message, Request, Sampling
from agentprop.models.settings import ModelSettings
from agentprop.stages.train.rl_run import check_reinforce
from agentprop.training.model.distributed import World
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.transports import Servers, transport_of
from agentprop.training.rl.transports.adapter import Adapter
from agentprop.training.rl.transports.base import WrongWeights
from agentprop.training.rl.transports.disk import Disk
from agentprop.training.rl.transports.nccl import Nccl
from agentprop.training.rl.transports.sleeping import Sleeping
from agentprop.training.rl.transports.vllm_trainer import SyncClient
from agentprop.training.rl.vllm_sampler import VllmSampler

ON_A_GPU = World(0, 1, torch.device("cuda", 0), None)
ASKED = Request((Message("user", "?"),), Sampling(max_tokens=3), sample=1)
Work = Callable[[VllmSampler, PolicyModel], Awaitable[None]]


def with_sampler(
    tmp_path: Path, work: Work, env: dict[str, str] | None = None, **settings: Any
) -> list[dict[str, Any]]:
    """Run the work with scripted servers; return what the first was started with and asked for."""
    chosen = config(tiny_model(tmp_path / "model"), group_size=2, **settings)
    policy = PolicyModel.load(chosen).distribute(ALONE)
    server = (sys.executable, str(SUPPORT / "recording_server.py"))
    served = ModelSettings(model="", serve_command=server, serve_env=env or {})
    sampler = VllmSampler(policy, chosen, ALONE, tmp_path / "run", served)

    async def used() -> None:
        try:
            await work(sampler, policy)
        finally:
            await sampler.aclose()

    asyncio.run(used())
    log = (tmp_path / "run" / "sampler.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def chosen(world: World, tmp_path: Path, **settings: Any) -> Any:
    servers = Servers(model=None, world=world, folder=tmp_path)  # type: ignore[arg-type]
    return transport_of(config(tmp_path, **settings), servers)


def test_adapters_are_sent_if_they_are_trained_and_gpus_are_used_if_they_are_asked_for(
    tmp_path: Path,
) -> None:
    assert type(chosen(ALONE, tmp_path)) is Disk
    assert type(chosen(ALONE, tmp_path, transport="disk", lora_rank=4)) is Disk
    adapter = chosen(ALONE, tmp_path, lora_rank=9, max_staleness=2)
    assert type(adapter) is Adapter
    assert adapter.args == {"--enable-lora": "", "--max-lora-rank": "16", "--max-loras": "3"}
    assert type(chosen(ON_A_GPU, tmp_path)) is Disk
    assert type(chosen(ON_A_GPU, tmp_path, transport="nccl")) is Nccl
    for settings, level in (({}, 2), ({"lora_rank": 4}, 1)):
        sleeping = chosen(ON_A_GPU, tmp_path, sampler_sleep=True, **settings)
        assert type(sleeping) is Sleeping and sleeping._level == level and "--enable-sleep-mode" in sleeping.args


@pytest.mark.parametrize("settings", [{"transport": "nccl"}, {"sampler_sleep": True}])
def test_what_needs_a_gpu_is_refused_on_a_cpu(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a trainer on a GPU"):
        chosen(ALONE, tmp_path, **settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"transport": "disk"}, "is for a server"),
        ({"sampler_sleep": True}, "is for a server"),
        ({"sampler": "vllm", "transport": "adapter"}, "all weights are trained"),
        ({"sampler": "vllm", "sampler_sleep": True, "max_staleness": 1}, "lets them sample"),
        ({"sampler": "vllm", "transport": "nccl"}, "needs servers on other GPUs"),
        ({"sampler": "vllm", "sampler_sleep": True, "transport": "nccl"}, "NCCL does not reach"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(
    settings: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentprop.stages.train.rl_run.vllm_program", lambda: ["vllm", "serve"])
    with pytest.raises(ConfigError, match=said):
        check_reinforce(config(tmp_path, **settings))


def test_a_reply_names_the_adapter_of_its_step_and_the_one_before_is_unloaded(tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel) -> None:
        for step in (3, 4, 4):  # as an evaluation does, the last one sends the same weights again
            await sampler.refresh(policy, step)
            reply = await sampler.model.reply(ASKED)
            assert sampler.model.version == step and reply.model.endswith(f"#step-{step}")
        files = tmp_path / "run" / "weights"
        assert [path.name for path in files.glob("step-*")] == ["step-4"]
        assert {path.name for path in (files / "step-4").iterdir()} >= {
            "adapter_config.json",
            "adapter_model.safetensors",
        }

    started, *asked = with_sampler(tmp_path, work, lora_rank=4)
    assert "--enable-lora --max-lora-rank 8 --max-loras 1" in " ".join(started["arguments"])
    paths = [(one["path"], one["body"].get("lora_name") or one["body"]["model"]) for one in asked]
    load, unload, complete = "/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/v1/completions"
    first, second = [(load, "step-3"), (complete, "step-3")], [(load, "step-4"), (unload, "step-3")]
    assert paths == [*first, *second, (complete, "step-4"), (complete, "step-4")]


def test_an_adapter_stays_while_a_request_asks_for_it(tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel) -> None:
        await sampler.refresh(policy, 0)
        sampler.model.under_way["step-0"] += 1
        await sampler.refresh(policy, 1)
        assert (tmp_path / "run" / "weights" / "step-0").exists()
        sampler.model.under_way["step-0"] -= 1
        await sampler.refresh(policy, 2)

    asked = with_sampler(tmp_path, work, lora_rank=4, max_staleness=1)[1:]
    unloaded = [one["body"]["lora_name"] for one in asked if one["path"] == "/v1/unload_lora_adapter"]
    assert sorted(unloaded) == ["step-0", "step-1"] and asked[-1]["path"] == "/v1/unload_lora_adapter"


def test_a_server_with_other_weights_than_it_was_sent_ends_the_run(tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel) -> None:
        with pytest.raises(WrongWeights, match=r"step 5, and say: \['default'\]"):
            await sampler.refresh(policy, 5)

    with_sampler(tmp_path, work, env={"STUCK_VERSION": "default"})


def test_requests_under_way_are_computed_again_by_new_weights(tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel) -> None:
        await sampler.refresh(policy, 0)
        await sampler.refresh(policy, 1)

    asked = [one["path"] for one in with_sampler(tmp_path, work, max_staleness=1)[2:]]
    kept = ["/pause?mode=keep", "/collective_rpc", "/reset_prefix_cache?reset_running_requests=true"]
    assert asked == [*kept, "/update_weight_version", "/resume"]


def test_servers_sleep_between_a_rollout_and_its_weights(tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel) -> None:
        servers = sampler._transport._servers
        sampler._transport = Sleeping(servers, Disk(servers), level=2)
        await sampler.refresh(policy, 0)
        await sampler.rest()
        await sampler.refresh(policy, 1)
        await sampler.refresh(policy, 1)  # as an evaluation does, with servers that are awake

    asked = [one["path"] for one in with_sampler(tmp_path, work)[1:]]
    swap = ["/pause?mode=abort", "/collective_rpc", "/reset_prefix_cache", "/update_weight_version", "/resume"]
    slept = ["/sleep?level=2", "/wake_up?tags=weights", *swap, "/wake_up?tags=kv_cache"]
    assert asked == ["/update_weight_version", *slept, *swap]


def test_each_server_joins_the_group_after_the_one_before_it(tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel) -> None:
        await sampler.refresh(policy, 0)
        client = await SyncClient.of(sampler.model)
        await asyncio.to_thread(client.init_weight_transfer_engine, {"rank_offset": 1, "world_size": 5})
        await asyncio.to_thread(client.update_weights, {"names": ["a"]})

    with_sampler(tmp_path, work, sampler_devices=["cuda:1", "cuda:2"])
    offsets = []
    for name in ("sampler.log", "sampler-1.log"):
        asked = [json.loads(line) for line in (tmp_path / "run" / name).read_text().splitlines() if line[0] == "{"]
        joined, updated = asked[-2:]
        offsets.append(joined["body"]["init_info"].pop("rank_offset"))
        assert joined["body"] == {"init_info": {"world_size": 5}}
        assert updated["body"] == {"update_info": {"names": ["a"]}}
    assert offsets == [1, 3]
