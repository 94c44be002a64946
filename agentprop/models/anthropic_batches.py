"""Anthropic's Message Batches, by the package `anthropic`: requests → a batch → its results, line by line.

A batch there has no field for our mark, so the mark is part of the id of every request, which the results repeat. A
batch whose creation was not confirmed is therefore known by its results alone: those of the same size that were created
since are waited for until they have ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from agentprop.errors import ConfigError
from agentprop.models.anthropic_messages import completion_of, params_of
from agentprop.models.batches import BatchState, Line, SentBatch
from agentprop.models.chat import Exchange
from agentprop.models.complaints import complaint_of, failure_of
from agentprop.models.endpoint import retry_after_s
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings

NAME = 32
"""Characters of a request's name in its id; our mark follows."""
LISTED = 100
SLACK_S = 600.0
"""Seconds by which a server's clock may be behind ours."""
TRANSFER_S = 1800.0
"""Seconds that requests or results may take."""
STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Type of an error → the status with which it would come outside of a batch."""


class AnthropicBatches:
    """Client of the batch API."""

    honours_n: bool | None = False

    def __init__(self, settings: ModelSettings, key: str | None) -> None:
        self._poll_s = settings.batch_poll_s
        self._client = _package().AsyncAnthropic(
            base_url=re.sub(r"/v1/?$", "", str(settings.base_url)),
            api_key=key or "none",  # otherwise the package would look for one that was not meant for this server
            max_retries=0,
            timeout=settings.timeout_s,
            default_headers=settings.headers,
        )
        self._batches = self._client.messages.batches

    async def submit(self, mark: str, requests: Mapping[str, Mapping[str, Any]]) -> str:
        """Create the batch and return its id. Raises ModelFailure."""
        lines = [{"custom_id": name + mark, "params": params_of(body)} for name, body in requests.items()]
        with _as_model_failures():
            return str((await self._batches.create(requests=lines, timeout=TRANSFER_S)).id)

    async def find(self, batch: SentBatch) -> str | None:
        """Return the id of the batch with a mark, once it has ended; None if there is none. Raises ModelFailure."""
        with _as_model_failures():
            while True:
                page = await self._batches.list(limit=LISTED)
                likely = [one for one in page.data if _may_be(one, batch)]
                for one in likely:
                    if one.processing_status == "ended" and await self._is_marked(one.id, batch.mark):
                        return str(one.id)
                if all(one.processing_status == "ended" for one in likely):
                    return None
                await asyncio.sleep(self._poll_s)

    async def _is_marked(self, number: str, mark: str) -> bool:
        """Look if the first result is of a request with our mark."""
        async with self._batches.with_streaming_response.results(number, timeout=TRANSFER_S) as response:
            async for line in response.iter_lines():
                return any(name.endswith(mark) for name, _ in _lines(line))
        return False

    async def state(self, batch: str) -> BatchState:
        """Return how far a batch is. Raises ModelFailure."""
        with _as_model_failures():
            found = await self._batches.retrieve(batch)
        counts = found.request_counts
        total = _size(counts)
        told = f"{found.processing_status}, {total - counts.processing} of {total}"
        return BatchState(found.processing_status == "ended", told)

    async def results(self, batch: str) -> list[Line]:
        """Return the results of all requests. Raises ModelFailure."""
        with _as_model_failures():
            async with self._batches.with_streaming_response.results(batch, timeout=TRANSFER_S) as response:
                content = await response.read()
        return [(name[:NAME], outcome) for line in content.splitlines() for name, outcome in _lines(line)]

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.close()


def _may_be(found: Any, batch: SentBatch) -> bool:
    """Tell if a server's batch could be ours, by its size and age."""
    return _size(found.request_counts) == len(batch.keys) and found.created_at.timestamp() >= batch.at - SLACK_S


def _size(counts: Any) -> int:
    return int(counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired)


def _lines(raw: bytes | str) -> Iterator[Line]:
    """Read a line of the results; one that cannot be read is left out, so its request has none."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    try:
        line = json.loads(text, strict=False)
    except ValueError:
        return
    if isinstance(line, dict) and isinstance(line.get("custom_id"), str):
        result = line.get("result")
        yield line["custom_id"], _outcome(result if isinstance(result, Mapping) else {})


def _outcome(result: Mapping[str, Any]) -> Exchange | ModelFailure:
    kind, message = result.get("type"), result.get("message")
    if kind == "succeeded" and isinstance(message, Mapping):
        return Exchange(json.dumps(completion_of(message), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if kind == "errored":
        error = result.get("error")
        inner = error.get("error") if isinstance(error, Mapping) else None
        told = inner if isinstance(inner, Mapping) else {"message": str(error)}
        return failure_of(complaint_of({"error": dict(told)}, STATUS.get(str(told.get("type")))))
    return ModelFailure(FailureKind.SERVER, f"the batch ended without a reply to this request ({kind})")


@cache
def _package() -> Any:
    try:
        import anthropic
    except ImportError:
        raise ConfigError(
            'batch = "anthropic" needs the package anthropic', hint="pip install 'agentic-proposing[anthropic]'"
        ) from None
    return anthropic


@contextlib.contextmanager
def _as_model_failures() -> Iterator[None]:
    """Turn exceptions of the package into ModelFailure."""
    anthropic = _package()
    try:
        yield
    except anthropic.APIStatusError as error:
        said = complaint_of(error.response.content, error.status_code)
        raise failure_of(said, retry_after_s=retry_after_s(error.response.headers)) from None
    except anthropic.APITimeoutError:
        raise ModelFailure(FailureKind.TIMEOUT, "the server did not answer in time") from None
    except anthropic.APIConnectionError as error:
        raise ModelFailure(FailureKind.CONNECTION, f"connection failed: {error.__cause__ or error}") from None
