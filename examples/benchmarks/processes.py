"""Memory and processor time of a process and its descendants, by the kernel's account, and both over time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def tree(root: int) -> Iterator[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        fields = read(stat).rpartition(")")[2].split()
        if fields:
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        yield pid


def memory(pid: int) -> int:
    """Bytes of a process; nothing for one that has just ended.

    Proportional set size if the kernel lets us read it, so that pages shared after a fork count once; else the
    resident set size.
    """
    for line in read(PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return 1024 * int(line.split()[1])
    fields = read(PROC / str(pid) / "statm").split()
    return PAGE * int(fields[1]) if fields else 0


def cpu_s(pid: int) -> float:
    """Processor time of a process and of its children that have ended, seconds."""
    fields = read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    return TICK_S * sum(map(int, fields[11:15])) if fields else 0.0


def read(path: Path) -> str:
    """Read a file below /proc; empty if it is gone or not readable."""
    try:
        return path.read_text()
    except OSError:
        return ""


def mib(size: float) -> float:
    """Bytes → MiB."""
    return round(size / 2**20, 1)


@dataclass(frozen=True)
class Sample:
    """A process tree at one moment."""

    at_s: float
    """Moment, seconds since the epoch."""
    bytes: int
    """Memory of the tree; 0 if it was not asked for."""
    cpu_s: tuple[tuple[int, float], ...]
    """(process, its processor time), the root first."""


class Watch:
    """`with Watch(pid) as watch:` samples a process tree from a thread until the end of the block."""

    def __init__(self, root: int, *, every_s: float = 0.25, memory: bool = True) -> None:
        self.root, self.every_s, self.samples = root, every_s, list[Sample]()
        self._memory = memory
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def peak(self) -> int:
        """Largest memory of the tree, bytes."""
        return max((sample.bytes for sample in self.samples), default=0)

    @property
    def processes(self) -> int:
        """Most processes seen at once."""
        return max((len(sample.cpu_s) for sample in self.samples), default=0)

    def between(self, first_s: float, last_s: float) -> list[Sample]:
        """The samples of a time span."""
        return [sample for sample in self.samples if first_s <= sample.at_s <= last_s]

    def _sample(self) -> None:
        while not self._done.wait(self.every_s):
            pids = list(tree(self.root))
            size = sum(map(memory, pids)) if self._memory else 0
            self.samples.append(Sample(time.time(), size, tuple((pid, cpu_s(pid)) for pid in pids)))
