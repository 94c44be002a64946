"""A configuration on the command line → a preloaded process that only forks confined children.

It enters namespaces while it is small, imports and warms up modules, prepares the rulesets and filters that every child
applies, and then serves requests. It never reads a body or a result, since the next child would have them in memory.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

from . import landlock, linux, mounts, policy
from .child import Confinement, run_child
from .importer import KNOWN, SOURCES, CompileCache, file_name
from .protocol import CANCELLED, DEADLINE, EXITED, FAILED, LIMITS, PROFILES, ChildExit, ChildLimits
from .warmup import warm

STANDARD_PRELOAD = """
array bisect cmath collections contextlib copy dataclasses datetime decimal enum fractions functools hashlib heapq
itertools json math numbers operator random re statistics string textwrap time typing
"""
BREADTH_PRELOAD = """
argparse asyncio base64 calendar codecs concurrent.futures.thread csv ctypes difflib doctest fnmatch html inspect
logging mmap
pathlib pickle platform pprint queue secrets shlex socket sqlite3 struct subprocess tempfile timeit tokenize unicodedata
unittest urllib.parse uuid xml.etree.ElementTree zlib
encodings.ascii encodings.cp1252 encodings.idna encodings.latin_1 encodings.utf_16 encodings.utf_8_sig
"""
"""More of the standard library, for levels at which children cannot open files and so not import."""
TEST_PARTS = frozenset(("tests", "test", "testing", "conftest", "benchmarks", "__main__", "setup"))
FIRST_OWN_FD = 50
RESERVED_FDS = 12
"""Descriptors below this are kept occupied, so that a child's dup2 never lands on one it still needs."""
RESULT = 4
"""Place of the result pipe among the descriptors that come with a request."""


class Zygote:
    """Server of requests: forks a child for each, watches it, kills it and reports its end."""

    def __init__(self, control: socket.socket, confinement: Confinement, readable: list[str]) -> None:
        self.control = control
        self.confinement = confinement
        self.readable = readable
        self.namespaces = "namespaces" in confinement.layers
        self._self_fd = os.pidfd_open(os.getpid())

    def serve_one(self) -> None:
        """Handle one request; exit if the harness has gone."""
        message, descriptors, _, _ = socket.recv_fds(self.control, LIMITS.size, 8)
        if not message:
            os._exit(0)
        if len(message) != LIMITS.size:
            return  # a late cancel, for a child that has already ended
        limits = ChildLimits(*LIMITS.unpack(message))
        started = time.monotonic()
        try:
            pid = self._fork(limits, descriptors)
        except OSError as problem:  # memory or processes ran out: this call fails, and the next one may not
            os.write(descriptors[RESULT], FAILED + str(problem).encode()[:500])
            pid = None
        for descriptor in descriptors:
            os.close(descriptor)
        if pid is None:
            self.control.send(ChildExit(EXITED, 0, 0.0, 0.0, 0.0, 0).pack())
            return
        reason = self._watch(pid, started + limits.wall_ms / 1000)
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.monotonic() - started
        self._renew_scratch(PROFILES[limits.profile])
        self.control.send(ChildExit(reason, status, usage.ru_utime, usage.ru_stime, wall_s, usage.ru_maxrss).pack())

    def _fork(self, limits: ChildLimits, descriptors: list[int]) -> int:
        if self.namespaces:
            linux.unshare(linux.CLONE_NEWPID)
        try:
            pid = os.fork()
            if pid == 0:
                run_child(limits, descriptors, self.confinement)
        finally:
            if self.namespaces:
                linux.setns(self._self_fd, linux.CLONE_NEWPID)
        return pid

    def _watch(self, pid: int, deadline: float) -> int:
        """Wait for the child, the deadline, a cancel or the end of the harness; the child has ended afterwards."""
        child = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(child, select.POLLIN)
        poller.register(self.control, select.POLLIN | select.POLLRDHUP)
        reason = DEADLINE
        while (left := deadline - time.monotonic()) > 0:
            events = dict(poller.poll(left * 1000))
            if self.control.fileno() in events:
                if not self.control.recv(16):
                    os._exit(0)  # this ends all processes of the namespace, or the child by PDEATHSIG
                reason = CANCELLED
                break
            if child in events:
                reason = EXITED
                break
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(child, signal.SIGKILL)
        os.close(child)
        return reason

    def _renew_scratch(self, profile: str) -> None:
        if profile not in ("scratch", "program"):
            return
        mounts.renew_scratch()
        for name in ("scratch", "program"):
            os.close(self.confinement.rulesets[name])
            self.confinement.rulesets[name] = _ruleset(name, self.readable)


