"""The batch API of OpenAI, which other servers offer too: a file of requests → a file of replies and one of errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from agentprop.models.batches import BatchState, Line, SentBatch
from agentprop.models.chat import Exchange
from agentprop.models.complaints import complaint_of, failure_of
from agentprop.models.endpoint import Endpoint
from agentprop.models.settings import ModelSettings

URL = "/v1/chat/completions"
ENDED = frozenset({"completed", "failed", "expired", "cancelled", "canceled"})
MARK = "agentprop"
"""Field of a batch's metadata that holds our own id."""
LISTED = 100


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
        listed = await self._endpoint.look_up(f"batches?limit={LISTED}")
        for one in listed.get("data") or ():
            if (one.get("metadata") or {}).get(MARK) == batch.mark:
                return str(one["id"])
        return None

    async def state(self, batch: str) -> BatchState:
        """Return how far a batch is. Raises ModelFailure."""
        found = await self._endpoint.look_up(f"batches/{batch}")
        status = str(found.get("status"))
        counts = found.get("request_counts") or {}
        done = int(counts.get("completed") or 0) + int(counts.get("failed") or 0)
        told = f"{status}, {done} of {counts['total']}" if counts.get("total") else status
        files = found.get("output_file_id") or found.get("error_file_id")
        errors = (found.get("errors") or {}).get("data") or []
        if status == "failed" and not files:
            said = complaint_of({"error": errors[0] if errors else {"message": "the batch failed"}}, 400)
            return BatchState(True, told, failure_of(said))
        return BatchState(status.lower() in ENDED, told)

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


def request_line(name: str, body: Mapping[str, Any]) -> bytes:
    """Return a request as a line of the file."""
    line = {"custom_id": name, "method": "POST", "url": URL, "body": body}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def read_lines(file: bytes) -> Iterator[Line]:
    """Read a file of replies or errors; a line that cannot be read is left out, so its request has none."""
    for raw in file.splitlines():
        try:
            line = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("custom_id"), str):
            yield line["custom_id"], _outcome(line)


def _outcome(line: Mapping[str, Any]) -> Any:
    response, error = line.get("response"), line.get("error")
    if not isinstance(response, Mapping):
        return failure_of(complaint_of({"error": error or {"message": "neither a response nor an error"}}, None))
    status = response.get("status_code")
    body = response.get("body")
    if isinstance(status, int) and status >= 400:
        return failure_of(complaint_of(body if isinstance(body, Mapping | list | str) else {"error": error}, status))
    return Exchange(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
