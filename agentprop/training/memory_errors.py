"""A full disk or exhausted memory during training → an error with a hint; and the peak memory in use.

Libraries report both in their own ways: safetensors as text, torch as RuntimeErrors.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from agentprop.errors import AgentpropError, RunError
from agentprop.portable import resource
from agentprop.storage.durable import disk_error

NUMBER = re.compile(r"\(os error (\d+)\)")
EXHAUSTED = ("can't allocate memory", "out of memory", "not enough memory")
"""Phrases in the errors of torch's allocators."""
MIB = 1 << 20


class OutOfMemory(AgentpropError):
    """A step needs more memory than is available."""


@contextmanager
def saving_errors(path: Path, last: Path | None, temporary: Path) -> Iterator[None]:
    """Turn failures of the disk inside the block into a RunError about saving `path`, and delete the unfinished files.

    `last` is the checkpoint that a restart continues from.
    """
    try:
        yield
    except (OSError, SafetensorError, RunError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        kept = f"{last.name} is kept" if last else "there is no earlier checkpoint"
        raise RunError(
            f"{_reason(path, error)}; {kept}",
            hint="free some space; the same command continues from the last checkpoint",
        ) from error


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, SafetensorError):
        found = NUMBER.search(str(error))
        if found is None:
            raise error
        error = OSError(int(found[1]), os.strerror(int(found[1])))
    if isinstance(error, OSError):
        return disk_error(path, error).message
    return str(error)


@contextmanager
def memory_errors(doing: str) -> Iterator[None]:
    """Turn a failed allocation inside the block into OutOfMemory; `doing` names the activity, such as `a step`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error).lower()
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and not any(part in text for part in EXHAUSTED):
            raise
        raise OutOfMemory(
            f"{doing} needs more memory than is available",
            hint="lower pack_tokens or max_length, set gradient_checkpointing, train adapters with lora_rank, or use "
            "more GPUs with torchrun; the last checkpoint is kept",
        ) from error


def peak_memory_mib(device: torch.device) -> float:
    """Return the peak memory so far in MiB: of the GPU, or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
