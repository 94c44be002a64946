"""Processes started by `torchrun` → one trainer with weights sharded by FSDP2.

Without torchrun there is one process and nothing is sharded. Gradients are summed over processes, not averaged, because
every loss here is divided by a count over all processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from agentprop.errors import ConfigError

Item = TypeVar("Item")


@dataclass(frozen=True)
class World:
    """One process among those that train together, and its communication with the others."""

    rank: int
    """Number of this process, from 0."""
    size: int
    """Number of processes."""
    device: torch.device
    """Device of this process's tensors."""
    mesh: DeviceMesh | None
    """Device mesh of all processes, one-dimensional; None for a single process."""

    @property
    def first(self) -> bool:
        """This is the process that writes files."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> list[Item]:
        """Return this process's share of items that all processes have: every `size`-th one."""
        return list(items[self.rank :: self.size])

    def sum(self, values: Sequence[float]) -> list[float]:
        """Return sums over all processes, in float64."""
        if self.mesh is None:
            return [float(value) for value in values]
        total = torch.tensor(list(values), dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return [float(value) for value in total]

    def any(self, flag: bool) -> bool:
        """Return True in all processes if the flag is true in one of them."""
        return self.sum([float(flag)])[0] > 0

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Return the tensors of all processes, which must have one shape, in order of rank, on the CPU."""
        if self.mesh is None:
            return [tensor.cpu()]
        own = tensor.to(self.device)
        found = [torch.empty_like(own) for _ in range(self.size)]
        dist.all_gather(found, own)
        return [one.cpu() for one in found]

    def least(self, values: Sequence[int]) -> list[int]:
        """Return the smallest of each value over all processes."""
        every = torch.stack(self.gather(torch.tensor(list(values), dtype=torch.int64)))
        return [int(value) for value in every.amin(0)]

    def barrier(self) -> None:
        """Wait for the other processes."""
        if self.mesh is not None:
            dist.barrier()


@contextmanager
def join(device: str = "auto") -> Iterator[World]:
    """Join the processes that torchrun started, or run alone. Raises ConfigError if the device does not exist."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    place = _device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if size == 1:
        yield World(0, 1, place, None)
        return
    if place.type == "cuda":
        dist.init_process_group("nccl", device_id=place)
    else:
        dist.init_process_group("gloo")
    try:
        yield World(dist.get_rank(), size, place, init_device_mesh(place.type, (size,)))
    finally:
        dist.destroy_process_group()


def _device(name: str, local_rank: int) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"{name} is not a device", hint="write cpu, cuda, cuda:1, … or auto") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError("there is no GPU that torch can use", hint="give --device cpu, or see `agentprop doctor`")
    return torch.device("cuda", local_rank) if name == "cuda" else device


def shard(module: nn.Module, layers: Sequence[nn.Module], world: World) -> None:
    """Shard the weights of `module` over all processes, layer by layer; a single process moves them to its device."""
    if world.mesh is None:
        module.to(world.device)
        return
    precision = MixedPrecisionPolicy(reduce_dtype=torch.float32)  # only gradients are summed in float32
    for part in (*layers, module):
        fully_shard(part, mesh=world.mesh, mp_policy=precision)
    for part in module.modules():
        if isinstance(part, FSDPModule):
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)


def is_first() -> bool:
    """Return True in the process that writes files."""
    return not dist.is_initialized() or dist.get_rank() == 0


def full_tensor(tensor: Tensor) -> Tensor:
    """Gather a tensor that may be sharded. Every process must call it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def first_tensor(tensor: Tensor) -> Tensor:
    """Gather a tensor that may be sharded in the first process alone; every other one gets an empty one.

    Every process must call it. Memory and traffic of the others stay those of their own parts. FSDP2 cuts the first
    axis into parts of ceil(rows / processes) rows, the last of which may be shorter or empty:

        5 rows, 3 processes    2 + 2 + 1 rows, sent as 2 + 2 + 2, of which the first 5 are kept
    """
    if not isinstance(tensor, DTensor):
        return tensor if is_first() else tensor.new_empty(0)
    mesh = tensor.device_mesh
    if mesh.ndim != 1 or not tensor.placements[0].is_shard(0):
        full: Tensor = tensor.full_tensor()
        return full if is_first() else full.new_empty(0)
    own = tensor.to_local()
    rows = -(-tensor.shape[0] // mesh.size())
    sent = own.new_zeros(rows, *tensor.shape[1:])
    sent[: own.shape[0]] = own
    parts = [torch.empty_like(sent) for _ in range(mesh.size())] if is_first() else None
    dist.gather(sent, parts, group=mesh.get_group(), group_dst=0)
    return own.new_empty(0) if parts is None else torch.cat(parts)[: tensor.shape[0]]


def local_part(tensor: Tensor) -> Tensor:
    """Return this process's part of a tensor that may be sharded, without communication."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def sharded_like(tensor: Tensor, full: Tensor) -> Tensor:
    """Shard `full` as `tensor` is and return this process's part, without communication."""
    if not isinstance(tensor, DTensor):
        return full.to(tensor.device)
    return distribute_tensor(full.to(tensor.device), tensor.device_mesh, tensor.placements, src_data_rank=None)
