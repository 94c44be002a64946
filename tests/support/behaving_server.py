"""A server that plays a row of tests/models/endpoint_cases.toml: `python behaving_server.py NAME` prints its port."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from json_handler import JsonHandler, serve

CASES = Path(__file__).parents[1] / "models" / "endpoint_cases.toml"
case: dict[str, Any] = {}
received: list[dict[str, Any]] = []


def refused(body: dict[str, Any]) -> str | None:
    """The first thing in a request that the server refuses."""
    found = {
        "any": True,
        "system": any(message["role"] == "system" for message in body["messages"]),
        "whole": not body.get("stream"),
    }
    return next((field for field in case.get("refuses", ()) if found.get(field, field in body)), None)


def completion(body: dict[str, Any]) -> bytes:
    message = {"role": "assistant", "content": "TEXT"}
    choice = {"index": 0, "finish_reason": "stop", "message": message, **case.get("choice", {})}
    usage = case.get("usage", {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12})
    if body.get("stream"):
        return (
            b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks(usage)) + b"data: [DONE]\n\n"
        )
    out = json.dumps({"model": "toy", "choices": [choice], "usage": usage})
    return out.replace("TEXT", case.get("text", "ready")).encode()


def chunks(usage: dict[str, Any]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant"}, {"reasoning_content": "h"}, {"reasoning_content": "m"}]
    deltas += [{"content": letter} for letter in "ready"]
    pieces = [{"model": "toy", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    return [*pieces, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = received if self.path == "/v1/received" else {"data": [{"id": "toy"}, {"id": "toy-large"}]}
        self.answer(200, found)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path, _, query = self.path.partition("?")
        if path != "/v1/chat/completions" or query != case.get("query", ""):
            self.send(404, b'{"detail":"Not Found"}')
            return
        received.append(body)
        field = refused(body)
        if body["model"] != "toy":
            self.send(404, b'{"error":{"message":"The model `other` does not exist.","type":"NotFoundError"}}')
        elif field is not None:
            words = case.get("bodies", {}).get(field, case["body"])
            self.send(case["status"], words.replace("FIELD", field).encode())
        else:
            self.send(200, completion(body))


if __name__ == "__main__":
    rows = tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]
    case = next(row for row in rows if row["name"] == sys.argv[1])
    serve(Handler)
