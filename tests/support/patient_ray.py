"""Ray, which starts within its own time limits or not at all → Ray that a busy machine may start slowly.

A node waits 15 seconds for the ports of its agents, which are Python processes, unless it was told them before, and no
setting changes that. Whoever starts it waits 30 seconds. So nodes are told their ports, and are tried several times.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Started = TypeVar("Started")

PATIENCE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "600000",
    "RAY_gcs_server_port_wait_time_s": "600",
    "RAY_health_check_timeout_ms": "120000",  # one that is refused, because the node has died, fails at once
    "RAY_worker_register_timeout_seconds": "600",
}
"""What the environment of Ray's processes says of other time limits."""
AGENT_PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
TRIES = 4


def wait_patiently() -> None:
    """Have Ray in this process, and the nodes that it starts, wait for each other on a busy machine."""
    os.environ |= PATIENCE
    from ray._private.parameter import RayParams

    begin = RayParams.__init__

    @wraps(begin)
    def with_ports(self: Any, *arguments: Any, **settings: Any) -> None:
        begin(self, *arguments, **settings)
        self.update_if_absent(**dict(zip(AGENT_PORTS, free_ports(len(AGENT_PORTS)), strict=True)))

    RayParams.__init__ = with_ports


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def started(start: Callable[[], Started]) -> Started:
    """Start something of Ray's, once more if it was too slow for Ray."""
    for _ in range(TRIES - 1):
        try:
            return start()
        except Exception as error:  # Ray raises bare ones
            if "timed out" not in str(error).lower():
                raise
    return start()
