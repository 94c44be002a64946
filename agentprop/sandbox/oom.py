"""Whether the kernel has ended a process for want of memory: counters of our control group, or of the whole machine.

A child that is killed below its own limits was either run out of memory by somebody else or killed by hand. Only the
kernel knows which, and it counts.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
FIELD = b"oom_kill "


def kills() -> int:
    """Processes that the kernel has killed for memory so far, as near to us as it can be told; 0 without counters."""
    source = _counter()
    if source is None:
        return 0
    try:
        data = source.read_bytes()
    except OSError:  # the control group has gone, and nothing can be told any more
        return 0
    start = data.find(FIELD)
    return int(data[start + len(FIELD) :].split(b"\n", 1)[0]) if start >= 0 else 0


@cache
def _counter() -> Path | None:
    """The file that counts: of our control group (version 2, then 1), else of the machine."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    places = [_place(*line.split(":", 2)) for line in lines if line.count(":") >= 2]
    candidates = [path for found in places for path in found] + [Path("/proc/vmstat")]
    return next((path for path in candidates if _counts(path)), None)


def _place(number: str, controllers: str, path: str) -> list[Path]:
    """Where a hierarchy of control groups would count; inside a namespace of its own, `/` is where we are."""
    if number == "0" and not controllers:
        return [ROOT / path.lstrip("/") / "memory.events", ROOT / "memory.events"]
    if "memory" in controllers.split(","):
        return [ROOT / "memory" / path.lstrip("/") / "memory.oom_control", ROOT / "memory" / "memory.oom_control"]
    return []


def _counts(path: Path) -> bool:
    try:
        return FIELD in path.read_bytes()
    except OSError:
        return False
