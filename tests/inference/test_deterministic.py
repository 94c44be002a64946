"""Deterministic sampling: the same bits however long code takes, and however often the sampler was used before."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import pytest
import torch
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.engine.rolling import together
from agentprop.inference.deterministic import PASSES, DelayedExecutor, DeterministicChat
from agentprop.models.chat import Message, Reply, Request, Sampling
from agentprop.sandbox import Job, Result, Sandbox
from agentprop.training.model.policy import PolicyModel


@dataclass
class Sleepy:
    """A sandbox that takes its time."""

    rng: Random
    longest_s: float
    ran: list[str] = field(default_factory=list)

    def run_job(self, job: Job) -> Result:
        time.sleep(self.rng.uniform(0, self.longest_s))
        self.ran.append(job.code)
        return Result("ok", stdout=job.code)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> PolicyModel:
    loaded = PolicyModel.load(config(tiny_model(tmp_path_factory.mktemp("model")))).distribute(ALONE)
    with torch.no_grad():
        for parameter in loaded.parameters():
            parameter.mul_(3)
    return loaded


def model_of(policy: PolicyModel, **options: Any) -> DeterministicChat:
    return DeterministicChat(policy.model, policy.tokenizer, name="toy", context_length=400, **options)


def executor_of(model: DeterministicChat, sandbox: Sleepy) -> DelayedExecutor:
    return DelayedExecutor(cast(Sandbox, sandbox), shared=False, model=model)


async def conversation(number: int, model: DeterministicChat, executor: DelayedExecutor) -> list[Reply]:
    """Two to four turns, a piece of code after each."""
    messages: tuple[Message, ...] = (Message("user", f"Begin with {number % 3}."),)
    replies = []
    for turn in range(2 + number % 3):
        sampling = Sampling(temperature=1.0, max_tokens=3 + 5 * (number % 4))
        reply = await model.reply(Request(messages, sampling, sample=number))
        result = await executor.run(Job(f"{number}.{turn}"))
        messages = (*messages, Message("assistant", reply.text), Message("user", result.stdout))
        replies.append(reply)
    return replies


Sampled = list[list[tuple[tuple[int, ...] | None, tuple[float, ...] | None]]]


def sampled(model: DeterministicChat, sandbox: Sleepy) -> Sampled:
    """Ids and log-probs of every turn of twelve conversations that go on together."""

    async def run() -> list[list[Reply]]:
        executor = executor_of(model, sandbox)
        return await together([conversation(number, model, executor) for number in range(12)])

    said = asyncio.run(run())
    return [[(reply.choices[0].token_ids, reply.choices[0].logprobs) for reply in one] for one in said]


def test_how_long_code_takes_changes_not_a_bit(policy: PolicyModel) -> None:
    expected = sampled(model_of(policy), Sleepy(Random(0), 0.0))
    assert len({ids for one in expected for ids, _ in one}) > 20
    for seed in range(3):
        assert sampled(model_of(policy), Sleepy(Random(seed), 0.02)) == expected


def test_a_sampler_that_was_reset_is_like_a_new_one(policy: PolicyModel) -> None:
    model = model_of(policy)
    first = sampled(model, Sleepy(Random(0), 0.0))
    model.reset("toy#1")
    assert sampled(model, Sleepy(Random(1), 0.0)) == first
    assert model.identity == "toy#1"


def test_a_sampler_that_starts_fresh_when_idle_answers_as_if_it_had_never_been_asked(policy: PolicyModel) -> None:
    def answer(model: DeterministicChat, number: int) -> Reply:
        asked = Request((Message("user", "How?"),), Sampling(max_tokens=9), n=4, sample=number)
        return asyncio.run(model.reply(asked))

    fresh_when_idle = model_of(policy, fresh_when_idle=True)
    answer(fresh_when_idle, 100)
    assert answer(fresh_when_idle, 7).choices == answer(model_of(policy, fresh_when_idle=True), 7).choices


def test_code_works_while_the_model_samples(policy: PolicyModel) -> None:
    model, sandbox = model_of(policy), Sleepy(Random(0), 0.0)
    order: list[str] = []

    async def talk() -> None:
        await model.reply(Request((Message("user", "Go."),), Sampling(temperature=1.0, max_tokens=40), sample=1))
        order.append("talk")

    async def run() -> None:
        talking = asyncio.ensure_future(talk())
        await asyncio.sleep(0)
        before = model.passes
        await executor_of(model, sandbox).run(Job("x"))
        order.append("code")
        assert model.passes - before >= PASSES
        await talking

    asyncio.run(run())
    assert order == ["code", "talk"] and sandbox.ran == ["x"]


def test_a_burst_of_code_is_handed_back_in_turn(policy: PolicyModel) -> None:
    model, sandbox = model_of(policy), Sleepy(Random(0), 0.0)

    async def run() -> list[int]:
        executor = executor_of(model, sandbox)
        asked = Request((Message("user", "Go."),), Sampling(temperature=1.0, max_tokens=60), n=2, sample=5)
        talking = asyncio.ensure_future(model.reply(asked))
        await asyncio.sleep(0)

        async def due(number: int) -> int:
            await executor.run(Job(str(number)))
            return model.passes

        found = await asyncio.gather(*(due(number) for number in range(6)))
        await talking
        return list(found)

    passes = asyncio.run(run())
    assert passes == sorted(passes)
    assert passes[4] - passes[0] == passes[5] - passes[1] == 2 * PASSES  # two at once, the third pair after two others


def test_a_failure_of_the_model_reaches_everybody_who_waits(policy: PolicyModel) -> None:
    model = model_of(policy)

    def breaks() -> list[Any]:
        raise RuntimeError("the model broke")

    async def ask(number: int) -> Reply:
        return await model.reply(Request((Message("user", "Go."),), Sampling(max_tokens=5), sample=number))

    async def run() -> list[Any]:
        cast(Any, model.generator).step = breaks
        return list(await asyncio.gather(ask(0), ask(1), return_exceptions=True))

    assert [str(error) for error in asyncio.run(run())] == ["the model broke"] * 2
