"""A device → the memory that is free on it: the GPU's, or the machine's within the limits of this process's cgroup."""

from __future__ import annotations

import os
from pathlib import Path

import torch

MEMINFO = Path("/proc/meminfo")
CGROUPS = Path("/sys/fs/cgroup")
KIB = 1024


def free_memory(device: torch.device) -> int:
    """Return the bytes that can still be allocated on a device, which torch's own cache of freed blocks is part of."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    return min(_free_of_machine(), *_free_of_cgroups())


def _free_of_machine() -> int:
    """Return what Linux says is available, or half of the memory where it says nothing."""
    if MEMINFO.is_file():
        for line in MEMINFO.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * KIB
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _free_of_cgroups() -> list[int]:
    """Return what is left of every limit that a cgroup sets, version 2 or 1; without limits a number too large."""
    found = [1 << 62]
    for limit, used in (
        (CGROUPS / "memory.max", CGROUPS / "memory.current"),
        (CGROUPS / "memory" / "memory.limit_in_bytes", CGROUPS / "memory" / "memory.usage_in_bytes"),
    ):
        if limit.is_file() and used.is_file() and (text := limit.read_text(encoding="ascii").strip()) != "max":
            found.append(max(0, int(text) - int(used.read_text(encoding="ascii"))))
    return found
