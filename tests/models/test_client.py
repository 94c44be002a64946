"""One role's model: samples, cache, retries, outages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentprop.errors import BoundReached
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Exchange, Message, Request, Sampling
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.retry import Backoff
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings

SETTINGS = ModelSettings(model="m", base_url="http://x/v1")
QUESTION = Request((Message("user", "six times seven?"),))


class Singles(Scripted):
    """A server that ignores `n`."""

    async def post(self, body: Mapping[str, object]) -> Exchange:
        exchange = await super().post({k: v for k, v in body.items() if k != "n"})
        self.bodies[-1] = body
        return exchange


class Refuses(Scripted):
    """A server that does not accept `n`."""

    async def post(self, body: Mapping[str, object]) -> Exchange:
        if "n" in body:
            self.bodies.append(body)
            raise ModelFailure(FailureKind.REJECTED, "n is not supported")
        return await super().post(body)


class Flaky(Scripted):
    """A server that fails first."""

    def __init__(self, failures: list[ModelFailure]) -> None:
        super().__init__(lambda body: "42")
        self.failures = failures

    async def post(self, body: Mapping[str, object]) -> Exchange:
        if self.failures:
            self.bodies.append(body)
            raise self.failures.pop(0)
        return await super().post(body)


def model_of(transport: Scripted, *, cache: ReplyCache | None = None, **settings: Any) -> Model:
    channel = channel_of(SETTINGS.model_copy(update=settings), transport)
    channel.backoff = Backoff(first_s=0.0001)
    return Model(channel, Meter(cache), role="r", cache=cache)


def counting() -> Any:
    numbers = iter(range(1000))
    return lambda body: f"reply {next(numbers)}"


def texts(model: Model, request: Request) -> list[str]:
    return [choice.text for choice in asyncio.run(model.reply(request)).choices]


def test_a_server_that_honours_n_is_asked_once() -> None:
    transport = Scripted(counting())
    model = model_of(transport)
    assert texts(model, Request(QUESTION.messages, n=4)) == [f"reply {i}" for i in range(4)]
    assert len(transport.bodies) == 1
    assert model.channel.honours_n is True


@pytest.mark.parametrize("kind", [Singles, Refuses])
def test_a_server_that_does_not_is_noticed_and_asked_for_each(kind: type[Scripted]) -> None:
    transport = kind(counting())
    model = model_of(transport)
    request = Request(QUESTION.messages, Sampling(seed=10), n=4)
    assert sorted(texts(model, request)) == [f"reply {i}" for i in range(4)]
    assert model.channel.honours_n is False
    asked_with_n = [body for body in transport.bodies if "n" in body]
    assert len(asked_with_n) == 1
    assert sorted(texts(model, request)) == [f"reply {i}" for i in range(4, 8)]
    assert [body for body in transport.bodies if "n" in body] == asked_with_n
    assert {body["seed"] for body in transport.bodies[-4:]} == {10, 11, 12, 13}


def test_a_sample_that_fails_leaves_the_others_bought(tmp_path: Path) -> None:
    replies = iter(["a", {"content": "b"}, None, "d"])

    def answer(body: Mapping[str, Any]) -> str | Mapping[str, Any]:
        reply = next(replies)
        if reply is None:
            raise ModelFailure(FailureKind.REJECTED, "not this one")
        return reply

    cache = ReplyCache(tmp_path / "r")
    model = model_of(Scripted(answer), cache=cache, n=False)
    with pytest.raises(ModelFailure, match="not this one"):
        asyncio.run(model.reply(Request(QUESTION.messages, n=4)))
    assert len(cache) == 3
    cache.close()


def test_what_ends_the_run_is_raised_before_what_fails_one_sample() -> None:
    outcomes = iter(
        [ModelFailure(FailureKind.REJECTED, "no"), BoundReached("--max-tokens 1 is reached", hint="raise it")]
    )

    def answer(body: Mapping[str, Any]) -> str:
        raise next(outcomes)

    with pytest.raises(BoundReached):
        asyncio.run(model_of(Scripted(answer), n=False).reply(Request(QUESTION.messages, n=2)))


def test_the_usage_of_single_requests_adds_up() -> None:
    model = model_of(Singles(counting()))
    usage = asyncio.run(model.reply(Request(QUESTION.messages, n=4))).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (12, 8)
    assert model.meter.total().tokens == 20


def test_running_again_costs_nothing_whatever_n_is(tmp_path: Path) -> None:
    requests = [QUESTION, Request(QUESTION.messages, n=3), Request(QUESTION.messages, sample=7)]
    for kind in (Scripted, Singles):
        path = tmp_path / kind.__name__
        first, second = kind(counting()), kind(counting())
        for transport in (first, second):
            cache = ReplyCache(path)
            model = model_of(transport, cache=cache)
            found = [sorted(texts(model, request)) for request in requests]
            assert model.meter.total().completion_tokens == 10
            cache.close()
            if transport is first:
                bought = found
        assert found == bought
        assert second.bodies == []


def test_equal_requests_under_way_together_are_paid_for_once(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    transport = Scripted(counting())
    model = model_of(transport, cache=cache)

    async def main() -> list[str]:
        return [reply.text for reply in await asyncio.gather(*(model.reply(QUESTION) for _ in range(20)))]

    assert set(asyncio.run(main())) == {"reply 0"}
    assert (len(transport.bodies), model.meter.hits) == (1, 19)
    cache.close()


def test_when_the_one_that_paid_is_cancelled_another_takes_over(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    model = model_of(Scripted(counting()), cache=cache)

    async def main() -> str:
        first, second = (asyncio.create_task(model.reply(QUESTION)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return (await second).text

    assert asyncio.run(main()).startswith("reply")
    assert model.channel.limiter.under_way == 0
    cache.close()


def test_when_the_one_that_paid_fails_one_of_those_that_wait_asks_again(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    transport = Flaky([ModelFailure(FailureKind.CONTEXT_OVERFLOW, "too long")])
    model = model_of(transport, cache=cache)

    async def main() -> list[Any]:
        return await asyncio.gather(*(model.reply(QUESTION) for _ in range(8)), return_exceptions=True)

    failed, *answered = asyncio.run(main())
    assert isinstance(failed, ModelFailure) and len(transport.bodies) == 2
    assert [reply.text for reply in answered] == ["42"] * 7
    cache.close()


@pytest.mark.parametrize(
    "kind",
    [FailureKind.RATE_LIMIT, FailureKind.SERVER, FailureKind.CONNECTION, FailureKind.TIMEOUT, FailureKind.BAD_REPLY],
)
def test_what_may_pass_is_tried_again_and_counted(kind: FailureKind) -> None:
    model = model_of(Flaky([ModelFailure(kind, "once") for _ in range(3)]))
    reply = asyncio.run(model.reply(QUESTION))
    assert (reply.text, reply.attempts) == ("42", 4)
    assert model.meter.failures == {kind: 3}


@pytest.mark.parametrize("kind", [FailureKind.REJECTED, FailureKind.CONTEXT_OVERFLOW])
def test_what_cannot_pass_is_not_tried_again(kind: FailureKind) -> None:
    transport = Flaky([ModelFailure(kind, "never")])
    with pytest.raises(ModelFailure, match="never"):
        asyncio.run(model_of(transport).reply(QUESTION))
    assert len(transport.bodies) == 1


def test_a_request_is_given_up_after_the_retries_of_its_kind() -> None:
    transport = Flaky([ModelFailure(FailureKind.BAD_REPLY, "nonsense") for _ in range(99)])
    model = model_of(transport)
    with pytest.raises(ModelFailure, match="nonsense") as caught:
        asyncio.run(model.reply(QUESTION))
    assert caught.value.attempts == len(transport.bodies) == 5
    assert model.meter.failures["given_up"] == 1


def test_a_wrong_key_stops_everybody_at_once() -> None:
    transport = Flaky([ModelFailure(FailureKind.UNAUTHORISED, "status 401: no such key")])
    model = model_of(transport)
    for _ in range(2):
        with pytest.raises(ModelOutage, match="no such key"):
            asyncio.run(model.reply(QUESTION))
    assert len(transport.bodies) == 1


def test_a_server_that_only_rejects_is_soon_left_alone() -> None:
    transport = Flaky([ModelFailure(FailureKind.REJECTED, "status 400: no") for _ in range(1000)])
    model = model_of(transport)

    async def main() -> list[Any]:
        return await asyncio.gather(*(model.reply(QUESTION) for _ in range(500)), return_exceptions=True)

    outcomes = asyncio.run(main())
    assert sum(isinstance(outcome, ModelOutage) for outcome in outcomes) > 400
    assert len(transport.bodies) < 50


def test_tokens_of_replies_that_were_no_use_are_paid_for_too() -> None:
    model = model_of(Scripted([{"content": None, "usage": {"prompt_tokens": 9, "completion_tokens": 5}}, "42"]))
    assert asyncio.run(model.reply(QUESTION)).text == "42"
    assert model.meter.total().prompt_tokens == 9 + 3


def test_a_pushed_back_server_is_asked_less_at_once() -> None:
    model = model_of(Flaky([ModelFailure(FailureKind.RATE_LIMIT, "slow down")]))
    before = model.channel.limiter.allowed
    asyncio.run(model.reply(QUESTION))
    assert model.channel.limiter.allowed < before


def test_a_broken_server_is_not_mistaken_for_a_full_one() -> None:
    model = model_of(Flaky([ModelFailure(FailureKind.SERVER, "boom"), ModelFailure(FailureKind.CONNECTION, "reset")]))
    before = model.channel.limiter.allowed
    asyncio.run(model.reply(QUESTION))
    assert model.channel.limiter.allowed >= before


def test_ids_and_logprobs_reach_the_reply() -> None:
    script = [{"content": "42", "token_ids": [4, 2], "logprobs": [-0.5, -0.25], "prompt_token_ids": [1]}]
    reply = asyncio.run(model_of(Scripted(script), logprobs=True, token_ids=True).reply(QUESTION))
    assert (reply.prompt_token_ids, reply.choices[0].token_ids, reply.choices[0].logprobs) == (
        (1,),
        (4, 2),
        (-0.5, -0.25),
    )
