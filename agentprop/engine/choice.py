"""The name of an engine, as the settings give it → the place where ordered work runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agentprop.engine.placement import LOCAL, at
from agentprop.errors import ConfigError


@contextmanager
def on_engine(name: str, address: str | None = None) -> Iterator[None]:
    """Run the ordered work of the block on an engine: `local` or `ray`. Raises ConfigError or RunError."""
    if name == LOCAL.name:
        if address is not None:
            raise ConfigError("--address is the address of a Ray cluster", hint="add --engine ray")
        yield
        return
    from agentprop.engine.cluster import ray_cluster  # ray is an extra

    with ray_cluster(address) as placement, at(placement):
        yield
