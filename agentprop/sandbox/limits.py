"""What a body may take: the least of what it is wanted to have and what this process itself was given.

A limit that somebody set with `ulimit` binds the sandbox too. Where it is the one that was met, what is said names it,
because it can be raised; it is never a reason to go without isolation.
"""

from __future__ import annotations

import errno
import math
from dataclasses import dataclass

from agentprop.portable import resource
from agentprop.sandbox.body import Body

CPU, MEMORY, FILES, PROCESSES, FILE_SIZE = "ulimit -t", "ulimit -v", "ulimit -n", "ulimit -u", "ulimit -f"
NEEDED = {MEMORY: ("RLIMIT_AS", 2 << 30), FILES: ("RLIMIT_NOFILE", 128), PROCESSES: ("RLIMIT_NPROC", 64)}
"""The limit's name for a person → which it is, and what a sandbox needs of it to start with room to spare."""
SHORT = {
    errno.ENOMEM: f"memory ran out ({MEMORY}, or the memory of the machine or of its control group)",
    errno.EAGAIN: f"no further process may be started ({PROCESSES}, or pids.max of the control group)",
    errno.EMFILE: f"this process has as many files open as it may ({FILES})",
    errno.ENFILE: "the machine has as many files open as it can (fs.file-max)",
    errno.EFBIG: f"no file of that size may be written, in memory neither ({FILE_SIZE})",
}
"""Errors of the operating system that say nothing about isolation → what ran out, by the limit's name."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one child."""

    cpu_s: int
    """Processor seconds, whole ones as the kernel wants them."""
    memory_mb: int
    """Mebibytes on top of what the zygote occupies."""
    inherited: frozenset[str] = frozenset()
    """Those that are lower than wanted, by their names for a person."""

    def named(self, limit: str) -> str:
        """A note on a limit that this process was given; empty for one of our own."""
        if limit not in self.inherited:
            return ""
        given = f"{self.cpu_s} s" if limit == CPU else f"{self.memory_mb} MiB"
        return f" ({limit} leaves it {given}; raise that limit)"


def allowance_of(body: Body, base_bytes: int) -> Allowance:
    """The limits of a body's child, whose zygote occupies `base_bytes` of address space."""
    wanted_cpu, wanted_mb = math.ceil(sum(body.timeouts_s)), body.memory_mb
    cpu = _least(wanted_cpu, inherited("RLIMIT_CPU"))
    space = inherited("RLIMIT_AS")
    memory = wanted_mb if space is None else _least(wanted_mb, max(0, space - base_bytes) >> 20)
    lower = {CPU: cpu < wanted_cpu, MEMORY: memory < wanted_mb}
    return Allowance(cpu, memory, frozenset(name for name, is_lower in lower.items() if is_lower))


def inherited(kind: str) -> int | None:
    """What this process was given of a resource, such as RLIMIT_AS, and so its children; None for no limit."""
    soft, _ = resource.getrlimit(getattr(resource, kind))
    return None if soft == resource.RLIM_INFINITY else soft


def _least(wanted: int, given: int | None) -> int:
    return wanted if given is None else min(wanted, given)


def shortage(error: BaseException) -> str | None:
    """What ran out, where that is what an error says; None for any other error."""
    code = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    return SHORT.get(code) if code is not None else None


def tight_limits() -> list[str]:
    """The limits of this process that are too low for a sandbox to start, each with what it is and what is needed."""
    found = ((name, inherited(kind), needed) for name, (kind, needed) in NEEDED.items())
    return [f"{name} is {_amount(name, given)}, and {_amount(name, needed)} are needed" for name, given, needed in found
            if given is not None and given < needed]  # fmt: skip


def _amount(name: str, value: int) -> str:
    return f"{value >> 20} MiB" if name == MEMORY else str(value)
