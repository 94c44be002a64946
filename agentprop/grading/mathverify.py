"""Two answers → are they the same to the math-verify library, if it is installed? A peer to compare ours with.

It runs in a child process that is killed when it takes too long: its own time limits are signals, which threads cannot
set and which cannot interrupt a computation in C.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

STARTUP_S = 60.0
"""Longest wait, in seconds, for the library's import on a busy machine."""
_CHILD = """
import json, sys
from math_verify import parse, verify
print(flush=True)
for line in sys.stdin:
    gold, pred = json.loads(line)
    found = [parse(text, parsing_timeout=None) for text in (f"${gold}$", pred)]
    print(json.dumps(bool(verify(*found, timeout_seconds=None))), flush=True)
"""


def installed() -> bool:
    """True if the library is installed."""
    return find_spec("math_verify") is not None


class MathVerify:
    """The library in a child process; use as a context manager."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._child: subprocess.Popen[str] | None = None

    def same(self, gold: str, pred: str) -> bool | None:
        """True if the library takes both for the same answer; None if it did not answer in time, or died."""
        child = self._child or self._start()
        assert child.stdin is not None  # opened as a pipe
        try:
            child.stdin.write(json.dumps([gold, pred]) + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            self.close()
            return None
        line = self._line(child, self.timeout_s)
        if line is None:
            self.close()
        return None if line is None else bool(json.loads(line))

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def __enter__(self) -> MathVerify:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[str]:
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._line(self._child, STARTUP_S)
        return self._child

    def _line(self, child: subprocess.Popen[str], seconds: float) -> str | None:
        """The child's next line; None if none came. One line answers one question, so no line is left in the buffer."""
        assert child.stdout is not None  # opened as a pipe
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            return (child.stdout.readline() or None) if selector.select(seconds) else None
