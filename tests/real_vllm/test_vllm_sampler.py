"""A real vLLM as the trainer's sampler: what comes back is of the weights of the moment, token by token."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
import torch
from checkpoints import logprobs_of
from conftest import Command
from demonstrations import LIBRARY, REPLY_TOKENS
from processes import all_gone, below, server_below
from transformers import AutoModelForCausalLM

from agentprop.config import TrainMgpoConfig
from agentprop.models.chat import Message, Reply, Request, Sampling
from agentprop.models.failures import ModelOutage
from agentprop.records import Trajectory, Turn
from agentprop.storage.run import open_run
from agentprop.training.data.sequences import sequences_of
from agentprop.training.model.distributed import World
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import merged
from agentprop.training.rl.vllm_sampler import VllmSampler

CLOSE = 1e-3
"""Nats."""
ALONE = World(0, 1, torch.device("cpu"), None)
LONG = Message("user", "What follows from all of this? " * 60)
"""Longer than a block of the cache, so that what stays in it would show."""
ASKED = Request((LONG,), Sampling(temperature=1.0, max_tokens=16, seed=5), n=3, sample=7)


def policy_of(model: Path, **settings: object) -> PolicyModel:
    return PolicyModel.load(TrainMgpoConfig.model_validate({"model": str(model), "device": "cpu", **settings}))


def nudge(policy: PolicyModel) -> None:
    """Another policy, a little away from this one."""
    torch.manual_seed(3)
    with torch.no_grad():
        for _, parameter in policy.trainable():
            parameter.add_(0.02 * torch.randn_like(parameter))


def furthest(policy: PolicyModel, reply: Reply) -> float:
    """The largest difference between the log-probs of a reply and the policy's own."""
    plain = AutoModelForCausalLM.from_config(policy.model.config).float()
    plain.load_state_dict(dict(merged(policy)), strict=False)
    plain.tie_weights()
    gaps = [
        (
            logprobs_of(plain.eval(), reply.prompt_token_ids or (), choice.token_ids or ())
            - torch.tensor(choice.logprobs)
        )
        .abs()
        .max()
        for choice in reply.choices
    ]
    return float(max(gaps))


def since(ours: list[psutil.Process]) -> list[psutil.Process]:
    """Processes that are below this one and were not before."""
    return [process for process in below(os.getpid()) if process not in ours]


def sampling(sampler: VllmSampler, work: Callable[[], Awaitable[None]]) -> None:
    """Run the work, and close the sampler in the same loop."""

    async def run() -> None:
        try:
            await work()
        finally:
            await sampler.aclose()

    asyncio.run(run())


def test_weights_are_refreshed_and_conversations_go_on_by_their_ids(model_folder: Path, tmp_path: Path) -> None:
    policy = policy_of(model_folder / "taught", max_length=1024)
    adapted = policy_of(model_folder / "taught", max_length=1024, lora_rank=4)
    sampler = VllmSampler(policy, TrainMgpoConfig(model="taught", max_length=1024), ALONE, tmp_path / "models")
    started: list[Reply] = []
    ours = below(os.getpid())

    async def work() -> None:
        await sampler.refresh(policy, 0)
        before = await sampler.model.reply(ASKED)
        started.append(before)
        assert furthest(policy, before) < CLOSE
        assert len({choice.token_ids for choice in before.choices}) == 3

        nudge(policy)
        assert furthest(policy, before) > 10 * CLOSE
        await sampler.refresh(policy, 1)
        after = await sampler.model.reply(ASKED)
        assert furthest(policy, after) < CLOSE
        assert after.model.endswith("#step-1")
        await _goes_on(sampler, after)

        nudge(adapted)
        await sampler.refresh(adapted, 2)
        assert furthest(adapted, await sampler.model.reply(ASKED)) < CLOSE

    sampling(sampler, work)
    assert started
    assert not (tmp_path / "models" / "weights").exists()
    assert all_gone(since(ours))


async def _goes_on(sampler: VllmSampler, before: Reply) -> None:
    """The next prompt of each conversation is all that was sent and sampled, and a bridge."""
    for number, choice in enumerate(before.choices, ASKED.sample):
        messages = (LONG, Message("assistant", choice.text), Message("user", "And then?"))
        reply = await sampler.model.reply(Request(messages, Sampling(max_tokens=4), sample=number))
        so_far = (*(before.prompt_token_ids or ()), *(choice.token_ids or ()))
        assert (reply.prompt_token_ids or ())[: len(so_far)] == so_far


def test_a_server_that_is_killed_ends_the_rollout_with_its_last_words(model_folder: Path, tmp_path: Path) -> None:
    policy = policy_of(model_folder / "taught", max_length=1024)
    sampler = VllmSampler(policy, TrainMgpoConfig(model="taught", max_length=1024), ALONE, tmp_path / "models")
    ours = below(os.getpid())

    async def work() -> None:
        await sampler.refresh(policy, 0)
        running = since(ours)
        server_below(os.getpid()).send_signal(signal.SIGKILL)
        with pytest.raises(ModelOutage, match="was ended by SIGKILL"):
            await sampler.model.reply(ASKED)
        assert all_gone(running)

    sampling(sampler, work)


def test_train_mgpo_learns_from_a_server_that_follows_its_weights(
    model_folder: Path, tmp_path: Path, agentprop: Command
) -> None:
    taught = model_folder / "taught"
    chosen = (
        "sampler=vllm",
        f"reply_tokens={REPLY_TOKENS}",
        "max_length=2048",
        "sample_every=1",
        "save_every=1",
        "keep_checkpoints=3",
        "minibatches=1",
        "blind=false",  # as the taught model learnt to judge
    )
    settings = [word for one in chosen for word in ("--set", one)]
    judges = ("--verifier", taught, "--prober", taught, "--k", 4)
    sizes = ("--steps", 2, "--groups", 2, "--group-size", 6, "--learning-rate", 1e-3, "--device", "cpu")
    agentprop("train-mgpo", "--model", taught, *LIBRARY, *judges, *sizes, *settings, "--out", "run")
    steps = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert len(steps) == 2
    assert steps[0]["update/steps"] == 1  # or the second one would sample from the same weights
    assert all(step["update/engine_gap"] < CLOSE for step in steps if step["update/steps"])
    assert all(step["fate/lost"] == 0 for step in steps)
    first, second = (
        AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
        for path in (taught, tmp_path / "run" / "checkpoints" / "step-000001")
    )
    sampled_by = {_sampler_of(t, first, second) for t in open_run(tmp_path / "run").iter(Trajectory) if t.turns}
    assert sampled_by == {(True, False), (False, True)}


def _sampler_of(trajectory: Trajectory, *models: torch.nn.Module) -> tuple[bool, ...]:
    """Which of the models has its log-probs; its sequences are never broken."""
    assert len(sequences_of(trajectory)) == 1
    return tuple(all(_gap(model, turn) < CLOSE for turn in trajectory.turns) for model in models)


def _gap(model: torch.nn.Module, turn: Turn) -> float:
    expected = logprobs_of(model, turn.prompt_token_ids or (), turn.token_ids or ())
    return float((expected - torch.tensor(turn.logprobs)).abs().max())