def main() -> None:
    """Become the zygote that `sys.argv[1]` describes, report, and serve until the harness closes the connection."""
    config = json.loads(sys.argv[1])
    control = _own_descriptors(config["control"])
    try:
        zygote, missing = _become_zygote(config, control)
    except Exception as problem:
        code = errno.ENOMEM if isinstance(problem, MemoryError) else getattr(problem, "errno", None)
        told = {"failed": f"{type(problem).__name__}: {problem}"[:3000], "errno": code}
        control.send(json.dumps(told).encode())
        os._exit(1)
    sys.argv, sys.orig_argv = [""], []
    gc.collect()
    gc.freeze()
    report = {"landlock_abi": landlock.version(), "missing": missing, "base_bytes": zygote.confinement.base_bytes}
    control.send(json.dumps(report).encode())
    while True:
        zygote.serve_one()


def _own_descriptors(inherited: int) -> socket.socket:
    """Move the control socket to a high number and occupy the low ones."""
    control = fcntl.fcntl(inherited, fcntl.F_DUPFD_CLOEXEC, FIRST_OWN_FD)
    os.close(inherited)
    while os.open("/dev/null", os.O_RDONLY) < RESERVED_FDS - 1:
        pass
    return socket.socket(fileno=control)


def _become_zygote(config: dict[str, Any], control: socket.socket) -> tuple[Zygote, list[str]]:
    layers = frozenset(config["layers"])
    with open(config["sources"], encoding="utf-8") as file:
        sources: dict[str, str] = json.load(file)
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    if "namespaces" in layers:
        mounts.enter_namespaces(config["readable"], scratch=True)
        _become_first_process(control)
    sys.path += config["paths"]
    missing = _preload(config["preload"], everything="landlock" not in layers)
    _compile(sources)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    linux.drop_bounding_set()
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    readable = [path for path in (*mounts.SYSTEM_PATHS, *mounts.DEVICES, *config["readable"]) if os.path.exists(path)]
    confinement = Confinement(layers, _address_space(proc), _filters(layers), _rulesets(layers, readable))
    os.close(proc)
    return Zygote(control, confinement, readable), missing


def _become_first_process(control: socket.socket) -> None:
    """Fork into the new pid namespace; the launcher outside ends with the zygote, and the zygote with it."""
    if os.fork():
        control.close()
        os.wait()
        os._exit(0)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)


def _preload(names: Iterable[str], *, everything: bool) -> list[str]:
    """Import and warm up the modules that are installed, with all submodules if asked; return the missing ones."""
    for name in (STANDARD_PRELOAD + (BREADTH_PRELOAD if everything else "")).split():
        importlib.import_module(name)
    present = [name for name in names if importlib.util.find_spec(name) is not None]
    for name in present:
        importlib.import_module(name)
    warm(present)
    for name in present if everything else ():
        _import_submodules(name)
    return [name for name in names if name not in present]


def _compile(sources: dict[str, str]) -> None:
    """Compile modules for all children. One that cannot be compiled says so where it is imported."""
    cache = CompileCache()
    SOURCES.update(sources)
    for name, source in sources.items():
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            KNOWN[file_name(name), source] = cache.compile(source, file_name(name))


def _import_submodules(name: str) -> None:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + ".", onerror=lambda _: None):
        if TEST_PARTS.isdisjoint(module.name.split(".")) and ".tests" not in module.name:
            try:
                importlib.import_module(module.name)
            except ImportError:  # optional parts need packages that are not installed
                continue


def _filters(layers: frozenset[str]) -> dict[str, bytes]:
    if "seccomp" not in layers:
        return {}
    return {name: policy.build_program(name, linux.MACHINE) for name in _profiles(layers)}


def _rulesets(layers: frozenset[str], readable: list[str]) -> dict[str, int]:
    if "landlock" not in layers:
        return {}
    return {name: _ruleset(name, readable) for name in _profiles(layers)}


def _profiles(layers: frozenset[str]) -> tuple[policy.Profile, ...]:
    if "namespaces" in layers:
        return ("pure", "scratch", "program")
    return ("pure",) if "landlock" in layers else ("no-open",)


def _ruleset(profile: str, readable: list[str]) -> int:
    """Create the Landlock ruleset of a profile, on a high descriptor."""
    writable = [] if profile == "pure" else [mounts.SCRATCH]
    low = landlock.create_ruleset(readable, writable, executable=profile == "program")
    high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FIRST_OWN_FD)
    os.close(low)
    return high


def _address_space(proc: int) -> int:
    """Return this process's address space in bytes, read through a /proc opened before the file system changed."""
    statm = os.open("self/statm", os.O_RDONLY, dir_fd=proc)
    pages = int(os.read(statm, 100).split()[0])
    os.close(statm)
    return pages * resource.getpagesize()
