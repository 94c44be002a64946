"""Servers as they are: what becomes of a request to each, and what `check-models` finds out about it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from places import ENVIRONMENT
from servers import running

from agentprop.models.abilities import examine
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Message, Reply, Request, Sampling
from agentprop.models.costs import Meter
from agentprop.models.endpoint import Endpoint
from agentprop.models.failures import ModelFailure, ModelOutage
from agentprop.models.registry import Models
from agentprop.models.retry import Backoff
from agentprop.models.settings import ModelSettings

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "endpoint_cases.toml").read_text("utf-8"))["case"]
SENT = Request((Message("system", "Be brief."), Message("user", "Say ready.")), Sampling(max_tokens=50))


def settings_of(case: dict[str, Any], base_url: str, **more: Any) -> ModelSettings:
    query = f"?{case['query']}" if "query" in case else ""
    given = {"model": "toy", "base_url": base_url + query, "price_in": 1.0, "price_out": 1.0}
    return ModelSettings.model_validate({**given, **case.get("settings", {}), **more})


async def ask(settings: ModelSettings, folder: Path) -> tuple[Reply | Exception, Meter, int]:
    cache = ReplyCache(folder / "replies.sqlite")
    meter = Meter(cache)
    models = Models(cache=cache, meter=meter, environ={})
    model = models.open("asker", settings)
    model.channel.backoff = Backoff(first_s=0.001, most_s=0.002)
    try:
        return await model.reply(SENT), meter, len(cache)
    except (ModelFailure, ModelOutage) as failure:
        return failure, meter, len(cache)
    finally:
        await models.aclose()
        cache.close()


def received(base_url: str) -> int:
    with urllib.request.urlopen(f"{base_url}/received", timeout=30) as response:
        return len(json.load(response))


@pytest.mark.parametrize("case", [case for case in CASES if "tries" in case], ids=lambda case: case["name"])
def test_a_request_ends_as_it_must(case: dict[str, Any], tmp_path: Path) -> None:
    with running("behaving_server.py", case["name"]) as base_url:
        found, meter, stored = asyncio.run(ask(settings_of(case, base_url), tmp_path))
        assert received(base_url) == case["tries"]
    if "outage" in case:
        assert isinstance(found, ModelOutage) and case["outage"] in found.message and found.hint
    elif "kind" in case:
        assert isinstance(found, ModelFailure) and found.kind == case["kind"]
    else:
        assert isinstance(found, Reply) and found.text.startswith("ready")
    assert stored == isinstance(found, Reply)
    if case.get("tokens"):
        assert [meter.total().prompt_tokens, meter.total().completion_tokens] == case["tokens"]
    if case.get("tokens") is False:
        assert (meter.total().cost, meter.total().unmetered) == (None, 1)


async def examined(settings: ModelSettings, role: str) -> tuple[str, ...]:
    endpoint = Endpoint(settings)
    try:
        return (await examine(endpoint, settings, role)).lines
    finally:
        await endpoint.aclose()


@pytest.mark.parametrize("case", [case for case in CASES if "lines" in case], ids=lambda case: case["name"])
def test_what_a_server_needs_is_found_out_and_with_it_the_server_answers(case: dict[str, Any], tmp_path: Path) -> None:
    with running("behaving_server.py", case["name"]) as base_url:
        lines = asyncio.run(examined(settings_of(case, base_url), case.get("role", "proposer")))
        assert list(lines) == case["lines"]
        mended = settings_of(case, base_url, **tomllib.loads("\n".join(lines)))
        found, _, _ = asyncio.run(ask(mended, tmp_path))
    assert isinstance(found, Reply) and found.text == "ready"


def test_a_model_that_the_server_does_not_know_is_told_with_those_it_offers() -> None:
    with running("behaving_server.py", "no credit") as base_url:
        command = [sys.executable, "-m", "agentprop", "check-models", f"other@{base_url}"]
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert "the server offers toy, toy-large" in " ".join(done.stderr.split())


def test_where_nothing_could_be_asked_a_stage_ends_with_the_servers_words(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"question": "What is 6 times 7?", "answer": "42"}\n')
    with running("behaving_server.py", "words that nobody has heard yet") as base_url:
        command = [sys.executable, "-m", "agentprop", "evaluate", str(tmp_path / "q.jsonl"), "--k", "1"]
        command += ["--model", f"toy@{base_url}", "--out", str(tmp_path / "run")]
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert "answered no request: status 400: the moon is in the wrong phase" in " ".join(done.stderr.split())
    said = json.loads((tmp_path / "run" / "summary.json").read_text())["spending"]["servers_said"]
    assert said == {"status 400: the moon is in the wrong phase": "1 × rejected (solver)"}


def test_what_a_server_needs_is_printed_as_lines_to_paste(tmp_path: Path) -> None:
    with running("behaving_server.py", "a server that only streams") as base_url:
        command = [sys.executable, "-m", "agentprop", "check-models", f"toy@{base_url}"]
        done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    pasted = done.stdout.partition("agentprop.toml:\n\n")[2].partition("\n\n")[0]
    assert tomllib.loads(pasted) == {"models": {"NAME": {"base_url": base_url, "model": "toy", "stream": True}}}
