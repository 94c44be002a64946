"""Ray, which starts within its own time limits or not at all → Ray that a busy machine may start slowly.

Two limits have no setting: a node waits 15 seconds for files in which its agents, which are Python processes, note
their ports; and whoever starts it waits 30 seconds. So the ports are chosen and noted before, and nodes are waited for.
"""

from __future__ import annotations

import inspect
import os
import socket
import time
from functools import wraps
from typing import Any

PATIENCE_S = 600
PATIENCE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": str(PATIENCE_S),
    "RAY_agent_register_timeout_ms": str(1000 * PATIENCE_S),
    "RAY_gcs_server_port_wait_time_s": str(PATIENCE_S),
    "RAY_health_check_timeout_ms": "120000",  # one that is refused, because the node has died, fails at once
    "RAY_worker_register_timeout_seconds": str(PATIENCE_S),
}
"""What the environment of Ray's processes says of other time limits; some are read when Ray is imported."""
os.environ |= PATIENCE
AGENT_PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def wait_patiently() -> None:
    """Have Ray in this process wait for the nodes that it starts, and these not for their agents."""
    from ray._private import services
    from ray._private.parameter import RayParams
    from ray._raylet import persist_port

    begin, start, find = RayParams.__init__, services.start_raylet, services.get_node

    @wraps(begin)
    def with_ports(self: Any, *arguments: Any, **settings: Any) -> None:
        begin(self, *arguments, **settings)
        self.update_if_absent(**dict(zip(AGENT_PORTS, free_ports(len(AGENT_PORTS)), strict=True)))

    @wraps(start)
    def started(*arguments: Any, **settings: Any) -> Any:
        given = inspect.signature(start).bind(*arguments, **settings).arguments
        for name in AGENT_PORTS:
            persist_port(given["session_dir"], given["node_id"], name, given[name])
        return start(*arguments, **settings)

    @wraps(find)
    def found(*arguments: Any) -> Any:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                return find(*arguments)
            except RuntimeError:  # not there yet
                time.sleep(0.5)
        return find(*arguments)

    RayParams.__init__, services.start_raylet, services.get_node = with_ports, started, found


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
