"""A path or hub id → a server of our own for it, up while the block lasts: `with serving(settings, log) as up: ...`.

The server (vLLM, unless the settings name another) is a child in a group of its own on a free loopback port. It ends
with the block, with the process however that ends, and with Ctrl-C; when it dies by itself, its last words are shown.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from agentprop.errors import AgentpropError, ConfigError
from agentprop.models import guard
from agentprop.models.failures import ModelOutage
from agentprop.models.settings import ModelSettings, Served

POLL_S = 0.2
LAST_LINES = 15
LAST_ENDS = 3
LAST_BYTES = 1 << 18
END = re.compile(rf"(?<![\w.])(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit): \S.*|.* {guard.ENDED_BY} SIG.*")
"""The last line of a traceback, whatever stands before it on its line; or the guard's word of a violent end."""
PATIENCE_S = 60.0
"""A server of our own that was up and fails for so long does not come back."""
STARTS = 3
"""Tries, where another process took the port in the meantime."""

Tell = Callable[[str], None]


class ServerDied(AgentpropError):
    """A local server that ended by itself, or never became ready."""


@contextlib.contextmanager
def serving(settings: ModelSettings, log: Path, *, tell: Tell = lambda line: None) -> Iterator[Served]:
    """The settings with the address of a server that is up; `tell` gets a line about the waiting now and then."""
    server = start(settings, log, tell=tell)
    try:
        yield server.settings
    except ModelOutage as outage:
        server.check(outage, within_s=1.0)
        raise
    finally:
        server.stop()


def start(settings: ModelSettings, log: Path, *, tell: Tell = lambda line: None) -> LocalServer:
    """A server that is ready. Raises ServerDied with its last words."""
    for attempt in range(1, STARTS + 1):
        server = LocalServer(settings, log)
        try:
            server.wait(tell)
            return server
        except ServerDied:
            server.stop()
            if attempt == STARTS or not _lost_the_port(log):
                raise
        except BaseException:
            server.stop()
            raise
    raise AssertionError("the last attempt returns or raises")


class LocalServer:
    """A child process that serves one model."""

    def __init__(self, settings: ModelSettings, log: Path) -> None:
        self.log = log
        self.port = _free_port()
        self.settings = served(settings, self.port).watched(self.ended)
        self._timeout_s = settings.serve_timeout_s
        self._name = settings.model
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, guard.__file__, *command_of(settings, self.port)]
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT, process_group=0,
                env={**os.environ, **settings.serve_env},
            )  # fmt: skip
        atexit.register(self.stop)

    def wait(self, tell: Tell) -> None:
        """Until it answers."""
        started = told = time.monotonic()
        while not self._ready():
            now = time.monotonic()
            self.check()
            if now - started > self._timeout_s:
                raise self._death(f"the server for {self._name} was not ready after {self._timeout_s:g} s")
            if now - told >= 1.0:
                told = now
                tell(f"waiting for the server of {self._name}: {now - started:.0f} s · {_last_line(self.log)}")
            time.sleep(POLL_S)

    def ended(self) -> bool:
        """Whether the child has ended."""
        return self._process.poll() is not None

    def check(self, cause: BaseException | None = None, *, within_s: float = 0.0) -> None:
        """Raises ServerDied, with the last words, when the child has ended, or does so in a moment."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)
            raise self._death(f"the server for {self._name} ended with status {self._process.returncode}") from cause

    def stop(self) -> None:
        """End it and everything it started; safe to call twice."""
        atexit.unregister(self.stop)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _death(self, what: str) -> ServerDied:
        words = " | ".join(last_words(self.log)) or "nothing"
        return ServerDied(f"{what}; its last words: {words}", hint=f"the whole log is in {self.log}")


def served(settings: ModelSettings, port: int) -> Served:
    """The settings of a server on a port; of vLLM it is known what it can do."""
    vllm = {} if settings.serve_command else {"n": True, "logprobs": True, "token_ids": True}
    known = {"patience_s": PATIENCE_S, **vllm}
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set}
    address = {"base_url": f"http://127.0.0.1:{port}/v1", "weights": fingerprint(Path(settings.model))}
    return Served.model_validate({**known, **chosen, **address})


def fingerprint(checkpoint: Path) -> str:
    """16 hex digits that change with the files of a checkpoint; empty for a hub id."""
    if not checkpoint.is_dir():
        return ""
    files = [(file, file.stat()) for file in sorted(checkpoint.iterdir()) if file.is_file()]
    found = [(file.name, state.st_size, state.st_mtime_ns) for file, state in files]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]


def command_of(settings: ModelSettings, port: int) -> list[str]:
    """The command line that serves a model on a port."""
    revision = ["--revision", settings.revision] if settings.revision else []
    place = ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", settings.model, *revision]
    return [*_program(settings), settings.model, *place, *settings.serve_args]


def _program(settings: ModelSettings) -> list[str]:
    if settings.serve_command:
        return list(settings.serve_command)
    beside = Path(sys.executable).with_name("vllm")
    found = str(beside) if beside.exists() else shutil.which("vllm")
    if found:
        return [found, "serve"]
    if find_spec("vllm") is None:
        raise ConfigError(
            f"{settings.model} needs a local server, and vLLM is not installed",
            hint="pip install 'agentprop[vllm]', or name a server that is up: MODEL@BASE_URL",
        )
    return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lost_the_port(log: Path) -> bool:
    return any("address already in use" in line.lower() for line in _tail(log))


def last_words(log: Path) -> list[str]:
    """What an ended server said of its end: the exceptions it named last, or else its last lines.

    vLLM's processes each repeat a traceback line by line, and their libraries complain of leaks on the way out.
    """
    lines = _lines(log, LAST_BYTES)
    named = dict.fromkeys(found[0] for line in reversed(lines) if (found := END.search(line)))
    return list(named)[:LAST_ENDS][::-1] or lines[-LAST_LINES:]


def _tail(log: Path) -> list[str]:
    return _lines(log, 8192)[-LAST_LINES:]


def _lines(log: Path, size: int) -> list[str]:
    text = log.read_bytes()[-size:].decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _last_line(log: Path) -> str:
    lines = _tail(log)
    return lines[-1][:120] if lines else "no output yet"
