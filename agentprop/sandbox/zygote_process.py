"""A level and a list of modules → a running zygote; a body → the output of its child.

The zygote is executed, not forked, from this process, so nothing of our memory or environment is in its own.
"""

from __future__ import annotations

import json
import math
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from agentprop.portable import fcntl
from agentprop.sandbox import oom
from agentprop.sandbox.body import Body
from agentprop.sandbox.child_output import ChildOutput
from agentprop.sandbox.frames import BadFrame
from agentprop.sandbox.inside.protocol import CANCEL, ENDED, ENTERED, PROFILES, ChildExit, ChildLimits
from agentprop.sandbox.limits import Allowance, allowance_of, shortage, tight_limits
from agentprop.sandbox.records import Level, Preload

START_TIMEOUT_S = 120.0
SETUP_S = 10.0
"""How long a child may take on a busy machine until it begins; its own clock runs from there."""
LINGER_S = 1.0
"""How long a child may be about ending once it has said everything: what is done was done in time."""
GRACE_S = 5.0
"""Seconds past its deadline to wait for a silent zygote."""
OUTPUT_LIMIT = 1 << 20
"""Most bytes that a child may write to stdout and stderr together before it is killed."""
RESULT_LIMIT = 16 << 20
"""Most bytes of frames that a child may write, however well formed."""
SCRATCH_FILE_BYTES = 16 << 20
OPEN_FILES = 64
PROCESSES = 32
READ_BYTES = 1 << 16

LAYERS: dict[Level, tuple[str, ...]] = {
    "L3": ("namespaces", "landlock", "seccomp"),
    "L2": ("landlock", "seccomp"),
    "L1": ("seccomp",),
}
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
BOOT = "import sys; sys.path.insert(0, {!r}); from inside import zygote; del sys.path[0]; zygote.main()"


class ZygoteFailed(Exception):
    """The zygote could not start, or stopped answering."""

    def __init__(self, reason: str, short: str | None = None) -> None:
        super().__init__(f"{short}: {reason}" if short else reason)
        self.short = short
        """What ran out, where that is why; nothing is wrong with isolation then."""


class ZygoteProcess:
    """Zygote, which may have one child at a time."""

    def __init__(self, level: Level, preload: Preload, readable: Sequence[str], paths: Sequence[str]) -> None:
        self.level = level
        self.calls = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        config = {"control": theirs.fileno(), "layers": LAYERS[level], "preload": list(preload.modules)}
        config |= {"readable": list(readable), "paths": list(paths)}
        boot = BOOT.format(str(Path(__file__).parent))
        sources = _sealed_file(json.dumps(dict(preload.sources)).encode())
        config["sources"] = sources
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-B", "-c", boot, json.dumps(config)],
                pass_fds=[theirs.fileno(), sources],
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                start_new_session=True,  # an interrupt from the keyboard is for us to handle
            )
        except BaseException:
            ours.close()
            self._log.close()
            raise
        finally:
            theirs.close()
            os.close(sources)
        self._control = ours
        _alive.add(self)
        self.report = self._await_report()
        self.base_bytes = int(str(self.report["base_bytes"]))

    def _await_report(self) -> dict[str, object]:
        self._control.settimeout(START_TIMEOUT_S)
        try:
            message = self._control.recv(1 << 16)
        except TimeoutError:
            message = b'{"failed": "the zygote did not start in time"}'
        self._control.settimeout(None)
        report: dict[str, object] = json.loads(message) if message else {"failed": self._log_ending()}
        if "failed" in report:
            self.close()
            code = report.get("errno")
            short = shortage(OSError(code, "")) if isinstance(code, int) else None
            raise ZygoteFailed(str(report["failed"]), short or "; ".join(tight_limits()) or None)
        return report

    def _log_ending(self) -> str:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="backslashreplace").strip().splitlines()
        return lines[-1] if lines else f"the zygote ended with status {self._process.returncode}"

    def start(self, body: Body, peer: socket.socket | None = None) -> ChildExchange:
        """Start a child on one body. Raises ZygoteFailed if the zygote has ended."""
        self.calls += 1
        try:
            return ChildExchange(self._control, self.level, body, allowance_of(body, self.base_bytes), peer)
        except OSError as problem:
            raise ZygoteFailed(f"a call could not begin: {problem}", shortage(problem)) from problem

    def close(self) -> None:
        """Close the connection, which ends the zygote and every process below it."""
        _alive.discard(self)
        self._control.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def disown(self) -> None:
        """Close our copy of the connection to a zygote that belongs to the parent process."""
        self._control.close()
        self._process.returncode = 0  # the parent waits for it


_alive: weakref.WeakSet[ZygoteProcess] = weakref.WeakSet()


def _forget_inherited() -> None:
    """Close inherited connections in a forked process, since they would keep a zygote alive after its owner."""
    for zygote in list(_alive):
        zygote.disown()
    _alive.clear()


os.register_at_fork(after_in_child=_forget_inherited)


