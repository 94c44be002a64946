"""Probers behind a real server, and commands that are run, killed and run again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from places import SOURCES, SUPPORT


@dataclass(frozen=True)
class Served:
    """A server that is up."""

    port: int

    def model(self, name: str) -> str:
        """As `--prober` takes it."""
        return f"{name}@http://127.0.0.1:{self.port}/v1"

    @property
    def ledger(self) -> dict[str, Any]:
        """Its counts."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ledger") as response:
            return dict(json.load(response))


@contextlib.contextmanager
def probers(*options: object) -> Iterator[Served]:
    """A server of probers, as a process of its own."""
    command = [sys.executable, str(SUPPORT / "prober_server.py"), *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(int(process.stdout.readline()))
        finally:
            process.kill()


def environment() -> dict[str, str]:
    """Without agentprop's own variables, with its sources."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AGENTPROP_")}
    path = os.pathsep.join(filter(None, [str(SOURCES), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "COLUMNS": "100", "NO_COLOR": "1"}


def start(directory: Path, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """`agentprop …` as a process."""
    command = [sys.executable, "-m", "agentprop", *map(str, arguments)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, env=environment(), cwd=directory, **options)
