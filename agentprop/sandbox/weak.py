"""R0: one body in one ordinary interpreter with limits. Not a sandbox: for trusted code on machines without one.

It is portable: no zygote, no namespaces, no filters, only a clean environment, resource limits and a time limit from
outside.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from agentprop.portable import resource
from agentprop.sandbox.body import Body
from agentprop.sandbox.child_output import ChildOutput
from agentprop.sandbox.frames import BadFrame
from agentprop.sandbox.inside.protocol import CANCELLED, DEADLINE, EXITED, ChildExit
from agentprop.sandbox.limits import Allowance, allowance_of, shortage
from agentprop.sandbox.zygote_process import ENVIRONMENT, OPEN_FILES, OUTPUT_LIMIT, READ_BYTES, ZygoteFailed

START_S = 10.0
"""Seconds that an interpreter may take to start; the body's own time starts after that."""
POLL_S = 0.02
BOOT = "import sys; sys.path.insert(0, {!r}); from inside import unconfined; del sys.path[0]; unconfined.main()"


class WeakSlot:
    """Slot that starts an interpreter for every body."""

    def __init__(self) -> None:
        self.calls = 0

    def start(self, body: Body, peer: socket.socket | None = None) -> InterpreterExchange:
        """Start an interpreter for one body."""
        self.calls += 1
        try:
            return self._start(body, peer)
        except OSError as problem:
            raise ZygoteFailed(f"an interpreter could not be started: {problem}", shortage(problem)) from problem

    def _start(self, body: Body, peer: socket.socket | None) -> InterpreterExchange:
        allowance = allowance_of(body, 0)
        result_read, result_write = os.pipe()
        passed = [result_write] + ([] if peer is None else [peer.fileno()])
        limits = [allowance.cpu_s, allowance.memory_mb << 20, OPEN_FILES]
        arguments = [sys.executable, "-P", "-s", "-B", "-c", BOOT.format(str(Path(__file__).parent))]
        arguments += [str(number) for number in (result_write, -1 if peer is None else peer.fileno(), *limits)]
        with tempfile.TemporaryFile() as given:
            given.write(len(body.text).to_bytes(4, "little") + body.text + body.stdin.encode("utf-8", "surrogatepass"))
            given.seek(0)
            process = subprocess.Popen(
                arguments,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=passed,
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        os.close(result_write)
        return InterpreterExchange(process, os.fdopen(result_read, "rb", buffering=0), body, allowance)

    def close(self) -> None:
        """Do nothing: no process outlives a call."""


class InterpreterExchange:
    """One body in an interpreter: collects its output until it ends or its time is over, and kills what is left."""

    def __init__(self, process: subprocess.Popen[bytes], result: IO[bytes], body: Body, allowance: Allowance) -> None:
        self.process, self.body = process, body
        self.child = ChildOutput(allowance=allowance)
        self.started = time.monotonic()
        self.deadline = self.started + START_S
        self.selector = selectors.DefaultSelector()
        assert process.stdout is not None and process.stderr is not None
        self.outputs = (process.stdout, process.stderr, result)
        for stream, sink in ((process.stdout, self.child.stdout), (process.stderr, self.child.stderr), (result, None)):
            os.set_blocking(stream.fileno(), False)
            self.selector.register(stream, selectors.EVENT_READ, sink)

    def cancel(self, reason: str) -> None:
        """Have the process killed soon, for this reason unless there is an earlier one."""
        self.child.cancelled = self.child.cancelled or reason

    def finish(self) -> ChildOutput:
        """Collect output until the process has ended."""
        reason = EXITED
        while self.child.ended is None:
            for key, _ in self.selector.select(POLL_S):
                self._take(key)
            if time.monotonic() > self.deadline:
                reason = DEADLINE
            elif self.child.cancelled:
                reason = CANCELLED
            self._reap(reason)
        for key in list(self.selector.get_map().values()):
            while self._take(key):
                pass
        self.selector.close()
        for stream in self.outputs:
            stream.close()
        return self.child

    def _take(self, key: selectors.SelectorKey) -> bool:
        """Read available output; return False at its end."""
        try:
            data = os.read(key.fd, READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self.selector.unregister(key.fileobj)
            return False
        if key.data is None:
            self._take_result(data)
        else:
            key.data.extend(data)
        if len(self.child.stdout) + len(self.child.stderr) > OUTPUT_LIMIT:
            self.cancel("output-limit")
            self.selector.unregister(key.fileobj)
            return False
        return True

    def _take_result(self, data: bytes) -> None:
        if not self.child.first:
            self.child.first, data = data[:1], data[1:]
            self.started = time.monotonic()
            self.deadline = self.started + sum(self.body.timeouts_s)
        try:
            self.child.reader.feed(data)
            if len(self.child.reader.frames) > self.body.frames:
                raise BadFrame("more frames than jobs")
        except BadFrame as problem:
            self.child.bad_frame = str(problem)
            self.cancel("bad-frame")

    def _reap(self, reason: int) -> None:
        """Record how the interpreter ended, after killing its process group if there is a reason to."""
        if reason != EXITED:
            os.killpg(self.process.pid, signal.SIGKILL)
        pid, status, usage = os.wait4(self.process.pid, 0 if reason != EXITED else os.WNOHANG)
        if pid == 0:
            return
        self.process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - self.started
        peak_kb = peak_of_its_own(usage.ru_maxrss, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        self.child.ended = ChildExit(reason, status, usage.ru_utime, usage.ru_stime, wall_s, peak_kb)


def peak_of_its_own(child: int, parent: int) -> int:
    """Return the peak of memory of an interpreter, in kilobytes; 0 if it cannot be told. Arguments are `ru_maxrss`.

    Linux counts what the parent held at the moment of `exec` as the child's peak, so that a small child of a large
    parent seems to be large: a peak up to the parent's own says nothing about the child.
    """
    if child <= parent:
        return 0
    return child if sys.platform == "linux" else child // 1024
