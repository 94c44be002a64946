"""A level and a list of modules become a running zygote; a body becomes what its child did.

The zygote is executed, never forked, from this process: nothing in our memory or environment is in its own.
"""

from __future__ import annotations

import fcntl
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

from agentprop.sandbox import oom
from agentprop.sandbox.body import Body
from agentprop.sandbox.conversation import ChildRecord
from agentprop.sandbox.frames import BadFrame
from agentprop.sandbox.inside.protocol import CANCEL, ENDED, ENTERED, PROFILES, ChildLimits, Ended
from agentprop.sandbox.limits import Allowance, allowance_of, shortage, tight_limits
from agentprop.sandbox.records import Level

START_TIMEOUT_S = 120.0
SETUP_S = 10.0
"""How long a child may take on a busy machine until it begins; its own clock runs from there."""
LINGER_S = 1.0
"""How long a child may be about ending once it has said everything: what is done was done in time."""
GRACE_S = 5.0
"""How long past its deadline a silent zygote is waited for."""
OUTPUT_LIMIT = 1 << 20
"""Bytes a child may write to stdout and stderr together before it is killed."""
RESULT_LIMIT = 16 << 20
"""Bytes of frames a child may write, however well formed."""
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
    """A zygote that could not start, or that stopped answering."""

    def __init__(self, reason: str, short: str | None = None) -> None:
        super().__init__(f"{short}: {reason}" if short else reason)
        self.short = short
        """What ran out, where that is why; nothing is wrong with isolation then."""


class ZygoteProcess:
    """One zygote and the one child it may have at a time."""

    def __init__(self, level: Level, preload: Sequence[str], readable: Sequence[str], paths: Sequence[str]) -> None:
        self.level = level
        self.calls = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        config = {"control": theirs.fileno(), "layers": LAYERS[level], "preload": list(preload)}
        config |= {"readable": list(readable), "paths": list(paths)}
        boot = BOOT.format(str(Path(__file__).parent))
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-B", "-c", boot, json.dumps(config)],
                pass_fds=[theirs.fileno()],
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
        report: dict[str, object] = json.loads(message) if message else {"failed": self._last_words()}
        if "failed" in report:
            self.close()
            code = report.get("errno")
            short = shortage(OSError(code, "")) if isinstance(code, int) else None
            raise ZygoteFailed(str(report["failed"]), short or "; ".join(tight_limits()) or None)
        return report

    def _last_words(self) -> str:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="backslashreplace").strip().splitlines()
        return lines[-1] if lines else f"the zygote ended with status {self._process.returncode}"

    def start(self, body: Body, peer: socket.socket | None = None) -> ChildExchange:
        """Hand one body to a child; raises ZygoteFailed where there is no zygote any more."""
        self.calls += 1
        try:
            return ChildExchange(self._control, self.level, body, allowance_of(body, self.base_bytes), peer)
        except OSError as problem:
            raise ZygoteFailed(f"a call could not begin: {problem}", shortage(problem)) from problem

    def close(self) -> None:
        """Hang up, which ends the zygote and every process below it."""
        _alive.discard(self)
        self._control.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def disown(self) -> None:
        """Let go of a zygote that belongs to the process we were forked from."""
        self._control.close()
        self._process.returncode = 0  # not ours to wait for


_alive: weakref.WeakSet[ZygoteProcess] = weakref.WeakSet()


def _forget_inherited() -> None:
    """A forked copy of a control socket would keep the zygote alive after its owner has gone."""
    for zygote in list(_alive):
        zygote.disown()
    _alive.clear()


os.register_at_fork(after_in_child=_forget_inherited)


