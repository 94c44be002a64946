"""Watchdog: runs a command in a process group of its own, and ends the group when the parent process is gone.

The parent holds the other end of standard input. When that closes, because the parent asks, ends or is killed, the
group is terminated, and killed ten seconds later. This file imports nothing from the package, because it runs as
`python guard.py COMMAND...`.
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
    """Run the command and return its exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches the parent, which closes our input when it is done
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_restore_signals)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", flush=True)
        return 127
    while child.poll() is None:
        readable, _, _ = select.select([0], [], [], POLL_S)
        if readable and not os.read(0, 1):
            break
    status = child.returncode
    end(child)
    if status is not None and status < 0:
        _report_signal(child.pid, signal.Signals(-status))
    return child.wait()


def _report_signal(number: int, end: signal.Signals) -> None:
    """Note in the log that a signal killed the child, which could not say so itself."""
    why = "; memory that runs out is a usual reason" if end is signal.SIGKILL else ""
    print(f"process {number} {ENDED_BY} {end.name}{why}", flush=True)


def end(child: subprocess.Popen[bytes]) -> None:
    """Terminate the whole process group, even if the child has ended: it may have left others behind."""
    _signal_group(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_S)
    _signal_group(child.pid, signal.SIGKILL)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _restore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
