"""A server with vLLM's routes and without a model: `python recording_server.py MODEL --host H --port P ...`.

It samples three tokens for every prompt, and writes its GPU, its arguments and each request to its log, as JSON lines.
It remembers adapters and the version of its weights, unless STUCK_VERSION says that it has another one.
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ADAPTERS: dict[str, str] = {}
VERSION = {"weight_version": "default"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/weight_info":
            stuck = os.environ.get("STUCK_VERSION")
            self.answer({"weight_version": stuck} if stuck else VERSION)
        elif self.path == "/get_world_size":
            self.answer({"world_size": 2})
        else:
            own = {"id": sys.argv[1], "max_model_len": 4096}
            self.answer({"data": [own, *({"id": name, "root": path} for name, path in ADAPTERS.items())]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        print(json.dumps({"path": self.path, "body": body}), flush=True)
        self.remember(body)
        logprobs = {"token_logprobs": [-1.0, -1.0, -1.0]}
        choice = {"index": 0, "text": "", "finish_reason": "length", "token_ids": [65, 66, 67], "logprobs": logprobs}
        usage = {"prompt_tokens": 10, "completion_tokens": 3}
        self.answer({"model": body.get("model"), "choices": [choice], "usage": usage})

    def remember(self, body: dict[str, Any]) -> None:
        if self.path == "/update_weight_version":
            VERSION["weight_version"] = body["new_version"]
        elif self.path == "/v1/load_lora_adapter":
            ADAPTERS[body["lora_name"]] = body["lora_path"]
        elif self.path == "/v1/unload_lora_adapter":
            del ADAPTERS[body["lora_name"]]

    def answer(self, found: object) -> None:
        text = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    print(json.dumps({"gpu": os.environ.get("CUDA_VISIBLE_DEVICES"), "arguments": sys.argv[2:]}), flush=True)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
