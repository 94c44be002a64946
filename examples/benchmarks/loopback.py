"""Servers on loopback that answer at once, as processes of their own, and what they say of who came and when."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 4096; }}
http {{
  log_format times '$msec'; access_log {log};
  keepalive_requests 1000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  client_body_buffer_size 1m; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{reply}'; }} }}
}}
"""
COUNTER = "$connection-$connection_requests"
"""Text that nginx replaces by a different one for every request."""


@dataclass(frozen=True)
class Server:
    """A server that is up."""

    name: str
    """nginx, or built-in."""
    base_url: str
    """Root of its API."""
    times: Path | None = None
    """File in which nginx logs the time of each answer."""

    def seen(self) -> dict[str, float]:
        """{"requests", "first_s", "last_s", …}: how many came, and when the first and the last one did."""
        if self.times is None:
            with urllib.request.urlopen(f"{self.base_url}/ledger", timeout=30) as response:
                found: dict[str, float] = json.load(response)
            return found
        time.sleep(0.3)  # nginx writes what it has gathered after a tenth of a second
        answered = [float(line) for line in self.times.read_text().split()]
        first, last = (answered[0], answered[-1]) if answered else (0.0, 0.0)
        return {"requests": len(answered), "first_s": first, "last_s": last}

    def forget(self) -> None:
        """Begin counting anew."""
        if self.times is None:
            urllib.request.urlopen(f"{self.base_url}/forget", timeout=30).close()
            return
        time.sleep(0.3)
        self.times.write_text("")  # nginx appends, so it goes on at the new end


@contextlib.contextmanager
def static_server(reply: str) -> Iterator[Server]:
    """One JSON reply to every request: nginx if it is installed, else a small server of our own."""
    if nginx() is not None:
        with nginx_server(reply) as server:
            yield server
        return
    port = free_port()
    with started([sys.executable, str(HERE / "static_server.py"), str(port), reply], port):
        yield Server("built-in", base_url(port))


@contextlib.contextmanager
def counting_server(reply: str, action: str) -> Iterator[Server]:
    """The same, which also says when requests came; our own server has its own words for the action in the reply."""
    with nginx_server(reply, counting=True) if nginx() is not None else model_server("--script", action) as server:
        yield server


def nginx() -> str | None:
    """The program."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextlib.contextmanager
def nginx_server(reply: str, *, counting: bool = False) -> Iterator[Server]:
    """One JSON reply to everything."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times"
        log = f"{times} times buffer=64k flush=100ms" if counting else "off"
        escaped = reply.replace("\\", "\\\\").replace("'", "\\'")
        config = Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, reply=escaped, log=log))
        with started([str(nginx()), "-c", str(config), "-e", str(Path(folder) / "errors")], port):
            yield Server("nginx", base_url(port), times if counting else None)


@contextlib.contextmanager
def model_server(*options: str) -> Iterator[Server]:
    """A proposer with a script; see model_server.py."""
    port = free_port()
    with started([sys.executable, str(HERE / "model_server.py"), str(port), *options], port):
        yield Server("built-in", base_url(port))


@contextlib.contextmanager
def started(command: Sequence[str], port: int) -> Iterator[None]:
    """A server from when it listens until the end of the block."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield
        finally:
            process.terminate()


def base_url(port: int) -> str:
    """Of an API on a port."""
    return f"http://127.0.0.1:{port}/v1"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens."""
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("the server did not come up")
