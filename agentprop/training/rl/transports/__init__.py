"""Transports: ways of the trainer's weights to the vLLM servers that sample, behind one interface.

disk       the whole model by files, on any device; what `auto` takes if all weights are trained
adapter    LoRA adapters alone, a name for each step; what `auto` takes if there are adapters
nccl       the whole model by NCCL, to servers on other GPUs; only if it is asked for
sleeping   around disk or adapter, for servers on the trainer's own GPU; only if it is asked for
"""

from __future__ import annotations

from agentprop.config.reinforce import ReinforceConfig
from agentprop.errors import ConfigError
from agentprop.training.rl.transports.base import Servers, Transport


def transport_of(config: ReinforceConfig, servers: Servers) -> Transport:
    """Return the transport of the settings. Raises ConfigError if the devices do not have it."""
    cuda = servers.world.device.type == "cuda"
    if not cuda and (config.transport == "nccl" or config.sampler_sleep):
        what = "sampler_sleep" if config.sampler_sleep else "transport=nccl"
        raise ConfigError(f"{what} needs a trainer on a GPU, and this one is on {servers.world.device}")
    by_adapters = config.transport == "adapter" or (config.transport == "auto" and config.lora_rank is not None)
    inner = _adapter(config, servers) if by_adapters else _whole(config, servers)
    if not config.sampler_sleep:
        return inner
    from agentprop.training.rl.transports.sleeping import Sleeping

    return Sleeping(servers, inner, level=1 if by_adapters else 2)


def _adapter(config: ReinforceConfig, servers: Servers) -> Transport:
    from agentprop.training.rl.transports.adapter import Adapter

    assert config.lora_rank is not None  # `check_reinforce` refuses the setting without it
    return Adapter(servers, config.lora_rank, config.max_staleness)


def _whole(config: ReinforceConfig, servers: Servers) -> Transport:
    if config.transport == "nccl":
        from agentprop.training.rl.transports.nccl import Nccl

        return Nccl(servers)
    from agentprop.training.rl.transports.disk import Disk

    return Disk(servers)


__all__ = ["Servers", "Transport", "transport_of"]
