"""A disk or a memory that is used up → a sentence; anything else stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from agentprop.errors import RunError
from agentprop.training.memory_errors import OutOfMemory, memory_errors, peak_memory_mib, saving_errors


def test_an_allocation_that_torch_cannot_make_says_what_to_lower() -> None:
    expected = "a step needs more memory than is available"
    with pytest.raises(OutOfMemory, match=expected) as error, memory_errors("a step"):
        torch.empty(1 << 50)
    assert error.value.hint is not None
    assert all(name in error.value.hint for name in ("pack_tokens", "gradient_checkpointing", "lora_rank"))


def test_python_and_gpus_run_out_of_memory_alike() -> None:
    for failure in (MemoryError(), torch.OutOfMemoryError("CUDA out of memory.")):
        with pytest.raises(OutOfMemory), memory_errors("it"):
            raise failure


def test_other_failures_pass_through() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_errors("it"):
        raise RuntimeError("shapes do not fit")
    with pytest.raises(ZeroDivisionError), saving_errors(Path("a"), None, Path("b")):
        raise ZeroDivisionError


def test_what_was_half_written_is_gone_and_what_is_kept_is_named(tmp_path: Path) -> None:
    half = tmp_path / ".new.tmp"
    half.mkdir()
    sentence = pytest.raises(RunError, match="new: no space left on the device; old is kept")
    with sentence, saving_errors(tmp_path / "new", tmp_path / "old", half):
        raise OSError(28, "No space left on device")
    assert not half.exists()


def test_memory_in_use_is_that_of_this_process() -> None:
    before = peak_memory_mib(torch.device("cpu"))
    held = torch.ones(64 << 20)
    assert peak_memory_mib(torch.device("cpu")) > max(100, before - 1) and held.numel()
