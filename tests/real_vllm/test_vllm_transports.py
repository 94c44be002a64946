"""A real vLLM that gets new weights while it samples: every token is of the weights that it is put down to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import torch
from checkpoints import logprobs_of, tiny, write
from test_vllm_sampler import ALONE, ASKED, CLOSE, nudge, policy_of, sampling
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from agentprop.config import TrainMgpoConfig
from agentprop.models.chat import Message, Reply, Request, Sampling
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import merged
from agentprop.training.rl.transports.vllm_trainer import SyncClient, free_port, weight_source
from agentprop.training.rl.vllm_sampler import VllmSampler

ENDLESS = Request((Message("user", "And then?"),), Sampling(temperature=1.0, max_tokens=700, seed=3), sample=9)
BEGUN_S = 2.0
"""Seconds after which a request is in the middle of its reply, and not yet at its end."""
Work = Callable[[VllmSampler, PolicyModel, Path], Awaitable[None]]


def with_sampler(model_folder: Path, tmp_path: Path, work: Work, **settings: Any) -> None:
    """Run the work with a server of a model with random weights, whose replies hardly ever end."""
    words = AutoTokenizer.from_pretrained(model_folder / "random")
    model = write(tmp_path / "endless", tiny(words, seed=1), words)
    chosen = {"max_length": 1024, **settings}
    policy = policy_of(model, **chosen)
    if policy.adapted:
        nudge(policy)  # adapters begin as no change at all
    sampler = VllmSampler(policy, TrainMgpoConfig(model="endless", **chosen), ALONE, tmp_path / "models")

    async def used() -> None:
        await sampler.refresh(policy, 0)
        await work(sampler, policy, tmp_path / "models" / "weights")

    sampling(sampler, used)


def weights_of(policy: PolicyModel) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in merged(policy)}


def gaps(policy: PolicyModel, weights: dict[str, Tensor], reply: Reply) -> Tensor:
    """Differences between the log-probs of a reply's first choice and those of the weights, by token, in nats."""
    plain = AutoModelForCausalLM.from_config(policy.model.config).float()
    plain.load_state_dict(weights, strict=False)
    plain.tie_weights()
    choice = reply.choices[0]
    expected = logprobs_of(plain.eval(), reply.prompt_token_ids or (), choice.token_ids or ())
    return (expected - torch.tensor(choice.logprobs)).abs()


async def in_the_middle(sampler: VllmSampler) -> asyncio.Task[Reply]:
    task = asyncio.ensure_future(sampler.model.reply(ENDLESS))
    await asyncio.sleep(BEGUN_S)
    assert not task.done()
    return task


async def adapters_of(sampler: VllmSampler) -> set[str]:
    (found,) = await sampler.model.get("/v1/models")
    return {one["id"] for one in found["data"] if one["parent"]}


def test_a_reply_is_of_one_adapter_though_the_next_one_is_up_before_its_end(model_folder: Path, tmp_path: Path) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel, files: Path) -> None:
        assert await adapters_of(sampler) == {"step-0"}
        old, repeated = weights_of(policy), await sampler.model.reply(ASKED)
        assert gaps(policy, old, repeated).max() < CLOSE
        begun = await in_the_middle(sampler)
        nudge(policy)
        await sampler.refresh(policy, 1)
        assert not begun.done() and await adapters_of(sampler) == {"step-0", "step-1"}
        after = await sampler.model.reply(ASKED)  # its prompt is in the cache of prompts, by the other adapter
        assert gaps(policy, weights_of(policy), after).max() < CLOSE < gaps(policy, old, after).max()
        assert gaps(policy, old, await begun).max() < CLOSE
        await sampler.refresh(policy, 2)
        assert await adapters_of(sampler) == {"step-2"}
        assert [path.name for path in files.glob("step-*")] == ["step-2"]

    with_sampler(model_folder, tmp_path, work, lora_rank=4, max_staleness=1)


def test_a_reply_goes_on_by_new_weights_and_what_was_computed_by_old_ones_is_forgotten(
    model_folder: Path, tmp_path: Path
) -> None:
    async def work(sampler: VllmSampler, policy: PolicyModel, files: Path) -> None:
        old = weights_of(policy)
        assert gaps(policy, old, await sampler.model.reply(ASKED)).max() < CLOSE
        begun = await in_the_middle(sampler)
        nudge(policy)
        await sampler.refresh(policy, 1)
        assert not begun.done() and await sampler.model.get("/weight_info") == [{"weight_version": "1"}]
        new = weights_of(policy)
        assert gaps(policy, new, await sampler.model.reply(ASKED)).max() < CLOSE
        straddling = await begun
        by_old, by_new = (gaps(policy, weights, straddling) < CLOSE for weights in (old, new))
        switch = int(by_old.long().cumprod(0).sum())
        assert 0 < switch < len(by_old) and by_new[switch:].all()

    with_sampler(model_folder, tmp_path, work, max_staleness=1)


def test_vllm_has_the_engine_that_nccl_needs_and_the_weights_are_as_they_are_announced(model_folder: Path) -> None:
    """As far as a CPU goes: a process that is not the first gathers weights and joins no group."""
    from vllm.distributed.weight_transfer import nccl_engine

    policy = policy_of(model_folder / "random", max_length=1024)
    source = weight_source(policy, torch.device("cpu"))
    init = nccl_engine.NCCLTrainerInitInfo("127.0.0.1", free_port(), 3, rank=1)
    client: Any = object()  # only the first process uses it
    engine = nccl_engine.NCCLTrainerWeightTransferEngine.trainer_init(init, client=client, source=source)
    engine.send_weights()
    sent = dict(engine._checked_iter(source, source.metadata()))  # vLLM's own comparison of names, formats and shapes
    assert sent["lm_head.weight"].equal(sent["model.embed_tokens.weight"]) and len(sent) > 20
    calls = ("init_weight_transfer_engine", "start_weight_update", "update_weights", "finish_weight_update")
    assert all(callable(getattr(SyncClient, name)) for name in calls)
