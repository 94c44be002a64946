"""Servers as processes of their own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from places import SUPPORT

"""Lets a process of its own import the same agentprop."""


@contextlib.contextmanager
def running(script: str, *arguments: str) -> Iterator[str]:
    """The base URL of a server that is up; its script prints its port when it is."""
    command = [sys.executable, str(SUPPORT / script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


def fault_server(seed: int, share: float) -> contextlib.AbstractContextManager[str]:
    """A server that misbehaves."""
    return running("fault_server.py", str(seed), str(share))
