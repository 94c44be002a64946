"""A local model server without a model: `python fake_serve.py BEHAVIOUR MODEL --host H --port P ...`.

BEHAVIOUR is `well`, `slow` (ready after a second), `dies` (with last words), `deaf` (does not end when asked to) or
`never` (is never ready). It starts a child of its own, as real ones do, and writes both process ids to its log.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

READY_AT = time.monotonic() + (1.0 if sys.argv[1] == "slow" else 1e9 if sys.argv[1] == "never" else 0.0)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ready = time.monotonic() >= READY_AT
        self.answer(200 if ready else 503, {"data": [{"id": sys.argv[2], "max_model_len": 4096}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": f"I am {sys.argv[2]}"}
        usage = {"prompt_tokens": 3, "completion_tokens": 3}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        self.answer(200, {"model": sys.argv[2], "choices": choices, "usage": usage})

    def answer(self, status: int, found: object) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("pids", os.getpid(), child.pid, flush=True)
    print("loading the weights", flush=True)
    if sys.argv[1] == "dies":
        sys.exit("ValueError: the weights are not there")
    if sys.argv[1] == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    port = int(sys.argv[sys.argv.index("--port") + 1])
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
