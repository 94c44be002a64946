"""A path or hub id → a local server, up while a block lasts: `with serving(settings, log) as up: ...`.

The server (vLLM, unless the settings name another) is a child in its own process group, on a free loopback port. It
ends with the block, with Ctrl-C, and with this process however that ends. If it dies by itself, the error quotes the
end of its log.
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
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from agentprop import DISTRIBUTION
from agentprop.errors import AgentpropError, ConfigError
from agentprop.models import guard
from agentprop.models.failures import ModelOutage
from agentprop.models.launching import environment_of, key_for
from agentprop.models.settings import ModelSettings, ServedSettings
from agentprop.private_files import private_file

POLL_S = 0.2
MOST_SILENCE_S = 30.0
"""Most seconds between two lines about waiting; the first line comes after a second, the next at growing intervals."""
LAST_LINES = 15
LAST_ERRORS = 3
LAST_BYTES = 1 << 18
END = re.compile(rf"(?<![\w.])(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit): \S.*|.* {guard.ENDED_BY} SIG.*")
"""Last line of a traceback, whatever precedes it on its line; or the guard's note that a signal killed the server."""
PATIENCE_S = 60.0
"""Seconds of nothing but failures after which a local server that was up is given up."""
STARTS = 3
"""Tries at starting, if another process takes the port first."""

Tell = Callable[[str], None]


class ServerDied(AgentpropError):
    """Local server that ended by itself, or never became ready."""


@contextlib.contextmanager
def serving(settings: ModelSettings, log: Path, *, tell: Tell = lambda line: None) -> Iterator[ServedSettings]:
    """Start a server and yield the settings with its address; `tell` gets a line about waiting now and then."""
    with serving_all([(settings, log)], tell=tell) as (up,):
        yield up


@contextlib.contextmanager
def serving_all(
    wanted: Sequence[tuple[ModelSettings, Path]], *, tell: Tell = lambda line: None
) -> Iterator[tuple[ServedSettings, ...]]:
    """Start several servers and yield their settings. Raises ServerDied if one does not come up, or ends."""
    servers = [LocalServer(settings, log) for settings, log in wanted]
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
        _start(servers, tell)
        try:
            yield tuple(server.settings for server in servers)
        except ModelOutage as outage:
            for server in servers:
                server.check(outage, within_s=1.0)
            raise


def _start(servers: Sequence[LocalServer], tell: Tell) -> None:
    """Start all servers; those that share a GPU one after the other, because each measures the memory that is free."""
    while waiting := [server for server in servers if not server.up]:
        for server in waiting:
            if server.started:
                server.poll(tell)
            elif not any(other.started and other.device == server.device for other in waiting if has_gpu()):
                server.start()
        time.sleep(POLL_S)


class LocalServer:
    """Child process that serves one model."""

    def __init__(self, settings: ModelSettings, log: Path) -> None:
        self.log, self.up = log, False
        self._wanted, self._name = settings, settings.model
        self._key = key_for(settings)
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def started(self) -> bool:
        """The child process was started."""
        return self._process is not None

    @property
    def device(self) -> str | None:
        """GPUs that it may use, as CUDA_VISIBLE_DEVICES; None means all."""
        name = "CUDA_VISIBLE_DEVICES"
        return self._wanted.serve_env.get(name, os.environ.get(name))

    def start(self) -> None:
        """Start the child process on a free port."""
        self._starts += 1
        port = _free_port()
        self.settings = served(self._wanted, port, self._key).watched(self.ended)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-P", guard.__file__, *command_of(self._wanted, port)]
        with private_file(self.log) as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                process_group=0,
                env=environment_of(self._wanted, self._key),
            )
        atexit.register(self.stop)
        self._started_at = self._told_at = time.monotonic()

    def poll(self, tell: Tell) -> None:
        """Update `up`; start again if another process took the port. Raises ServerDied if it ended or took too long."""
        self.up = self._answers()
        if self.up:
            return
        if self.ended() and self._starts < STARTS and _port_was_taken(self.log):
            self.stop()
            self.start()
        self.check()
        now = time.monotonic()
        if now - self._started_at > self._wanted.serve_timeout_s:
            raise self._server_died(
                f"the server for {self._name} was not ready after {self._wanted.serve_timeout_s:g} s"
            )
        if now - self._told_at >= min(MOST_SILENCE_S, max(1.0, self._told_at - self._started_at)):
            self._told_at = now
            tell(f"waiting for the server of {self._name}: {now - self._started_at:.0f} s · {_last_line(self.log)}")

    def ended(self) -> bool:
        """Return True if the child has ended."""
        return self._process is not None and self._process.poll() is not None

    def check(self, cause: BaseException | None = None, *, within_s: float = 0.0) -> None:
        """Raise ServerDied, quoting the log, if the child has ended or ends within `within_s` seconds."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(within_s)
                raise self._server_died(f"the server for {self._name} ended with status {status}") from cause

    def stop(self) -> None:
        """End the child and everything it started; safe to call twice, or before it was started."""
        atexit.unregister(self.stop)
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def _answers(self) -> bool:
        port = urlsplit(self.settings.base_url or "").port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {self._key}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _server_died(self, what: str) -> ServerDied:
        words = " | ".join(log_ending(self.log)) or "nothing"
        return ServerDied(f"{what}; its log ends with: {words}", hint=f"the whole log is in {self.log}")


def has_gpu() -> bool:
    """Return True if this machine has a GPU."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists()