class ChildExchange:
    """One body on its way through a child: descriptors out, bytes in, until the zygote says how the child ended."""

    def __init__(
        self, control: socket.socket, level: Level, body: Body, allowance: Allowance, peer: socket.socket | None
    ) -> None:
        self._control = control
        self._body = body
        self.talk = ChildRecord(allowance=allowance)
        self._killed_before = oom.kills()
        self._result_bytes = 0
        limits = _limits(body, level, allowance)
        handed: list[int] = []
        self._readers: dict[int, bytearray | None] = {}
        try:
            handed += [_sealed_file(body.text), _sealed_file(body.stdin.encode("utf-8", "surrogatepass"))]
            for sink in (self.talk.stdout, self.talk.stderr, None):
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

    def finish(self) -> ChildRecord:
        """Move bytes until the zygote reports, then take what is left; raises ZygoteFailed where it does not answer."""
        try:
            poller = select.poll()
            for descriptor in (*self._readers, self._control.fileno()):
                poller.register(descriptor, select.POLLIN)
            while self.talk.ended is None:
                for descriptor, _ in poller.poll(self._patience_ms()):
                    if descriptor == self._control.fileno():
                        self._take_report()
                    elif not self._take(descriptor):
                        poller.unregister(descriptor)
                self._keep_time()
            for descriptor in self._readers:
                while self._take(descriptor):
                    pass
            return self.talk
        except OSError as problem:
            raise ZygoteFailed(f"the zygote has gone: {problem}") from problem
        finally:
            self._close_readers()

    def _patience_ms(self) -> float:
        return max(0.0, min(self._deadline, self._job_deadline) - time.monotonic()) * 1000 + 1

    def _keep_time(self) -> None:
        now = time.monotonic()
        if self.talk.ended is not None:
            return
        if now > self._deadline:
            raise ZygoteFailed("the zygote does not answer")
        if now > self._job_deadline:
            self.cancel("over" if len(self.talk.reader.frames) == self._body.frames else "timeout")

    def _take_report(self) -> None:
        message = self._control.recv(ENDED.size)
        if len(message) != ENDED.size:
            raise ZygoteFailed("the zygote ended")
        self.talk.ended = Ended(*ENDED.unpack(message))
        if os.WIFSIGNALED(self.talk.ended.wait_status) and self.talk.cancelled is None:
            self.talk.starved_of_memory = oom.kills() > self._killed_before

    def _take(self, descriptor: int) -> bool:
        """Read what there is from one pipe; False once there is nothing more to come from it, or to be wanted."""
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return self.talk.ended is None
        if not data:
            return False
        sink = self._readers[descriptor]
        if sink is None:
            return self._take_result(data)
        sink += data
        if len(self.talk.stdout) + len(self.talk.stderr) > OUTPUT_LIMIT:
            self.cancel("output-limit")
            return False
        return True

    def _take_result(self, data: bytes) -> bool:
        talk = self.talk
        if not talk.first:
            talk.first, data = data[:1], data[1:]
            self._job_deadline = time.monotonic() + self._body.timeouts_s[0]
        self._result_bytes += len(data)
        if self._result_bytes > RESULT_LIMIT:
            self.cancel("output-limit")
            return False
        before = len(talk.reader.frames)
        if talk.first != ENTERED:
            talk.reader.buffer += data
            return True
        try:
            talk.reader.feed(data)
            if len(talk.reader.frames) > self._body.frames:
                raise BadFrame("more frames than jobs")
        except BadFrame as problem:
            talk.bad_frame = str(problem)
            self.cancel("output-limit" if "longer" in str(problem) else "bad-frame")
            return False
        done = len(talk.reader.frames)
        if done == self._body.frames:
            self._job_deadline = time.monotonic() + LINGER_S
        elif done != before and self._body.batched:
            self._job_deadline = time.monotonic() + self._body.timeouts_s[done]
        return True

    def cancel(self, reason: str) -> None:
        """Have the child killed, for this reason unless there is an earlier one."""
        if self.talk.cancelled is None:
            self.talk.cancelled = reason
            if self.talk.ended is None:
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
    """An anonymous file that nobody can change any more, positioned at its start."""
    descriptor = os.memfd_create("body", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
