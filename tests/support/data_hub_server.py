"""A hub of data sets, as a process of its own: `python data_hub_server.py DIRECTORY` prints its port.

DIRECTORY/OWNER/NAME/ holds the files of a data set. Endpoints are those that huggingface_hub reads a data set by:
its description, its tree, and its files with their entity tags. Every request is printed to stderr.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from json_handler import JsonHandler, serve

ROOT = Path(sys.argv[1])
COMMIT = "5" * 40
API = re.compile(r"/api/datasets/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)(?:/(.*))?)?")
FILE = re.compile(r"(?:/datasets)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


def files_of(name: str) -> dict[str, Path]:
    """Path inside the data set → file; empty for one that is not there."""
    folder = ROOT / name
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


class Hub(JsonHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.route()

    def do_HEAD(self) -> None:
        self.route()

    def do_POST(self) -> None:
        self.route(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def route(self, body: bytes = b"") -> None:
        path = unquote(urlsplit(self.path).path)
        print(self.command, self.path, file=sys.stderr, flush=True)
        if found := FILE.fullmatch(path):
            self.file(files_of(found[1]), found[2], found[3])
        elif found := API.fullmatch(path):
            self.about(found[1], found[2] or "", found[3] or "main", body)
        else:
            self.missing("RepoNotFound")

    def about(self, name: str, what: str, revision: str, body: bytes) -> None:
        files = files_of(name)
        if not files:
            self.missing("RepoNotFound")
        elif revision not in ("main", COMMIT):
            self.missing("RevisionNotFound")
        elif what == "tree":
            self.answer(200, [entry(path, file) for path, file in files.items()])
        elif what == "paths-info":
            wanted = json.loads(body)["paths"]
            self.answer(200, [entry(path, file) for path, file in files.items() if path in wanted])
        else:
            siblings = [{"rfilename": path} for path in files]
            told = {"id": name, "_id": "x", "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            self.answer(200, {**told, "downloads": 0, "likes": 0})

    def file(self, files: dict[str, Path], revision: str, path: str) -> None:
        if not files:
            self.missing("RepoNotFound")
        elif revision not in ("main", COMMIT):
            self.missing("RevisionNotFound")
        elif path not in files:
            self.missing("EntryNotFound")
        else:
            self.content(files[path].read_bytes())

    def content(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def missing(self, code: str) -> None:
        body = json.dumps({"error": code}).encode()
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def entry(path: str, file: Path) -> dict[str, object]:
    data = file.read_bytes()
    return {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}


if __name__ == "__main__":
    serve(Hub)
