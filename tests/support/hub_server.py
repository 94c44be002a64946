"""The endpoints of the Hugging Face Hub that a push uses, on loopback; `hub` is what a repository holds afterwards.

Files go the way of Git LFS. The hub's newer way, Xet, is a protocol of its own and is not imitated: clients of this
server have to be told so (`HF_HUB_DISABLE_XET=1`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0" * 40


@dataclass
class Hub:
    """A repository, and what was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """Path → content, as of the last commit."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 → content that was uploaded."""
    uploads: int = 0
    """Blobs that came over the wire."""
    created: dict[str, Any] = field(default_factory=dict)
    """What the repository was created with."""
    broken: int = 0
    """Uploads to refuse from now on."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def handle_any(self) -> None:
        body, path = self._body(), self.path.split("?")[0]
        if path == "/api/repos/create":
            self.hub.created = json.loads(body)
            return self._say(200, {"url": f"{self.hub.url}/datasets/me/d", "id": "me/d", "name": "me/d"})
        if path == "/api/whoami-v2":
            return self._say(200, {"name": "me", "type": "user", "orgs": []})
        if path == "/api/validate-yaml":
            return self._say(200, {"errors": [], "warnings": []})
        if "/preupload/" in path:
            return self._say(200, {"files": [self._mode(file["path"]) for file in json.loads(body)["files"]]})
        if path.endswith("/info/lfs/objects/batch"):
            objects = [self._action(one) for one in json.loads(body)["objects"]]
            return self._say(200, {"transfer": "basic", "objects": objects})
        if path.startswith("/lfs/") and self.command == "PUT":
            return self._keep(path.removeprefix("/lfs/"), body)
        if "/commit/" in path:
            return self._commit(body)
        if "/tree/" in path:
            return self._say(200, [{"type": "file", "path": name, "size": 1, "oid": COMMIT} for name in self.hub.files])
        if re.fullmatch(r"/api/datasets/me/d(/revision/[^/]+)?", path):
            siblings = [{"rfilename": name} for name in self.hub.files]
            return self._say(
                200, {"id": "me/d", "_id": "x", "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            )
        self._say(404, {"error": f"no {self.command} {path}"})

    do_GET = do_POST = do_PUT = do_HEAD = handle_any

    def _mode(self, path: str) -> dict[str, Any]:
        large = path.endswith(".parquet")
        return {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": None}

    def _action(self, one: dict[str, Any]) -> dict[str, Any]:
        known = one["oid"] in self.hub.blobs
        upload = {"actions": {"upload": {"href": f"{self.hub.url}/lfs/{one['oid']}", "header": {}}}}
        return {"oid": one["oid"], "size": one["size"], "authenticated": True, **({} if known else upload)}

    def _keep(self, oid: str, body: bytes) -> None:
        if self.hub.broken:
            self.hub.broken -= 1
            return self._say(403, {"error": "the connection broke"})
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.blobs[oid] = body
        self.hub.uploads += 1
        self._say(200, {})

    def _commit(self, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.hub.files[value["path"]] = base64.b64decode(value["content"])
            if line["key"] == "lfsFile":
                self.hub.files[value["path"]] = self.hub.blobs[value["oid"]]
            if line["key"] == "deletedFile":
                del self.hub.files[value["path"]]
        url = f"{self.hub.url}/datasets/me/d/commit/{COMMIT}"
        self._say(200, {"success": True, "commitOid": COMMIT, "commitUrl": url, "hookOutput": ""})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _say(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve an empty hub."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
