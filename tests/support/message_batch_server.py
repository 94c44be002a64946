"""A server that plays Anthropic's Message Batches: `python message_batch_server.py [POLLS]` prints its port.

Answers, faults, `GET /ledger` and `GET /end` are those of batch_server; an expired request has a result that says so,
and `missing` has none the first time.
"""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import batch_server
from json_handler import JsonHandler, serve

PATH = "/v1/messages/batches"
batches: dict[str, dict[str, Any]] = {}
requests: dict[str, list[dict[str, Any]]] = {}
results: dict[str, bytes] = {}
seen: Counter[str] = Counter()
answered: Counter[str] = Counter()


def message(params: dict[str, Any]) -> dict[str, Any]:
    assert params.keys() <= {"model", "messages", "max_tokens", "system", "temperature", "top_p", "output_config"}
    assert isinstance(params["max_tokens"], int)
    turns = [{"role": "system", "content": params.get("system", "")}, *params["messages"]]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": params["model"],
        "content": [
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": batch_server.said({**params, "messages": turns})},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 5},
    }


def result(request: dict[str, Any]) -> dict[str, Any] | None:
    text, key = request["params"]["messages"][-1]["content"], request["custom_id"][:32]
    seen[key] += 1
    fault = re.search(r"fault: (\w+)", text)
    kind = fault[1] if fault and (seen[key] == 1 or fault[1] == "refused") else ""
    errors = {
        "refused": {"type": "invalid_request_error", "message": "the input was flagged"},
        "busy": {"type": "overloaded_error", "message": "Overloaded"},
    }
    if kind in errors:
        return {"type": "errored", "error": {"type": "error", "error": errors[kind], "request_id": None}}
    if kind == "expired":
        return {"type": "expired"}
    if kind == "missing":
        return None
    answered[key] += 1
    return {"type": "succeeded", "message": message(request["params"])}


def process(batch: dict[str, Any], root: str) -> None:
    found = [(request["custom_id"], result(request)) for request in requests[batch["id"]]]
    lines = [{"custom_id": name, "result": one} for name, one in reversed(found) if one is not None]
    results[batch["id"]] = "\n".join(map(json.dumps, lines)).encode()
    kinds = Counter(line["result"]["type"] for line in lines)
    missing = len(found) - len(lines)
    batch["request_counts"] = counts(**{**kinds, "canceled": missing})
    batch["processing_status"] = "ended"
    batch["results_url"] = f"{root}{PATH}/{batch['id']}/results"


def counts(**known: int) -> dict[str, int]:
    return {name: known.get(name, 0) for name in ("processing", "succeeded", "errored", "canceled", "expired")}


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, root = self.path.partition("?")[0], f"http://{self.headers['Host']}"
        name = path.removeprefix(f"{PATH}/").removesuffix("/results")
        if path == "/v1/ledger":
            self.answer(200, {"answered": answered, "batches": len(batches), "key": last_key})
        elif path == "/v1/end":
            batch_server.polls = 1
            for batch in batches.values():
                process(batch, root)
            self.answer(200, {})
        elif path == PATH:
            newest = list(reversed(batches.values()))
            self.look(newest, root)
            self.answer(200, {"data": newest, "has_more": False, "first_id": None, "last_id": None})
        elif path.endswith("/results"):
            self.send(200, results[name])
        else:
            self.look([batches[name]], root)
            self.answer(200, batches[name])

    def look(self, found: list[dict[str, Any]], root: str) -> None:
        for batch in found:
            looks[batch["id"]] += 1
            if batch["processing_status"] == "in_progress" and looks[batch["id"]] >= batch_server.polls:
                process(batch, root)

    def do_POST(self) -> None:
        global last_key
        last_key = self.headers.get("x-api-key") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["requests"]
        assert self.path.partition("?")[0] == PATH and self.headers["anthropic-version"]
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one["custom_id"]) for one in asked)
        name, now = f"msgbatch_{len(batches)}", datetime.now(UTC)
        requests[name] = asked
        batches[name] = {
            "id": name,
            "type": "message_batch",
            "processing_status": "in_progress",
            "request_counts": counts(processing=len(asked)),
            "created_at": now.isoformat(),
            "expires_at": (now + timedelta(days=1)).isoformat(),
            "results_url": None,
        }
        if "fault: crash" in json.dumps(asked) and len(batches) == 1:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.answer(200, batches[name])


looks: Counter[str] = Counter()
last_key: str | None = None

if __name__ == "__main__":
    serve(Handler)
