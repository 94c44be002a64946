"""Through a server that fails in every way: every request ends accounted for, none twice, none lost."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from asker import ask, model_at
from fault_server import RANDOM, chosen
from places import ENVIRONMENT, SUPPORT
from servers import fault_server

from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Reply, ToolCall
from agentprop.models.costs import Meter
from agentprop.models.failures import ModelFailure

SHARE = 0.05


def ledger(base_url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{base_url}/ledger", timeout=30) as response:
        found: dict[str, Any] = json.load(response)
    return found


async def run(base_url: str, path: Path, count: int) -> tuple[dict[int, Reply | ModelFailure], Meter, int]:
    cache = ReplyCache(path)
    meter = Meter(cache)
    model = model_at(base_url, meter, cache)
    try:
        return await ask(model, range(count)), meter, len(cache)
    finally:
        await model.aclose()
        cache.close()


def check_accounts(base_url: str, path: Path, count: int) -> None:
    outcomes, meter, stored = asyncio.run(run(base_url, path, count))
    replies = {number: reply for number, reply in outcomes.items() if isinstance(reply, Reply)}
    lost = {number: failure for number, failure in outcomes.items() if isinstance(failure, ModelFailure)}
    spend, seen = meter.total(), ledger(base_url)
    assert outcomes.keys() == set(range(count))
    assert len(replies) > 0.9 * count
    assert stored == spend.requests == len(replies)
    assert meter.failures["given_up"] == len(lost)
    assert spend.prompt_tokens == sum(replies)
    assert spend.completion_tokens == 7 * len(replies)
    assert spend.cost == pytest.approx((spend.prompt_tokens + 2 * spend.completion_tokens) / 1e6, rel=1e-12)
    for number, reply in replies.items():
        assert matches(number, reply)
        assert seen["answered"][str(number)] >= 1
    arrivals = Counter(seen["arrivals"])
    attempts = sum(reply.attempts for reply in replies.values()) + sum(failure.attempts for failure in lost.values())
    assert arrivals.total() <= attempts  # a connection that never came about has no arrival
    answered_late = Counter(seen["answered"]).total() - len(replies)
    assert 0 <= answered_late <= meter.failures["timeout"] + meter.failures["connection"]


def matches(number: int, reply: Reply) -> bool:
    choice = reply.choices[0]
    if not choice.tool_calls:
        return choice.text == f"reply {number}"
    names = ("first", "second")
    return choice.tool_calls == tuple(
        ToolCall(f"{name}-{number}", name, f'{{"i":{i}}}') for i, name in enumerate(names)
    )


def test_every_request_ends_accounted_for_whatever_the_server_does(tmp_path: Path) -> None:
    with fault_server(1, SHARE) as base_url:
        check_accounts(base_url, tmp_path / "replies.sqlite", 600)
        assert set(ledger(base_url)["faults"]) == set(RANDOM)


@pytest.mark.slow
def test_ten_thousand_requests_end_accounted_for(tmp_path: Path) -> None:
    with fault_server(2, SHARE) as base_url:
        check_accounts(base_url, tmp_path / "replies.sqlite", 10_000)


def test_faults_happen_as_often_as_they_say() -> None:
    found = Counter(chosen(3, SHARE, number, 1) for number in range(20_000))
    assert all(0.04 < found[name] / 20_000 < 0.06 for name in RANDOM)


def test_a_run_killed_again_and_again_ends_with_the_same_accounts(tmp_path: Path) -> None:
    count, path, randomness = 150, tmp_path / "replies.sqlite", random.Random(4)
    with fault_server(5, 0.03) as base_url:
        command = [sys.executable, str(SUPPORT / "asker.py"), base_url, str(path), str(count)]
        kills = 0
        while True:
            process = subprocess.Popen(command, env=ENVIRONMENT)
            if kills < 4:
                wait_for_more(path, randomness.randint(5, 30), process)
                time.sleep(randomness.uniform(0.0, 0.02))
                process.kill()
                kills += 1
            if process.wait() == 0:
                break
        check_nothing_is_paid_twice(base_url, path, count)


def wait_for_more(path: Path, more: int, process: subprocess.Popen[bytes]) -> None:
    target = stored(path) + more
    while stored(path) < target and process.poll() is None:
        time.sleep(0.005)


def stored(path: Path) -> int:
    if not path.exists():
        return 0
    cache = ReplyCache(path)
    try:
        return len(cache)
    finally:
        cache.close()


def check_nothing_is_paid_twice(base_url: str, path: Path, count: int) -> None:
    before = ledger(base_url)
    outcomes, meter, kept = asyncio.run(run(base_url, path, count))
    spend = meter.total()
    assert ledger(base_url) == before  # nothing was asked again
    assert meter.hits == kept == spend.requests == count
    assert (spend.prompt_tokens, spend.completion_tokens) == (sum(range(count)), 7 * count)
    assert all(isinstance(reply, Reply) and reply.cached and matches(n, reply) for n, reply in outcomes.items())
