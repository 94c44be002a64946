"""The processes that a command or a test has started: who they are, and whether they are gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

API = "vllm.entrypoints"
"""What the command line of a server holds."""


def below(pid: int) -> list[psutil.Process]:
    """All descendants."""
    return psutil.Process(pid).children(recursive=True)


def server_below(pid: int) -> psutil.Process:
    """The first process of a vLLM server; its guard names it on its command line too."""
    found = [one for one in below(pid) if one.is_running() and API in _words(one) and "guard.py" not in _words(one)]
    assert found, "no server is up"
    return found[0]


def all_gone(processes: list[psutil.Process], within_s: float = 60.0) -> bool:
    """Whether they end; one that waits for its parent has ended."""
    return until(lambda: not any(map(_alive, processes)), within_s)


def until(true: Callable[[], bool], within_s: float) -> bool:
    """Wait for it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def says(log: Path, text: str) -> bool:
    """Whether a log holds a text by now."""
    return log.exists() and text in log.read_text(errors="replace")


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
