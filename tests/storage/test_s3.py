"""Runs on an S3 server: moto's, as a process of its own, out of an environment of its own.

`moto[server]` cannot be installed beside the tests (its botocore wants an older python-dateutil), so:

    python3 -m venv /tmp/moto && /tmp/moto/bin/pip install 'moto[server]'
    MOTO_PYTHON=/tmp/moto/bin/python pytest -m s3 tests/storage/test_s3.py
"""

from __future__ import annotations

import hashlib
import http.client
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ENVIRONMENT, SUPPORT

from agentprop.records import Problem
from agentprop.storage.object_store import open_store
from agentprop.storage.reader import open_run

pytestmark = pytest.mark.s3
pytest.importorskip("obstore")

MOTO = os.environ.get("MOTO_PYTHON")
BUCKET = "runs"
STARTING_S = 120


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of an empty S3 server with one bucket."""
    if not MOTO:
        pytest.skip("MOTO_PYTHON names no Python with moto[server]")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [MOTO, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + STARTING_S
        while True:
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", method="PUT")
                urllib.request.urlopen(request, timeout=10).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "moto did not start"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def environment(server: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that any S3 client reads, here and for other processes."""
    variables = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "kept-to-myself",
        "AWS_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return {**ENVIRONMENT, **variables}


def agentprop(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "agentprop", *arguments]
    process = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert process.returncode == 0, process.stderr
    return process.stdout


def toy(environment: dict[str, str], url: str, n: int, pause_s: float = 0.0) -> subprocess.Popen[str]:
    """The toy stage of tests/support, two workers, with a commit every four records."""
    command = [sys.executable, str(SUPPORT / "toy_stage.py"), url, str(n), "2", str(pause_s), "4"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_a_proposed_run_is_verified_read_and_exported_where_it_lies(
    environment: dict[str, str], tmp_path: Path
) -> None:
    made, judged = f"s3://{BUCKET}/story/made", f"s3://{BUCKET}/story/judged"
    assert agentprop(environment, "propose", "--n", "5", "--seed", "3", "--out", made, "--quiet").strip() == made
    agentprop(environment, "verify", made, "--out", judged, "--quiet")
    problems = [json.loads(line) for line in agentprop(environment, "cat", made).splitlines()]
    verdicts = [json.loads(line) for line in agentprop(environment, "cat", judged).splitlines()]
    assert {row["id"] for row in problems} == {row["problem_id"] for row in verdicts} and len(problems) == 5
    assert problems[0]["statement"] in json.loads(agentprop(environment, "show", made, "0", "--json"))[0]["statement"]
    page, rows = tmp_path / "report.html", tmp_path / "rows.jsonl"
    agentprop(environment, "report", made, judged, "--out", str(page), "--quiet")
    agentprop(environment, "export", made, judged, "--format", "trl-sft", "--out", str(rows), "--quiet")
    assert "made" in page.read_text() and rows.read_text().count("\n") == 5
    assert_readable_by_others(made, problems, tmp_path / "copy.parquet")
    store = open_store(made)
    assert all(b"kept-to-myself" not in (store.get(key) or b"") for key in store.list())


def assert_readable_by_others(url: str, problems: list[dict[str, Any]], copy: Path) -> None:
    """polars reads the shards where they lie; duckdb and datasets, whose S3 clients are further packages, a copy."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    datasets = pytest.importorskip("datasets")
    options = {
        "aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "aws_allow_http": "true",
        "aws_access_key_id": "x",
        "aws_secret_access_key": "kept-to-myself",
        "aws_region": "us-east-1",
    }
    table = polars.read_parquet(f"{url}/problems/*.parquet", storage_options=options)
    ids = [row["id"] for row in problems]
    assert table["id"].to_list() == ids
    store = open_store(url)
    (key,) = store.list("problems")
    copy.write_bytes(store.get(key) or b"")
    assert [row for (row,) in duckdb.sql(f"select id from '{copy}'").fetchall()] == ids
    assert datasets.Dataset.from_parquet(str(copy), cache_dir=str(copy.parent / "cache"))["id"][:] == ids


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_content(
    environment: dict[str, str], tmp_path: Path
) -> None:
    n, url = 60, f"s3://{BUCKET}/killed"
    whole, _ = toy(environment, str(tmp_path / "whole"), n).communicate(timeout=300)
    chance = random.Random(1)
    for _ in range(4):
        process = toy(environment, url, n, 0.05)
        time.sleep(chance.uniform(1.0, 5.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    found, said = toy(environment, url, n).communicate(timeout=300)
    assert found == whole, said
    assert_whole(url, n)


def test_of_two_processes_at_once_one_is_fenced_and_the_other_finishes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    n, url = 60, f"s3://{BUCKET}/two"
    whole, _ = toy(environment, str(tmp_path / "whole"), n).communicate(timeout=300)
    both = [toy(environment, url, n, 0.05) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert sorted(process.returncode for process in both) in ([0, 1], [0, 0]), said
    for process, (out, error) in zip(both, said, strict=True):
        assert out == whole if process.returncode == 0 else "another agentprop process is working in" in error
    assert_whole(url, n)


def assert_whole(url: str, n: int) -> None:
    stored = open_run(url)
    assert stored.complete and sum(stored.rows.values()) == n
    indices = [problem.index for problem in stored.iter(Problem)]
    assert indices == sorted(set(indices))


class Lossy(http.server.BaseHTTPRequestHandler):
    """A proxy that carries each request out and loses the reply to every third put."""

    protocol_version = "HTTP/1.1"
    target = ""
    puts = 0
    lost = 0

    def log_message(self, *_: object) -> None:
        pass

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        onward = http.client.HTTPConnection(self.target, timeout=60)
        onward.request(self.command, self.path, body, dict(self.headers))
        reply = onward.getresponse()
        data = reply.read()
        onward.close()
        if self.command == "PUT":
            Lossy.puts += 1
            if Lossy.puts % 3 == 0:
                Lossy.lost += 1
                self.close_connection = True
                return
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = reply.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _pass_on


def test_lost_replies_are_never_taken_for_another_process(
    environment: dict[str, str], server: str, tmp_path: Path
) -> None:
    n, url = 40, f"s3://{BUCKET}/lossy"
    whole, _ = toy(environment, str(tmp_path / "whole"), n).communicate(timeout=300)
    Lossy.target = server.removeprefix("http://")
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lossy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        through = {**environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.server_address[1]}"}
        for _ in range(40):
            found, said = toy(through, url, n).communicate(timeout=300)
            assert "another agentprop process" not in said, said
            if found:
                break
        assert found == whole and Lossy.lost > 3, said
    finally:
        proxy.shutdown()
        proxy.server_close()
    assert_whole(url, n)


def test_a_shard_on_the_server_has_the_bytes_that_the_journal_says(environment: dict[str, str]) -> None:
    url = f"s3://{BUCKET}/bytes"
    _, said = toy(environment, url, 12).communicate(timeout=300)
    store = open_store(url)
    for segment in open_run(url).segments:
        for shard in segment.shards:
            data = store.get(shard.path) or b""
            assert hashlib.sha256(data).hexdigest() == shard.sha256 and len(data) == shard.bytes, said


def test_a_bucket_that_is_not_there_is_one_sentence(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "agentprop", "propose", "--n", "1", "--out", "s3://no-such-bucket/a", "--quiet"]
    process = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert process.returncode == 1 and "there is no such bucket" in process.stderr and "<" not in process.stderr
    assert "hint: make it first" in process.stderr
