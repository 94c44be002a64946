"""An OpenAI-compatible server that can do what its arguments name: `python capable_server.py [ABILITY]...`.

Abilities: n, tools, schema, logprobs, ids, template. What it cannot do it ignores, or refuses with `strict`; with
`forced` it calls tools only if it must. Prints its port; with `key` it requires the key `right`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from json_handler import JsonHandler, serve

ABLE = set(sys.argv[1:])
FIELDS = {"n": "n", "tools": "tools", "schema": "response_format", "logprobs": "logprobs", "ids": "return_token_ids"}


def completion(body: dict[str, Any]) -> dict[str, Any]:
    wanted = {ability for ability, field in FIELDS.items() if field in body} & ABLE
    message: dict[str, Any] = {"role": "assistant", "content": "ready"}
    if "tools" in wanted:
        function = {"name": "add", "arguments": '{"a": 2, "b": 3}'}
        message = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": function}]}
    if "schema" in wanted:
        message["content"] = '{"sum": 5}'
    choice: dict[str, Any] = {"message": message, "finish_reason": "stop"}
    if "ids" in wanted:
        choice["token_ids"] = [7]
    if "logprobs" in wanted:
        choice["logprobs"] = {"content": [{"token": "ready", "logprob": -0.5}]}
    choices = [{**choice, "index": index} for index in range(body["n"] if "n" in wanted else 1)]
    out = {"model": "toy-v1", "choices": choices, "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    return {**out, "prompt_token_ids": [1, 2, 3]} if "ids" in wanted else out


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200, {"data": [{"id": "toy", "max_model_len": 4096}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "key" in ABLE and self.headers["Authorization"] != "Bearer right":
            self.answer(401, {"error": {"message": "no such key"}})
        elif self.path == "/tokenize" and "template" in ABLE:
            self.answer(200, {"tokens": [ord(c) for c in "".join(f"<|{m['role']}|>" for m in body["messages"])]})
        elif self.path == "/detokenize" and "template" in ABLE:
            self.answer(200, {"prompt": "".join(map(chr, body["tokens"]))})
        elif self.path != "/v1/chat/completions":
            self.answer(404, {"error": {"message": "no such path"}})
        elif body.get("n", 1) > 1 and body.get("temperature") == 0:
            self.answer(400, {"error": {"message": "n must be 1 when using greedy sampling"}})  # as vLLM
        elif "strict" in ABLE and any(field in body for ability, field in FIELDS.items() if ability not in ABLE):
            self.answer(400, {"error": {"message": "unknown field"}})
        elif "forced" in ABLE and "tools" in body and body.get("tool_choice") != "required":
            self.answer(400, {"error": {"message": "tools need tool_choice"}})
        else:
            self.answer(200, completion(body))


if __name__ == "__main__":
    serve(Handler)
