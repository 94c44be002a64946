"""State of a trainer ↔ checkpoints/step-000100/, so that a killed run continues to the same losses.

    checkpoints/step-000100/
        model.safetensors, config.json, tokenizer …   the model, as `propose --proposer` and vLLM load it, in the number
                                                      format of the model that training started from
        adapter/                                      with LoRA: the adapters alone
        optimiser-00000.safetensors …                 exact trained weights and AdamW's means, about 2 GiB a file
        rng.safetensors                               random state of every process
        state.json                                    step, number of processes, counts and the stage's own state

A checkpoint is written under a temporary name, synced and renamed, so it is complete or absent. Older checkpoints are
deleted only after that.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from agentprop.errors import RunError
from agentprop.inference.weights import not_finite
from agentprop.portable import sync_directory
from agentprop.storage.durable import write_json
from agentprop.training.memory_errors import saving_errors
from agentprop.training.model.distributed import World, first_tensor, local_part
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import save_model

FOLDER = "checkpoints"
STATE, RNG, OPTIMISER = "state.json", "rng.safetensors", "optimiser-{:05d}.safetensors"
OPTIMISER_FILES = OPTIMISER.replace("{:05d}", "*")
FILE_BYTES = 2 << 30
"""Bytes of optimiser state gathered before they are written: the extra memory that saving needs."""
VERSION = 1
"""Version of the layout."""


@dataclass(frozen=True)
class Restored:
    """State that a run continues from."""

    step: int
    """Number of optimiser steps, or of rollout batches."""
    state: dict[str, Any]
    """State of the stage, as JSON values."""
    path: Path
    """Directory of the checkpoint."""


def save(
    folder: Path,
    step: int,
    policy: PolicyModel,
    optimiser: Optimiser,
    state: Mapping[str, Any],
    world: World,
    *,
    keep: int,
    pinned: int | None = None,
) -> Path:
    """Write `folder`/step-…, then delete all but the newest `keep` and `pinned`. Every process must call it.

    Raises RunError if the disk fails; earlier checkpoints are untouched then.
    """
    path = folder / name(step)
    temporary = folder / f".{path.name}.tmp"
    with saving_errors(path, newest(folder) if world.first else None, temporary):
        if world.first:
            _remove_temporaries(folder)
            temporary.mkdir(parents=True)
        save_model(policy, temporary, optimiser.exact())
        _write_optimiser(temporary, optimiser, world)
        random = _random_states(world)
        if world.first:
            save_file(random, temporary / RNG)
            document = {"version": VERSION, "step": step, "processes": world.size, **optimiser.counts(), "state": state}
            write_json(temporary / STATE, document)
            _publish(temporary, path)
            _remove_old(folder, keep, pinned)
    world.barrier()
    return path


def name(step: int) -> str:
    """Return the directory name of a step's checkpoint."""
    return f"step-{step:06d}"


def newest(folder: Path) -> Path | None:
    """Return the newest complete checkpoint, or None."""
    found = sorted(path for path in folder.glob("step-*") if (path / STATE).is_file())
    return found[-1] if found else None


def restore(path: Path, optimiser: Optimiser, world: World) -> Restored:
    """Restore trained weights, optimiser and random state; weights that are not trained never change.

    Raises RunError for a checkpoint that is damaged or does not fit.
    """
    try:
        document = json.loads((path / STATE).read_text(encoding="utf-8"))
        if document["version"] > VERSION:
            raise RunError(f"{path} was written by a newer agentprop", hint="upgrade agentprop")
        optimiser.load(_OptimiserTensors(path), document)
        if any(not_finite((name, local_part(tensor)) for name, tensor in optimiser.tensors())):
            raise ValueError("it holds NaN or infinite values")
        _set_random_state(load_file(path / RNG), world)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(
            f"the checkpoint {path} is damaged or of another model: {reason}",
            hint="delete it to continue from the one before, or start over with --fresh",
        ) from error
    return Restored(document["step"], document["state"], path)


# --- parts ---


def _write_optimiser(folder: Path, optimiser: Optimiser, world: World) -> None:
    """Write the optimiser's tensors, gathered one by one in the first process."""
    part: dict[str, Tensor] = {}
    number, size = 0, 0
    for name, tensor in optimiser.tensors():
        full = first_tensor(tensor)
        if not world.first:
            continue
        if size + full.nbytes > FILE_BYTES and part:
            save_file(part, folder / OPTIMISER.format(number))
            part, number, size = {}, number + 1, 0
        part[name] = full.cpu().contiguous()
        size += full.nbytes
    if world.first:
        save_file(part, folder / OPTIMISER.format(number))


class _OptimiserTensors(Mapping[str, Tensor]):
    """Tensors in a checkpoint's optimiser files by name, each read on access."""

    def __init__(self, path: Path) -> None:
        self._files = [safe_open(file, framework="pt") for file in sorted(path.glob(OPTIMISER_FILES))]
        self._home = {name: file for file in self._files for name in _names(file)}

    def __getitem__(self, name: str) -> Tensor:
        tensor: Tensor = self._home[name].get_tensor(name)  # type: ignore[no-untyped-call]
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._home)

    def __len__(self) -> int:
        return len(self._home)


def _names(file: Any) -> list[str]:
    names: list[str] = file.keys()
    return names


def _random_states(world: World) -> dict[str, Tensor]:
    """Return the random state of every process as `cpu.RANK` and, on GPUs, `device.RANK`."""
    own = {"cpu": torch.get_rng_state()}
    if world.device.type == "cuda":
        own["device"] = torch.cuda.get_rng_state(world.device)
    states: dict[str, Tensor] = {}
    for name, state in own.items():
        for rank, one in enumerate(world.gather(state)):
            states[f"{name}.{rank}"] = one
    return states


def _set_random_state(states: Mapping[str, Tensor], world: World) -> None:
    """Set this process's random state; a process that the checkpoint does not know keeps its own."""
    if f"cpu.{world.rank}" in states:
        torch.set_rng_state(states[f"cpu.{world.rank}"])
    if world.device.type == "cuda" and f"device.{world.rank}" in states:
        torch.cuda.set_rng_state(states[f"device.{world.rank}"], world.device)


def _publish(temporary: Path, path: Path) -> None:
    """Sync all files, then rename the directory to its final name."""
    for file in temporary.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    for folder in (temporary, *(inside for inside in temporary.rglob("*") if inside.is_dir())):
        sync_directory(folder)
    if path.exists():
        shutil.rmtree(path)  # left from before the run went back to an earlier checkpoint
    temporary.rename(path)
    sync_directory(path.parent)


def _remove_old(folder: Path, keep: int, pinned: int | None) -> None:
    found = sorted(folder.glob("step-*"))
    for path in found[:-keep]:
        if pinned is None or path.name != name(pinned):
            shutil.rmtree(path)


def _remove_temporaries(folder: Path) -> None:
    """Delete the unfinished checkpoints of killed processes."""
    for path in folder.glob(".*.tmp"):
        shutil.rmtree(path)


def copy_model(source: Path, target: Path) -> None:
    """Copy the model of a checkpoint, without the trainer's files, to `target`, replacing what was there."""
    temporary = (
        source.parent / f".{target.name}.tmp"
    )  # beside the checkpoints, where leftovers of a killed run are removed
    with saving_errors(target, source, temporary):
        _remove_temporaries(source.parent)
        shutil.copytree(source, temporary, ignore=shutil.ignore_patterns(STATE, RNG, OPTIMISER_FILES))
        _publish(temporary, target)
