"""Devices of the trainer and of its samplers → what each vLLM server is started with, and which one answers whom.

    sampler_devices = ["cuda:1", "cuda:2"]      a server on each; the trainer has cuda:0
    sampler_devices = ["cuda:0"]                beside the trainer, with a smaller share of the memory

A server sees its own GPU alone (CUDA_VISIBLE_DEVICES), counted among those that this process sees. Groups go round
robin, and all turns of an episode go to one server, which has the beginning of the conversation in its cache. Shares
of memory are ours: vLLM's own default where a server has a GPU to itself, and less where it shares one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentprop.errors import ConfigError

ALONE, BESIDE = 0.9, 0.4
"""Share of the memory of a GPU for all its servers together: without the trainer, and beside it."""
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class ServerPlace:
    """What a server is started with because of its device."""

    env: Mapping[str, str]
    """Environment variables."""
    args: Mapping[str, str]
    """Options of vLLM and their values."""


def places_of(
    samplers: Sequence[str], trainer: Sequence[int], *, visible: str | None, share: float | None = None
) -> list[ServerPlace]:
    """Return the place of each server.

    `trainer` are the numbers of the trainer's GPUs, `visible` is this process's CUDA_VISIBLE_DEVICES, and `share` the
    share of each server, if it is given. Without samplers there is one server, on whatever device it finds.

    >>> beside, *_ = places_of(["cuda:0", "cuda:0", "cuda:1"], [0], visible="4,5")
    >>> beside.env, beside.args
    ({'CUDA_VISIBLE_DEVICES': '4'}, {'--gpu-memory-utilization': '0.2'})

    Raises ConfigError if a name is no device.
    """
    if not samplers:
        return [ServerPlace({}, {} if share is None else _utilization(share))]
    numbers = [_number(name) for name in samplers]
    sharing = Counter(numbers)
    return [_place(number, sharing[number], number in trainer, visible, share) for number in numbers]


def _place(number: int | None, sharing: int, beside: bool, visible: str | None, share: float | None) -> ServerPlace:
    if number is None:
        return ServerPlace({VISIBLE: ""}, {})
    seen = [name for name in (visible or "").split(",") if name]
    if seen and number >= len(seen):
        raise ConfigError(
            f"cuda:{number} is not among the GPUs that may be used ({VISIBLE}={visible})",
            hint="name fewer sampler_devices",
        )
    own = share if share is not None else (BESIDE if beside else ALONE) / sharing
    return ServerPlace({VISIBLE: seen[number] if seen else str(number)}, _utilization(own))


def _utilization(share: float) -> dict[str, str]:
    return {"--gpu-memory-utilization": f"{share:g}"}


def _number(name: str) -> int | None:
    """Return the number of a GPU; None for the CPU. Raises ConfigError."""
    if name == "cpu":
        return None
    kind, _, number = name.partition(":")
    if kind != "cuda" or not number.isdecimal():
        raise ConfigError(f"{name} is not a device for a sampler", hint="write cpu, cuda:0, cuda:1, …")
    return int(number)


def server_of(sample: int, group_size: int, servers: int) -> int:
    """Return the number of the server for the episode with this sample number: groups go round robin.

    >>> [server_of(sample, group_size=2, servers=3) for sample in range(8)]
    [0, 0, 1, 1, 2, 2, 0, 0]
    """
    return (sample // group_size) % servers
