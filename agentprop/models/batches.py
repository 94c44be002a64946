"""Requests → batches of a batch API, and back: slower, and at most providers for half the price.

Requests are gathered until no further one comes for a moment, and sent together. What was sent is noted in a ledger
before and after, so a run that is killed finds its batches again when it resumes and pays for none twice:

    gather → note the requests and our own mark → upload and create, marked → note the server's id → poll → hand out

If the kill came between the two notes, the batch is found at the server by the mark. Lines that failed, and
requests without a line, are failures like any other: they are asked again in a later batch, or given up. A batch that
cannot be looked at or fetched is not sent again, because it may be paid for: it is looked at again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agentprop.errors import RunError
from agentprop.models.chat import Exchange
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings

LEDGER = "batches.jsonl"
GATHER_S = 2.0
"""Seconds without a new request after which those that wait are sent."""
PATIENCE = 20
"""Looks at a batch in a row that may fail."""
PASSING = frozenset({FailureKind.CONNECTION, FailureKind.SERVER, FailureKind.RATE_LIMIT, FailureKind.TIMEOUT})
log = logging.getLogger("agentprop")

Line = tuple[str, Exchange | ModelFailure]


@dataclass(frozen=True)
class BatchState:
    """What a server says about a batch."""

    ended: bool
    """Nothing more will come of it."""
    told: str
    """Its state in words."""
    failure: ModelFailure | None = None
    """Why the whole of it failed."""


class BatchApi(Protocol):
    """A batch API: each call may raise ModelFailure."""

    honours_n: bool | None
    """A line may ask for several replies; None if that depends on the server."""

    async def submit(self, mark: str, requests: Mapping[str, Mapping[str, Any]]) -> str:
        """Send requests by their ids, marked, and return the server's id of the batch."""
        ...

    async def find(self, batch: SentBatch) -> str | None:
        """Return the server's id of a batch that may have been created, by its mark; None if there is none."""
        ...

    async def state(self, batch: str) -> BatchState:
        """Return how far a batch is."""
        ...

    async def results(self, batch: str) -> list[Line]:
        """Return the lines of an ended batch, finished and failed."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass
class SentBatch:
    """A batch that was sent, or was about to be."""

    mark: str
    keys: tuple[str, ...]
    at: float = 0.0
    """Seconds since 1970 when it was about to be sent."""
    id: str | None = None
    task: asyncio.Task[None] | None = field(default=None, compare=False)


class BatchLedger:
    """The batches of a model in one run, as lines of a file; without a file they are forgotten with the process."""

    def __init__(self, path: Path | None, identity: str) -> None:
        self._path, self._identity = path, identity
        self.batches: dict[str, SentBatch] = {}
        for event in _events(path):
            if event.get("model") == identity:
                self._apply(event)

    def note(self, mark: str, **facts: Any) -> None:
        """Write a fact about a batch to disk."""
        event = {"mark": mark, "model": self._identity, **facts}
        if self._path is not None:
            try:
                _append(self._path, event)
            except OSError as error:
                raise RunError(f"cannot write {self._path}: {error.strerror}", hint="free some space") from error
        self._apply(event)

    def _apply(self, event: Mapping[str, Any]) -> None:
        new = SentBatch(event["mark"], tuple(event.get("keys", ())), event.get("at", 0.0))
        batch = self.batches.setdefault(event["mark"], new)
        batch.id = event.get("id", batch.id)

    def latest(self) -> dict[str, SentBatch]:
        """Return the last batch of each request."""
        return {key: batch for batch in self.batches.values() for key in batch.keys}


def _events(path: Path | None) -> Iterator[dict[str, Any]]:
    if path is None or not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):  # a kill may have cut off the last one
            event = json.loads(line)
            if isinstance(event, dict) and "mark" in event:
                yield event


def _append(path: Path, event: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        start = b"" if file.tell() == 0 else b"\n"  # a new line first: a kill may have cut off the last one
        file.write(start + json.dumps(event).encode())
        file.flush()
        os.fsync(file.fileno())


class BatchTransport:
    """Transport that asks in batches."""

    def __init__(self, settings: ModelSettings, api: BatchApi, ledger: BatchLedger) -> None:
        self.settings = settings
        self._api, self._ledger = api, ledger
        self._known = ledger.latest()
        self._futures: dict[str, asyncio.Future[Exchange]] = {}
        self._pending: dict[str, Mapping[str, Any]] = {}
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._more = asyncio.Event()
        self._gatherer: asyncio.Task[None] | None = None

    @property
    def honours_n(self) -> bool | None:
        """A request may ask for several replies; None if that is not known."""
        return self.settings.n if self._api.honours_n is None else self._api.honours_n

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Exchange one request that equals no other one."""
        return await self.post_keyed(body, uuid.uuid4().bytes)

    async def post_keyed(self, body: Mapping[str, object], key: bytes) -> Exchange:
        """Exchange one request; equal requests have the same key, in every session. Raises ModelFailure."""
        name = key.hex()
        found = self._futures.get(name)
        if found is None:
            found = self._futures[name] = asyncio.get_running_loop().create_future()
            found.add_done_callback(_seen)
            self._bodies[name] = {k: v for k, v in body.items() if k not in ("stream", "stream_options")}
            self._enter(name)
        return await asyncio.shield(found)

    async def aclose(self) -> None:
        """Stop looking; batches that are under way stay so, and are found again."""
        tasks = [self._gatherer, *(batch.task for batch in self._ledger.batches.values())]
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)
        await self._api.aclose()

    # --- sending ---

    def _enter(self, name: str) -> None:
        """Wait for the batch that a request is in, or put it into the next one."""
        batch = self._known.get(name)
        if batch is not None:
            self._follow(batch)
            return
        self._pending[name] = self._bodies[name]
        self._more.set()
        if self._gatherer is None:
            self._gatherer = asyncio.get_running_loop().create_task(self._gather())

    async def _gather(self) -> None:
        quiet_s = min(GATHER_S, self.settings.batch_poll_s)
        while True:
            await self._more.wait()
            while len(self._pending) < self.settings.batch_size:
                self._more.clear()
                try:
                    await asyncio.wait_for(self._more.wait(), quiet_s)
                except TimeoutError:
                    break
            while self._pending:
                names = list(self._pending)[: self.settings.batch_size]
                batch = self._noted({name: self._pending.pop(name) for name in names})
                self._follow(batch)
            self._more.clear()

    def _noted(self, requests: Mapping[str, Mapping[str, Any]]) -> SentBatch:
        mark = uuid.uuid4().hex
        self._ledger.note(mark, keys=list(requests), at=time.time())
        batch = self._ledger.batches[mark]
        self._known.update(dict.fromkeys(requests, batch))
        batch.task = asyncio.get_running_loop().create_task(self._submit(batch, requests))
        return batch

    async def _submit(self, batch: SentBatch, requests: Mapping[str, Mapping[str, Any]]) -> None:
        try:
            number = await self._api.submit(batch.mark, requests)
        except ModelFailure as failure:
            self._fail(batch.keys, failure)  # what came of it is looked up when the requests are made again
            batch.task = None
            return
        self._ledger.note(batch.mark, id=number)
        log.info("batch %s: %d requests are under way; the same command resumes", number, len(requests))
        await self._finish(batch)

    # --- waiting ---

    def _follow(self, batch: SentBatch) -> None:
        if batch.task is None or batch.task.done():
            batch.task = asyncio.get_running_loop().create_task(self._resume(batch))

    async def _resume(self, batch: SentBatch) -> None:
        """Find a batch of an earlier session, or of a failed submission, and wait for it."""
        try:
            if batch.id is None:
                found = await self._api.find(batch)
                if found is None:
                    self._again(batch)
                    return
                self._ledger.note(batch.mark, id=found)
        except ModelFailure as failure:
            self._fail(batch.keys, failure)
            return
        await self._finish(batch)

    def _again(self, batch: SentBatch) -> None:
        """Put the requests of a batch that never came about into the next one."""
        for name in batch.keys:
            if self._known.get(name) is batch:
                del self._known[name]
                if name in self._futures:
                    self._enter(name)

    async def _finish(self, batch: SentBatch) -> None:
        assert batch.id is not None
        try:
            state = await self._ended(batch.id)
            lines = {} if state.failure else best_of(await self._api.results(batch.id))
        except ModelFailure as failure:
            if failure.kind is FailureKind.NOT_FOUND:
                self._forget(batch, failure)
            else:
                self._fail(batch.keys, failure)  # it may be paid for: whoever asks again waits for this batch again
            return
        for name, outcome in lines.items():
            if isinstance(outcome, Exchange):
                self._settle(name, outcome)
            elif self._known.get(name) is batch:
                self._lose(name, outcome)
        told = f"batch {batch.id} ended ({state.told}) without a line for this request"
        self._forget(batch, state.failure or ModelFailure(FailureKind.SERVER, told), keep=lines.keys())

    async def _ended(self, number: str) -> BatchState:
        """Look at a batch until it has ended."""
        failures, told = 0, ""
        while True:
            try:
                state = await self._api.state(number)
            except ModelFailure as failure:
                failures += 1
                if failure.kind not in PASSING or failures >= PATIENCE:
                    raise
            else:
                failures = 0
                if state.told != told:
                    told = state.told
                    log.info("batch %s: %s", number, told)
                if state.ended:
                    return state
            await asyncio.sleep(self.settings.batch_poll_s)

    # --- handing out ---

    def _settle(self, name: str, exchange: Exchange) -> None:
        found = self._futures.pop(name, None)
        self._bodies.pop(name, None)
        if found is not None and not found.done():
            found.set_result(exchange)

    def _lose(self, name: str, failure: ModelFailure) -> None:
        """Hand out a failure; the request may be made again, in another batch."""
        self._known.pop(name, None)
        self._fail((name,), failure)

    def _fail(self, names: Sequence[str], failure: ModelFailure) -> None:
        for name in names:
            found = self._futures.pop(name, None)
            self._bodies.pop(name, None)
            if found is not None and not found.done():
                found.set_exception(_copy(failure))

    def _forget(self, batch: SentBatch, failure: ModelFailure, keep: Set[str] = frozenset()) -> None:
        for name in batch.keys:
            if name not in keep and self._known.get(name) is batch:
                self._lose(name, failure)


def best_of(lines: Sequence[Line]) -> dict[str, Exchange | ModelFailure]:
    """Return one outcome of each request: a reply counts before a failure, and the first of several."""
    found: dict[str, Exchange | ModelFailure] = {}
    for name, outcome in lines:
        before = found.setdefault(name, outcome)
        if isinstance(before, ModelFailure) and isinstance(outcome, Exchange):
            found[name] = outcome
    return found


def _copy(failure: ModelFailure) -> ModelFailure:
    """Return a failure of its own for each request, because each counts its attempts."""
    return ModelFailure(
        failure.kind,
        failure.message,
        status=failure.status,
        retry_after_s=failure.retry_after_s,
        excerpt=failure.excerpt,
        usage=failure.usage,
        advice=failure.advice,
    )


def _seen(future: asyncio.Future[Exchange]) -> None:
    """Take note of an exception that nobody waits for any more."""
    if not future.cancelled():
        future.exception()
