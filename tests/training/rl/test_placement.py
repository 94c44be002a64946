"""Where samplers run: a GPU for each server, a share of its memory, and one server for all turns of an episode."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.errors import ConfigError
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Message, Request, Sampling
from agentprop.models.settings import ModelSettings
from agentprop.stages.train.rl_run import check_reinforce
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.placement import ServerPlace, places_of, server_of
from agentprop.training.rl.vllm_sampler import VllmSampler

SERVER = Path(__file__).parents[2] / "support" / "recording_server.py"


def utilization(share: str) -> dict[str, str]:
    return {"--gpu-memory-utilization": share}


@pytest.mark.parametrize(
    ("samplers", "trainer", "visible", "share", "expected"),
    [
        ([], [0], None, None, [({}, {})]),
        ([], [0], None, 0.3, [({}, utilization("0.3"))]),
        (["cuda:1", "cuda:2"], [0], None, None, [("1", utilization("0.9")), ("2", utilization("0.9"))]),
        (["cuda:0"], [0], None, None, [("0", utilization("0.4"))]),
        (["cuda:1", "cuda:1"], [0, 1], "6,7", None, [("7", utilization("0.2"))] * 2),
        (["cuda:1"], [0], "GPU-a,GPU-b", 0.5, [("GPU-b", utilization("0.5"))]),
        (["cpu"], [], None, None, [("", {})]),
    ],
)
def test_a_server_sees_its_own_gpu_and_a_share_of_it(
    samplers: list[str], trainer: list[int], visible: str | None, share: float | None, expected: list[Any]
) -> None:
    wanted = [ServerPlace(env if isinstance(env, dict) else {"CUDA_VISIBLE_DEVICES": env}, a) for env, a in expected]
    assert places_of(samplers, trainer, visible=visible, share=share) == wanted


@pytest.mark.parametrize("name", ["cuda", "gpu:1", "cuda:x"])
def test_what_is_no_device_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not a device"):
        places_of([name], [], visible=None)
    with pytest.raises(ConfigError, match="not among"):
        places_of(["cuda:2"], [], visible="0,1")


def test_groups_go_round_robin_and_episodes_stay() -> None:
    assert [server_of(sample, 4, 2) for sample in range(16)] == [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4


def test_devices_without_servers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trainer's own model samples"):
        check_reinforce(config(tmp_path, sampler_devices=["cuda:1"]))


def test_two_servers_share_the_groups_and_both_get_the_weights(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model")
    chosen = config(model, group_size=2, sampler_devices=["cuda:1", "cuda:2"])
    policy = PolicyModel.load(chosen).distribute(ALONE)
    served = ModelSettings(model="", serve_command=(sys.executable, str(SERVER)))
    sampler = VllmSampler(policy, chosen, ALONE, tmp_path / "run", served)

    async def used() -> None:
        await sampler.refresh(policy, 0)
        renderer = Renderer(policy.tokenizer)
        assert renderer.stop_ids
        for sample in (0, 1, 2, 3, 2, 4):
            await sampler.model.reply(Request((Message("user", "?"),), Sampling(max_tokens=3), sample=sample))
        await sampler.refresh(policy, 1)
        await sampler.aclose()

    asyncio.run(used())
    first, second = (_said(tmp_path / "run" / name) for name in ("sampler.log", "sampler-1.log"))
    assert [first[0]["gpu"], second[0]["gpu"]] == ["1", "2"]
    assert "--gpu-memory-utilization 0.9" in " ".join(first[0]["arguments"])
    asked = [[one["path"] for one in said[1:]] for said in (first, second)]
    label = "/update_weight_version"
    reload = ["/pause?mode=abort", "/collective_rpc", "/reset_prefix_cache", label, "/resume"]
    assert asked == [[label, *["/v1/completions"] * 3, *reload]] * 2
    assert not (tmp_path / "run" / "weights").exists()


def _said(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
