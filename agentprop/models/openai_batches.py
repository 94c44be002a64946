"""The batch API of OpenAI, which other servers offer too: a file of requests → a file of replies and one of errors."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from agentprop.models.batches import BatchState, Line, SentBatch
from agentprop.models.chat import Exchange
from agentprop.models.complaints import complaint_of, failure_of, is_error
from agentprop.models.endpoint import Endpoint
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings

URL = "/v1/chat/completions"
ENDED = frozenset({
    "completed", "completed_with_errors", "succeeded", "success", "failed", "error", "expired", "timeout_exceeded",
    "cancelled", "canceled",
})  # fmt: skip
"""States, in any case, in which nothing more will come."""
MARK = "agentprop"
"""Field of a batch's metadata that holds our own id."""
LISTED = 100
MOST_PAGES = 50
SKEW_S = 3600.0
"""Seconds by which the server's clock may be behind ours."""
GZIP = b"\x1f\x8b"


class OpenAiBatches:
    """Client of the batch API."""

    honours_n: bool | None = None

    def __init__(self, settings: ModelSettings, key: str | None) -> None:
        self._endpoint = Endpoint(settings, api_key=key)

    async def submit(self, mark: str, requests: Mapping[str, Mapping[str, Any]]) -> str:
        """Upload the requests, create the batch, and return its id. Raises ModelFailure."""
        lines = (request_line(name, body) for name, body in requests.items())
        file = await self._endpoint.upload(f"{mark}.jsonl", b"".join(lines))
        created = await self._endpoint.look_up(
            "batches",
            {
                "input_file_id": file,
                "endpoint": URL,
                "completion_window": "24h",
                "metadata": {MARK: mark},
            },
        )
        return str(created["id"])

    async def find(self, batch: SentBatch) -> str | None:
        """Return the id of the batch with a mark, among the latest; None if there is none. Raises ModelFailure."""
        after = ""
        for _ in range(MOST_PAGES):
            listed = await self._endpoint.look_up(f"batches?limit={LISTED}{after}")
            page = listed.get("data") or []
            for one in page:
                if (one.get("metadata") or {}).get(MARK) == batch.mark:
                    return str(one["id"])
            if not listed.get("has_more") or not page or (page[-1].get("created_at") or 0.0) < batch.at - SKEW_S:
                return None
            after = f"&after={page[-1]['id']}"
        return None

    async def state(self, batch: str) -> BatchState:
        """Return how far a batch is. Raises ModelFailure."""
        return state_of(await self._endpoint.look_up(f"batches/{batch}"))

    async def results(self, batch: str) -> list[Line]:
        """Return the lines of both files. Raises ModelFailure."""
        found = await self._endpoint.look_up(f"batches/{batch}")
        lines: list[Line] = []
        for name in ("output_file_id", "error_file_id"):
            if found.get(name):
                lines += read_lines(await self._endpoint.download(str(found[name])))
        return lines

    async def aclose(self) -> None:
        """Close connections."""
        await self._endpoint.aclose()


def state_of(found: Mapping[str, Any]) -> BatchState:
    """Return the state of a batch as a server describes it. Raises ModelFailure if its files are not there yet."""
    status = str(found.get("status"))
    counts = found.get("request_counts") or {}
    completed, failed = int(counts.get("completed") or 0), int(counts.get("failed") or 0)
    told = f"{status}, {completed + failed} of {counts['total']}" if counts.get("total") else status
    files = found.get("output_file_id") or found.get("error_file_id")
    ended = status.lower() in ENDED
    if ended and completed and not found.get("output_file_id"):
        raise ModelFailure(FailureKind.SERVER, f"the replies of the batch are not there ({told})")
    if status.lower() in ("failed", "error") and not files:
        said = complaint_of({"error": _error_of(found.get("errors"))}, 400)
        return BatchState(True, told, failure_of(said))
    return BatchState(ended, told)


def _error_of(errors: Any) -> Any:
    """Return the first error of a batch, which servers tell as `{"data": […]}`, as a list or as one object."""
    inner = errors.get("data", errors) if isinstance(errors, Mapping) else errors
    first = inner[0] if isinstance(inner, list) and inner else inner
    return first or {"message": "the batch failed"}


def request_line(name: str, body: Mapping[str, Any]) -> bytes:
    """Return a request as a line of the file."""
    line = {"custom_id": name, "method": "POST", "url": URL, "body": body}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def read_lines(file: bytes) -> Iterator[Line]:
    """Read a file of replies or errors, packed or not; a line that cannot be read is left out: its request has none."""
    plain = gzip.decompress(file) if file.startswith(GZIP) else file
    for raw in plain.removeprefix(codecs.BOM_UTF8).splitlines():
        try:
            line = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("custom_id"), str):
            yield line["custom_id"], _outcome(line)


def _outcome(line: Mapping[str, Any]) -> Any:
    response, error = line.get("response"), line.get("error")
    if not isinstance(response, Mapping):
        return failure_of(complaint_of({"error": error or {"message": "neither a response nor an error"}}, None))
    told = str(response.get("status_code") or "")
    status = int(told) if told.isdigit() else None
    body = response if "choices" in response else response.get("body")
    if (status is not None and status >= 400) or not body or (isinstance(body, Mapping) and is_error(body)):
        words = body if body and isinstance(body, Mapping | list | str) else {"error": error or "the line has no reply"}
        return failure_of(complaint_of(words, status))
    if isinstance(body, str):
        return Exchange(body.encode("utf-8", "surrogatepass"))
    return Exchange(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
