"""What the self-test's child tries: its source is sent inside and `attempt` called there, never here."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable

CLONE_NEWUSER = 0x10000000
NR_BPF = 321


def attempt(canary: str, planted: str, port: int, outsider: int) -> dict[str, bool]:
    """Attempt to whether it was refused."""
    return {
        "connect by TCP": _refused(lambda: socket.create_connection(("127.0.0.1", port), timeout=1)),
        "signal another process": _refused(lambda: os.kill(outsider, 0)) and _refused(lambda: os.kill(os.getppid(), 0)),
        "fork": _refused(_fork),
        "nest a user namespace": _refused(lambda: _check(_libc().unshare(CLONE_NEWUSER))),
        "load a bpf program": _refused(lambda: _check(_libc().syscall(NR_BPF, 0, None, 0))),
        "read a file outside": _refused(lambda: open(canary).close()),
        "create a file outside": _refused(lambda: open(planted, "w").close()),
        "change a file outside": _refused(lambda: open(canary, "a").close()),
        "list the root directory": _refused(lambda: os.listdir("/")),
        "read the environment of another process": _refused(lambda: open("/proc/1/environ").close()),
        "see a parent process": os.getppid() == 0,
        "see that a file outside exists": not os.path.exists(canary) and not os.path.exists("/proc"),
    }


def _refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return True
    return False


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
