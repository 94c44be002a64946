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
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from agentprop.errors import AgentpropError, ConfigError
from agentprop.models import guard
from agentprop.models.failures import ModelOutage
from agentprop.models.launching import environment_of, key_for
from agentprop.models.settings import ModelSettings, Served
from agentprop.private_files import private_file

POLL_S = 0.2
MOST_SILENCE_S = 30.0
"""Between two lines about the waiting: the first comes after a second, and then ever more seldom."""
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
    with serving_all([(settings, log)], tell=tell) as (up,):
        yield up


@contextlib.contextmanager
def serving_all(
    wanted: Sequence[tuple[ModelSettings, Path]], *, tell: Tell = lambda line: None
) -> Iterator[tuple[Served, ...]]:
    """The same for several, started together. Raises ServerDied where one of them does not come up, or ends."""
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
    """Until all are ready. Those that share a GPU begin one after the other, because each measures what is free."""
    while waiting := [server for server in servers if not server.up]:
        for server in waiting:
            if server.begun:
                server.poll(tell)
            elif not any(other.begun and other.device == server.device for other in waiting if has_gpu()):
                server.begin()
        time.sleep(POLL_S)


class LocalServer:
    """A child process that serves one model."""

    def __init__(self, settings: ModelSettings, log: Path) -> None:
        self.log, self.up = log, False
        self._wanted, self._name = settings, settings.model
        self._key = key_for(settings)
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def begun(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def device(self) -> str | None:
        """What it may compute on; None is whatever there is."""
        name = "CUDA_VISIBLE_DEVICES"
        return self._wanted.serve_env.get(name, os.environ.get(name))

    def begin(self) -> None:
        """Start the child on a port that is free now."""
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
        self._begun_at = self._told_at = time.monotonic()

    def poll(self, tell: Tell) -> None:
        """See whether it answers by now; where another process took its port, begin again."""
        self.up = self._answers()
        if self.up:
            return
        if self.ended() and self._starts < STARTS and _lost_the_port(self.log):
            self.stop()
            self.begin()
        self.check()
        now = time.monotonic()
        if now - self._begun_at > self._wanted.serve_timeout_s:
            raise self._death(f"the server for {self._name} was not ready after {self._wanted.serve_timeout_s:g} s")
        if now - self._told_at >= min(MOST_SILENCE_S, max(1.0, self._told_at - self._begun_at)):
            self._told_at = now
            tell(f"waiting for the server of {self._name}: {now - self._begun_at:.0f} s · {_last_line(self.log)}")

    def ended(self) -> bool:
        """Whether the child has ended."""
        return self._process is not None and self._process.poll() is not None

    def check(self, cause: BaseException | None = None, *, within_s: float = 0.0) -> None:
        """Raises ServerDied, with the last words, when the child has ended, or does so in a moment."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(within_s)
                raise self._death(f"the server for {self._name} ended with status {status}") from cause

    def stop(self) -> None:
        """End it and everything it started; safe to call twice, or before it began."""
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

    def _death(self, what: str) -> ServerDied:
        words = " | ".join(last_words(self.log)) or "nothing"
        return ServerDied(f"{what}; its last words: {words}", hint=f"the whole log is in {self.log}")


def has_gpu() -> bool:
    """Whether this machine has one."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists()


def served(settings: ModelSettings, port: int, key: str = "") -> Served:
    """The settings of a server on a port; of vLLM it is known what it can do."""
    vllm = {} if settings.serve_command else {"n": True, "logprobs": True, "token_ids": True}
    known = {"patience_s": PATIENCE_S, **vllm}
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set}
    address = {"base_url": f"http://127.0.0.1:{port}/v1", "weights": fingerprint(Path(settings.model)), "key": key}
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
    found = vllm_program()
    if found is None:
        raise ConfigError(
            f"{settings.model} needs a local server, and vLLM is not installed",
            hint="pip install 'agentprop[vllm]', or 'agentprop[train]' to run it without a server, "
            "or name a server that is up: MODEL@BASE_URL",
        )
    return found


def vllm_program() -> list[str] | None:
    """The beginning of a command line that serves a model by vLLM; None where it is not installed."""
    beside = Path(sys.executable).with_name("vllm")
    spec = find_spec("vllm")
    has_source = spec is not None and spec.origin is not None  # a mere directory of this name has none
    if has_source and not (beside.exists() and _is_named("vllm")):
        return [sys.executable, "-P", "-m", "vllm.entrypoints.openai.api_server", "--model"]
    found = str(beside) if beside.exists() else shutil.which("vllm")
    return None if found is None else [found, "serve"]


def _is_named(package: str) -> bool:
    """Whether a package of this name is installed: builds of vLLM for a CPU have another, and its script insists."""
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


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