def served(settings: ModelSettings, port: int, key: str = "") -> ServedSettings:
    """The settings of a server on a port; of vLLM it is known what it can do."""
    vllm = {} if settings.serve_command else {"n": True, "logprobs": True, "token_ids": True}
    known = {"patience_s": PATIENCE_S, **vllm}
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set}
    address = {"base_url": f"http://127.0.0.1:{port}/v1", "weights": fingerprint(Path(settings.model)), "key": key}
    return ServedSettings.model_validate({**known, **chosen, **address})


def fingerprint(checkpoint: Path) -> str:
    """Return 16 hex digits that change with the files of a checkpoint; empty for a hub id."""
    if not checkpoint.is_dir():
        return ""
    files = [(file, file.stat()) for file in sorted(checkpoint.iterdir()) if file.is_file()]
    found = [(file.name, state.st_size, state.st_mtime_ns) for file, state in files]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]


def command_of(settings: ModelSettings, port: int) -> list[str]:
    """Return the command line that serves a model on a port. Raises ConfigError if vLLM is needed and missing."""
    revision = ["--revision", settings.revision] if settings.revision else []
    place = ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", settings.model, *revision]
    return [*_program(settings), settings.model, *place, *settings.serve_args]


def _program(settings: ModelSettings) -> list[str]:
    if settings.serve_command:
        return list(settings.serve_command)
    found = vllm_program()
    if found is None:
        raise ConfigError(
            f"{settings.model} needs a local server, and vLLM is not installed",
            hint=f"pip install '{DISTRIBUTION}[vllm]', or '{DISTRIBUTION}[train]' to run it without a server, "
            "or name a server that is up: MODEL@BASE_URL",
        )
    return found


def vllm_program() -> list[str] | None:
    """Return the beginning of a command line that serves a model by vLLM; None if it is not installed."""
    beside = Path(sys.executable).with_name("vllm")
    spec = find_spec("vllm")
    has_source = spec is not None and spec.origin is not None  # a directory that only has this name has none
    if has_source and not (beside.exists() and _is_named("vllm")):
        return [sys.executable, "-P", "-m", "vllm.entrypoints.openai.api_server", "--model"]
    found = str(beside) if beside.exists() else shutil.which("vllm")
    return None if found is None else [found, "serve"]


def _is_named(package: str) -> bool:
    """Check for an installed package of this name; vLLM's CPU builds have another, and then its script does not run."""
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _port_was_taken(log: Path) -> bool:
    return any("address already in use" in line.lower() for line in _tail(log))


def log_ending(log: Path) -> list[str]:
    """Return the exceptions that an ended server logged last, or else its last lines.

    Several of vLLM's processes repeat the same traceback, and their libraries log warnings about leaks at the end.
    """
    lines = _lines(log, LAST_BYTES)
    named = dict.fromkeys(found[0] for line in reversed(lines) if (found := END.search(line)))
    return list(named)[:LAST_ERRORS][::-1] or lines[-LAST_LINES:]


def _tail(log: Path) -> list[str]:
    return _lines(log, 8192)[-LAST_LINES:]


def _lines(log: Path, size: int) -> list[str]:
    text = log.read_bytes()[-size:].decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _last_line(log: Path) -> str:
    lines = _tail(log)
    return lines[-1][:120] if lines else "no output yet"
