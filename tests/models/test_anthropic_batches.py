"""Anthropic's Message Batches: translated both ways, and through the real package against a server that plays them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from batching import ask, ledger
from places import ENVIRONMENT, SUPPORT
from servers import running

from agentprop.errors import ConfigError
from agentprop.models import wire
from agentprop.models.anthropic_messages import REPLY_TOKENS, completion_of, params_of
from agentprop.models.batch_apis import batching
from agentprop.models.chat import Exchange, Message, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings

SERVER = "message_batch_server.py"
SETTINGS = ModelSettings(model="m", base_url="http://127.0.0.1:9/v1", batch="anthropic")


def test_a_request_says_the_same_in_the_words_of_messages() -> None:
    talk = (
        Message("system", "You solve."),
        Message("user", "2+2?"),
        Message("assistant", "4"),
        Message("user", "Sure?"),
    )
    schema = {"type": "object", "properties": {"verdict": {"type": "string"}}}
    sampling = Sampling(temperature=0.5, top_p=0.9, max_tokens=300, seed=7, stop=("</answer>",))
    settings = SETTINGS.model_copy(update={"extra_body": {"output_config": {"effort": "low"}, "service_tier": "auto"}})
    body = wire.body_of(Request(talk, sampling, n=3, schema=schema), settings)
    assert params_of(body) == {
        "model": "m",
        "system": "You solve.",
        "messages": [{"role": m.role, "content": m.text} for m in talk[1:]],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 300,
        "stop_sequences": ["</answer>"],
        "output_config": {"format": {"type": "json_schema", "schema": schema}, "effort": "low"},
        "service_tier": "auto",
    }
    assert params_of({"model": "m", "messages": []})["max_tokens"] == REPLY_TOKENS


@pytest.mark.parametrize(
    ("stop", "finish"), [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length")]
)
def test_a_message_is_read_with_its_reasoning_and_its_cached_tokens(stop: str, finish: str) -> None:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "fo"}, {"type": "text", "text": "ur"}]
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3, "output_tokens": 4}
    said = {"model": "m", "content": blocks, "stop_reason": stop, "usage": usage}
    reply = wire.read(Exchange(json.dumps(completion_of(said)).encode()))
    (choice,) = reply.choices
    assert (choice.text, choice.reasoning, choice.finish_reason) == ("four", "hm", finish)
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.cached_tokens) == (10, 4, 3)


def test_a_refused_message_is_no_reply() -> None:
    said = {"model": "m", "content": [{"type": "text", "text": "no"}], "stop_reason": "refusal", "usage": {}}
    with pytest.raises(ModelFailure) as caught:
        wire.read(Exchange(json.dumps(completion_of(said)).encode()))
    assert caught.value.kind is FailureKind.FILTERED


def test_without_the_package_a_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(ConfigError) as caught:
        batching(SETTINGS, None, tmp_path)
    assert "anthropic" in str(caught.value) and "agentic-proposing[anthropic]" in (caught.value.hint or "")


def test_results_are_replies_failures_and_lines_to_ask_again(tmp_path: Path) -> None:
    pytest.importorskip("anthropic")
    faults = ("none", "busy", "missing", "expired", "refused")
    texts = [f"request {i}, fault: {fault}" for i, fault in enumerate(faults)]
    with running(SERVER) as base_url:
        found, meter = asyncio.run(ask(base_url, tmp_path, texts, "anthropic", n=2))
        assert set(ledger(base_url)["answered"].values()) == {1}
        assert ledger(base_url)["key"] == "none"
    refused = found.pop()
    assert [[choice.text for choice in reply.choices] for reply in found if isinstance(reply, Reply)] == [
        [f"reply {i}"] * 2 for i in range(4)
    ]
    assert isinstance(refused, ModelFailure) and refused.kind is FailureKind.REFUSED
    assert "the input was flagged" in refused.message
    assert meter.total().requests == 8 and meter.total().cost == 8 * (10 * 1.0 + 5 * 2.0)


def test_a_batch_whose_creation_was_not_confirmed_is_found_by_its_results(tmp_path: Path) -> None:
    pytest.importorskip("anthropic")
    with running(SERVER) as base_url:
        found, _ = asyncio.run(ask(base_url, tmp_path, ["request 1", "request 2, fault: crash"], "anthropic"))
        assert [reply.text for reply in found if isinstance(reply, Reply)] == ["reply 1", "reply 2"]
        assert ledger(base_url)["batches"] == 1


RUN = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from batching import ask
asyncio.run(ask(sys.argv[1], Path(sys.argv[2]), [f"request {i}" for i in range(9)], "anthropic"))
"""


def test_a_run_that_is_killed_finds_its_batch_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    pytest.importorskip("anthropic")
    with running(SERVER, "1000000") as base_url:
        command = [sys.executable, "-c", RUN, base_url, str(tmp_path), str(SUPPORT)]
        with subprocess.Popen(command, env=ENVIRONMENT) as process:
            deadline = time.monotonic() + 120
            while not ledger(base_url)["batches"] and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
        urllib.request.urlopen(f"{base_url}/end", timeout=30).close()
        texts = [f"request {i}" for i in range(9)]
        found, meter = asyncio.run(ask(base_url, tmp_path, texts, "anthropic"))
        assert ledger(base_url)["batches"] == 1 and set(ledger(base_url)["answered"].values()) == {1}
    assert len(found) == meter.total().requests == 9