class ChildExchange:
    """One body in a child: sends descriptors to the zygote and reads the child's output until the child ends."""

    def __init__(
        self, control: socket.socket, level: Level, body: Body, allowance: Allowance, peer: socket.socket | None
    ) -> None:
        self._control = control
        self._body = body
        self.child = ChildOutput(allowance=allowance)
        self._killed_before = oom.kills()
        self._result_bytes = 0
        limits = _limits(body, level, allowance)
        handed: list[int] = []
        self._readers: dict[int, bytearray | None] = {}
        try:
            handed += [_sealed_file(body.text), _sealed_file(body.stdin.encode("utf-8", "surrogatepass"))]
            for sink in (self.child.stdout, self.child.stderr, None):
                reader, writer = os.pipe()
                self._readers[reader] = sink
                handed.append(writer)
                os.set_blocking(reader, False)
            socket.send_fds(control, [limits.pack()], handed if peer is None else [*handed, peer.fileno()])
        except OSError:
            self._close_readers()
            raise
        finally:
            for descriptor in handed:
                os.close(descriptor)
        self._deadline = time.monotonic() + limits.wall_ms / 1000 + GRACE_S
        self._job_deadline = math.inf
        """When the time of the job at work is over; none is before the child has begun."""

    def finish(self) -> ChildOutput:
        """Read output until the zygote reports the child's end, and then the rest. Raises ZygoteFailed."""
        try:
            poller = select.poll()
            for descriptor in (*self._readers, self._control.fileno()):
                poller.register(descriptor, select.POLLIN)
            while self.child.ended is None:
                for descriptor, _ in poller.poll(self._patience_ms()):
                    if descriptor == self._control.fileno():
                        self._take_report()
                    elif not self._take(descriptor):
                        poller.unregister(descriptor)
                self._keep_time()
            for descriptor in self._readers:
                while self._take(descriptor):
                    pass
            return self.child
        except OSError as problem:
            raise ZygoteFailed(f"the zygote has gone: {problem}") from problem
        finally:
            self._close_readers()

    def _patience_ms(self) -> float:
        return max(0.0, min(self._deadline, self._job_deadline) - time.monotonic()) * 1000 + 1

    def _keep_time(self) -> None:
        now = time.monotonic()
        if self.child.ended is not None:
            return
        if now > self._deadline:
            raise ZygoteFailed("the zygote does not answer")
        if now > self._job_deadline:
            self.cancel("over" if len(self.child.reader.frames) == self._body.frames else "timeout")

    def _take_report(self) -> None:
        message = self._control.recv(ENDED.size)
        if len(message) != ENDED.size:
            raise ZygoteFailed("the zygote ended")
        self.child.ended = ChildExit(*ENDED.unpack(message))
        if os.WIFSIGNALED(self.child.ended.wait_status) and self.child.cancelled is None:
            self.child.starved_of_memory = oom.kills() > self._killed_before

    def _take(self, descriptor: int) -> bool:
        """Read available bytes from one pipe; return False if no more are to come, or are wanted."""
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return self.child.ended is None
        if not data:
            return False
        sink = self._readers[descriptor]
        if sink is None:
            return self._take_result(data)
        sink += data
        if len(self.child.stdout) + len(self.child.stderr) > OUTPUT_LIMIT:
            self.cancel("output-limit")
            return False
        return True

    def _take_result(self, data: bytes) -> bool:
        child = self.child
        if not child.first:
            child.first, data = data[:1], data[1:]
            self._job_deadline = time.monotonic() + self._body.timeouts_s[0]
        self._result_bytes += len(data)
        if self._result_bytes > RESULT_LIMIT:
            self.cancel("output-limit")
            return False
        before = len(child.reader.frames)
        if child.first != ENTERED:
            child.reader.buffer += data
            return True
        try:
            child.reader.feed(data)
            if len(child.reader.frames) > self._body.frames:
                raise BadFrame("more frames than jobs")
        except BadFrame as problem:
            child.bad_frame = str(problem)
            self.cancel("output-limit" if "longer" in str(problem) else "bad-frame")
            return False
        done = len(child.reader.frames)
        if done == self._body.frames:
            self._job_deadline = time.monotonic() + LINGER_S
        elif done != before and self._body.batched:
            self._job_deadline = time.monotonic() + self._body.timeouts_s[done]
        return True

    def cancel(self, reason: str) -> None:
        """Have the child killed, for this reason unless there is an earlier one."""
        if self.child.cancelled is None:
            self.child.cancelled = reason
            if self.child.ended is None:
                self._control.send(CANCEL)
        self._job_deadline = math.inf

    def _close_readers(self) -> None:
        for descriptor in self._readers:
            os.close(descriptor)


def _limits(body: Body, level: Level, allowance: Allowance) -> ChildLimits:
    profile = "no-open" if level == "L1" else body.profile
    return ChildLimits(
        profile=PROFILES.index(profile),
        wall_ms=math.ceil((sum(body.timeouts_s) + SETUP_S) * 1000),
        cpu_s=allowance.cpu_s,
        memory_bytes=allowance.memory_mb << 20,
        file_bytes=0 if profile in ("pure", "no-open") else SCRATCH_FILE_BYTES,
        open_files=OPEN_FILES,
        processes=PROCESSES,
    )


def _sealed_file(content: bytes) -> int:
    """Create an anonymous file that can no longer be changed, positioned at its start."""
    descriptor = os.memfd_create("body", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
