"""Streams of events → the completion in one piece."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.models.chat import Exchange, Usage
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.streams import assembled, exchange_of, is_stream
from agentprop.models.wire import read

REPLIES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "reply_cases.toml").read_text("utf-8"))["case"]


def stream(*chunks: Any, done: bool = True, end: str = "\n\n") -> bytes:
    events = [f"data: {json.dumps(chunk)}" for chunk in chunks] + (["data: [DONE]"] if done else [])
    return (end.join(events) + end).encode()


def delta(finish: str | None = None, index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": index, "delta": fields, "finish_reason": finish}]}


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n"])
def test_texts_reasoning_and_usage_are_joined(end: str) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    pieces = [delta(role="assistant"), delta(reasoning_content="h"), delta(reasoning_content="m"), delta(content="4")]
    body = stream(*pieces, delta("stop", content="2"), {"choices": [], "usage": usage}, end=end)
    reply = read(Exchange(assembled(body)))
    assert (reply.text, reply.choices[0].reasoning, reply.usage, reply.model) == ("42", "hm", Usage(9, 4), "m")


def test_tool_calls_are_joined_by_their_index() -> None:
    first = delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x"'}}])
    second = delta(tool_calls=[{"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}}])
    rest = delta("tool_calls", tool_calls=[{"index": 0, "function": {"arguments": ": 1}"}}])
    calls = read(Exchange(assembled(stream(first, second, rest)))).choices[0].tool_calls
    assert [(call.id, call.name, call.arguments) for call in calls] == [("a", "f", '{"x": 1}'), ("b", "g", "{}")]


def test_several_choices_and_exact_tokens_come_out_in_order() -> None:
    one = {**delta("stop", 1, content="B"), "prompt_token_ids": [1, 2]}
    one["choices"][0]["token_ids"] = [7]
    two = delta("stop", 0, content="A")
    two["choices"][0] |= {"token_ids": [5], "logprobs": {"content": [{"token": "A", "logprob": -0.5}]}}
    reply = read(Exchange(assembled(stream(one, two))))
    assert [(choice.text, choice.token_ids) for choice in reply.choices] == [("A", (5,)), ("B", (7,))]
    assert (reply.choices[0].logprobs, reply.prompt_token_ids) == ((-0.5,), (1, 2))


def test_logprobs_of_the_older_form_are_joined() -> None:
    pieces = [delta(content="4"), delta("stop", content="2")]
    for piece, value in zip(pieces, (-0.5, -0.25), strict=True):
        piece["choices"][0]["logprobs"] = {"token_logprobs": [value]}
    assert read(Exchange(assembled(stream(*pieces)))).choices[0].logprobs == (-0.5, -0.25)


def test_comments_are_left_out_and_a_stream_is_known_by_its_beginning() -> None:
    body = b": PROCESSING\n\nevent: x\n" + stream(delta("stop", content="ready"))
    assert is_stream(body) and not is_stream(b'{"choices": []}')
    assert read(Exchange(assembled(body))).text == "ready"


def test_an_error_in_a_stream_is_an_error() -> None:
    body = stream(delta(content="4"), {"error": {"code": 429, "message": "slow down"}})
    with pytest.raises(ModelFailure) as caught:
        read(Exchange(assembled(body)))
    assert caught.value.kind is FailureKind.RATE_LIMIT


def test_a_stream_that_ends_early_is_a_lost_connection() -> None:
    with pytest.raises(ModelFailure) as caught:
        assembled(stream(delta(content="4"), done=False))
    assert caught.value.kind is FailureKind.CONNECTION
    assert read(Exchange(assembled(stream(delta("stop", content="4"), done=False)))).text == "4"


@pytest.mark.parametrize("case", REPLIES, ids=[case["name"] for case in REPLIES])
def test_a_response_is_read_as_the_server_meant_it(case: dict[str, Any]) -> None:
    if "kind" in case:
        with pytest.raises(ModelFailure, match=case.get("says")) as caught:
            read(exchange_of(case["body"].encode()))
        assert caught.value.kind is FailureKind(case["kind"])
        return
    reply = read(exchange_of(case["body"].encode()))
    choice = reply.choices[0]
    assert (choice.text, choice.truncated) == (case.get("text", ""), case.get("truncated", False))
    assert [call.name for call in choice.tool_calls] == case.get("calls", [])
    if "tokens" in case:
        assert reply.usage is not None
        assert [reply.usage.prompt_tokens, reply.usage.completion_tokens] == case["tokens"]
