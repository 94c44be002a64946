"""Runs a command in a process group of its own, and ends the group when whoever started it is gone.

Its parent holds the other end of its standard input. When that closes, be it because the parent asks, ends or is
killed, the group is terminated, and killed ten seconds later. A file of its own, without imports from the package,
because it runs as `python guard.py COMMAND...`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

GRACE_S = 10.0
POLL_S = 0.1
ENDED_BY = "was ended by"


def main(command: list[str]) -> int:
    """The command's exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches the parent, which closes our input when it is done
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_listen_again)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", flush=True)
        return 127
    while child.poll() is None:
        readable, _, _ = select.select([0], [], [], POLL_S)
        if readable and not os.read(0, 1):
            break
    unasked = child.returncode
    end(child)
    if unasked is not None and unasked < 0:
        _tell(child.pid, signal.Signals(-unasked))
    return child.wait()


def _tell(number: int, end: signal.Signals) -> None:
    """The log's last words on a child that had none: it was killed."""
    why = "; memory that runs out is a usual reason" if end is signal.SIGKILL else ""
    print(f"process {number} {ENDED_BY} {end.name}{why}", flush=True)


def end(child: subprocess.Popen[bytes]) -> None:
    """Terminate the whole group; a child that has ended may have left others behind."""
    _signal_group(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_S)
    _signal_group(child.pid, signal.SIGKILL)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _listen_again() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
