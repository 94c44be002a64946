"""A started zygote → a table of blocked attempts: one child tries to escape, and the harness checks from outside."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agentprop.sandbox.body import jobs_body
from agentprop.sandbox.inside.protocol import FAILED
from agentprop.sandbox.records import Job, Level
from agentprop.sandbox.zygote_process import LAYERS, ZygoteProcess

ATTEMPTS = Path(__file__).with_name("selftest_attempts.py").read_text()
SELF_TEST_SHA = hashlib.sha256(ATTEMPTS.encode()).hexdigest()
SECRET = b"canary"

HELD_BY = {
    "connect by TCP": "seccomp",
    "signal another process": "seccomp",
    "fork": "seccomp",
    "nest a user namespace": "seccomp",
    "load a bpf program": "seccomp",
    "read a file outside": "landlock",
    "create a file outside": "landlock",
    "change a file outside": "landlock",
    "list the root directory": "landlock",
    "read the environment of another process": "landlock",
    "see a parent process": "namespaces",
    "see that a file outside exists": "namespaces",
}
"""Layer that is to block each attempt; without Landlock the seccomp filter of no-open has to block paths."""


class SetupFailed(Exception):
    """A child could not apply a layer that its zygote had prepared."""

    @property
    def layers(self) -> list[str]:
        """The layer that failed, if the reason names one."""
        name = str(self).partition(":")[0]
        return [name] if name in LAYERS["L3"] else []


def run_self_test(zygote: ZygoteProcess) -> dict[str, bool | str]:
    """Run the self-test; return True for each attempt that was blocked, False if it succeeded, or what went wrong.

    Raises SetupFailed.
    """
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as listener:
        directory = Path(name)
        canary, planted = directory / "canary", directory / "planted"
        canary.write_bytes(SECRET)
        directory.chmod(0o777)
        canary.chmod(0o666)
        table = _attempt(zygote, canary, planted, listener.getsockname()[1])
        listener.setblocking(False)
        if planted.exists():
            table["create a file outside"] = False
        if _has_caller(listener):
            table["connect by TCP"] = False
        return table


def _attempt(zygote: ZygoteProcess, canary: Path, planted: Path, port: int) -> dict[str, bool | str]:
    call = f"held = attempt({str(canary)!r}, {str(planted)!r}, {port}, {os.getpid()})"
    body = jobs_body([Job(f"{ATTEMPTS}\n{call}\n", returns="held")])
    child = zygote.start(body).finish()
    if child.first == FAILED:
        raise SetupFailed(child.reader.buffer.decode(errors="backslashreplace"))
    frames = child.reader.frames
    reported = frames[0].value if frames else None
    if not isinstance(reported, dict):
        return dict.fromkeys(HELD_BY, (frames[0].error if frames else None) or "the self-test gave no answer")
    return {name: reported.get(name, "not attempted") for name in HELD_BY}


def _has_caller(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except BlockingIOError:
        return False
    return True


def ineffective_layers(level: Level, table: Mapping[str, bool | str]) -> list[str]:
    """Return the layers of the level that failed to block an attempt; without Landlock seccomp has to block paths."""
    layers = LAYERS[level]
    ineffective = []
    for attempt, layer in HELD_BY.items():
        owner = "seccomp" if layer == "landlock" and "landlock" not in layers else layer
        if owner in layers and table.get(attempt) is not True and owner not in ineffective:
            ineffective.append(owner)
    return ineffective
