"""Processes that a command or a test has started: finding them, and waiting for their end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

API = "vllm.entrypoints"
"""Text in the command line of a server."""


def below(pid: int) -> list[psutil.Process]:
    """Return all descendants of a process."""
    return psutil.Process(pid).children(recursive=True)


def server_below(pid: int) -> psutil.Process:
    """Return the first process of a vLLM server, not its guard, whose command line names it too."""
    found = [one for one in below(pid) if one.is_running() and API in _words(one) and "guard.py" not in _words(one)]
    assert found, "no server is up"
    return found[0]


def all_gone(processes: list[psutil.Process], within_s: float = 60.0) -> bool:
    """Return True if all processes end in time; a zombie has ended."""
    return until(lambda: not any(map(_alive, processes)), within_s)


def until(true: Callable[[], bool], within_s: float) -> bool:
    """Wait for a condition; return False if it does not come true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def says(log: Path, text: str) -> bool:
    """Return True if a log holds a text."""
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
