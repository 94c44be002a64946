"""Odd files and states of batch APIs: whatever was paid for is handed out, and nothing is sent twice."""

from __future__ import annotations

import asyncio
import gzip
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentprop.models.batches import BatchLedger, BatchState, BatchTransport, Line, SentBatch, best_of
from agentprop.models.chat import Exchange
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.openai_batches import read_lines, state_of
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import read

TABLE: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parent / "batch_cases.toml").read_text(encoding="utf-8")
)


def text_of(outcome: Exchange | ModelFailure) -> str:
    if isinstance(outcome, ModelFailure):
        raise outcome
    return read(outcome).text


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("case", TABLE["line"], ids=lambda case: case["name"])
def test_a_request_has_the_outcome_that_its_lines_tell(case: dict[str, Any], packed: bool) -> None:
    file = case["file"].encode()
    found = best_of(list(read_lines(gzip.compress(file) if packed else file)))
    if "none" in case:
        assert "a" not in found
    elif "text" in case:
        assert text_of(found["a"]) == case["text"]
    else:
        with pytest.raises(ModelFailure, match=case["words"]) as caught:
            text_of(found["a"])
        assert caught.value.kind is FailureKind(case["kind"])


@pytest.mark.parametrize("case", TABLE["state"], ids=lambda case: case["found"][:60])
def test_a_batch_is_in_the_state_that_the_server_describes(case: dict[str, Any]) -> None:
    if "later" in case:
        with pytest.raises(ModelFailure, match="not there"):
            state_of(json.loads(case["found"]))
        return
    state = state_of(json.loads(case["found"]))
    assert (state.ended, state.told) == (case.get("ended", False), case["told"])
    assert (state.failure.kind if state.failure else None) == (FailureKind(case["kind"]) if "kind" in case else None)


class Flaky:
    """A batch API whose batches end at once, but whose first answers to some questions are failures."""

    honours_n = True

    def __init__(self, **failing: ModelFailure) -> None:
        self.failing, self.sent = failing, []  # type: list[tuple[str, ...]]

    def _may_fail(self, name: str) -> None:
        failure = self.failing.pop(name, None)
        if failure is not None:
            raise failure

    async def submit(self, mark: str, requests: Mapping[str, Mapping[str, Any]]) -> str:
        """Count what is paid for."""
        self.sent.append(tuple(requests))
        return f"batch {len(self.sent)}"

    async def find(self, batch: SentBatch) -> str | None:
        """Find none."""
        return None

    async def state(self, batch: str) -> BatchState:
        """End at once."""
        self._may_fail("state")
        return BatchState(True, "completed")

    async def results(self, batch: str) -> list[Line]:
        """Reply to each request, and to one that nobody made."""
        self._may_fail("results")
        names = (*self.sent[int(batch.split()[1]) - 1], "unknown")
        return [(name, Exchange(b"ready")) for name in reversed(names)]

    async def aclose(self) -> None:
        """Close nothing."""


async def asked_again(api: Flaky) -> list[bytes]:
    """Ask for two requests; what fails is asked once more."""
    settings = ModelSettings(model="m", base_url="http://127.0.0.1:9/v1", batch="openai", batch_poll_s=0.01)
    transport = BatchTransport(settings, api, BatchLedger(None, "m"))

    async def one(key: bytes) -> bytes:
        for _ in range(2):
            try:
                return (await transport.post_keyed({}, key)).body
            except ModelFailure:
                continue
        raise AssertionError("it failed twice")

    try:
        return list(await asyncio.gather(one(b"1"), one(b"2")))
    finally:
        await transport.aclose()


@pytest.mark.parametrize(
    ("failing", "kind", "sent"),
    [
        ("state", FailureKind.UNAUTHORISED, 1),
        ("state", FailureKind.CONNECTION, 1),
        ("results", FailureKind.SERVER, 1),
        ("results", FailureKind.CONNECTION, 1),
        ("results", FailureKind.TIMEOUT, 1),
        ("results", FailureKind.NOT_FOUND, 2),
    ],
)
def test_a_batch_that_cannot_be_fetched_is_fetched_later_and_not_paid_twice(
    failing: str, kind: FailureKind, sent: int
) -> None:
    api = Flaky(**{failing: ModelFailure(kind, "it failed")})
    assert asyncio.run(asked_again(api)) == [b"ready", b"ready"]
    assert len(api.sent) == sent
