"""What small servers of the tests share: answers in JSON, no log, and a start that prints the port."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class JsonHandler(BaseHTTPRequestHandler):
    def answer(self, status: int, found: object) -> None:
        """Answer with a document."""
        self.send(status, json.dumps(found).encode())

    def send(self, status: int, body: bytes) -> None:
        """Answer with a body that is written already."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def serve(handler: type[JsonHandler]) -> None:
    """Serve on a free port, and print it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(server.server_port, flush=True)
    server.serve_forever()
