"""Work for the actors of a Ray cluster, in a module that every node can import."""

from __future__ import annotations

import os
import time
from pathlib import Path

SIZE = 800_000
"""Bytes of a large result: it stays in the object store of the node that made it."""


def square(number: int) -> int:
    return number * number


def slowly(number: int) -> int:
    time.sleep(0.1)
    return number


def large(number: int) -> bytes:
    return bytes([number]) * SIZE


def die_once(task: tuple[int, Path]) -> int:
    """Die at the first try of item 3."""
    number, mark = task
    if number == 3 and not mark.exists():
        mark.touch()
        os._exit(1)
    return number


def die_at_three(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is too many")
    return number


def fail_to_start() -> None:
    raise OSError("nothing is ready here")
