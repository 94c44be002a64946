"""Whichever process is killed, and whenever, none is left behind and the next call is answered."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from agentprop.boundary import contained
from agentprop.errors import SandboxUnavailable
from agentprop.sandbox import Job, Sandbox

from .conftest import LEVELS, descendants, footprint

HARNESS = """
import sys
from agentprop.sandbox import Sandbox
sandbox = Sandbox(preload=(), max_level=sys.argv[1])
sandbox.run("")
print("ready", flush=True)
sandbox.run("while True: pass", timeout_s=60)
"""
each_level = pytest.mark.parametrize("level", LEVELS)


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if _is_running(pid)}


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def busy_harness(level: str) -> tuple[subprocess.Popen[str], set[int]]:
    """A harness of its own with a call in progress, and every process below it."""
    process = subprocess.Popen([sys.executable, "-c", HARNESS, level], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    layers = {"L3": 3}.get(level, 2)
    assert wait_until(lambda: len(descendants(process.pid)) == layers)
    return process, descendants(process.pid)


@each_level
def test_a_killed_harness_leaves_nothing(level: str) -> None:
    process, below = busy_harness(level)
    process.kill()
    process.communicate()
    assert wait_until(lambda: not alive(below)), alive(below)


@pytest.mark.skipif("L3" not in LEVELS, reason="only namespaces need a launcher")
def test_a_killed_launcher_takes_everything_along() -> None:
    process, below = busy_harness("L3")
    launcher = min(below)
    os.kill(launcher, signal.SIGKILL)
    assert wait_until(lambda: launcher not in alive(below))
    assert wait_until(lambda: not alive(below)), alive(below)
    process.kill()
    process.communicate()


@each_level
def test_closing_while_a_call_runs_ends_it_in_time(level: str) -> None:
    before = descendants(os.getpid())
    sandbox = Sandbox(preload=(), max_level=level)  # type: ignore[arg-type]
    sandbox.run("")
    with ThreadPoolExecutor(1) as beside:
        idle = len(descendants(os.getpid()))
        running = beside.submit(sandbox.run, "while True: pass", timeout_s=1.0)
        assert wait_until(lambda: len(descendants(os.getpid())) > idle)
        sandbox.close()
        assert running.result().status == "timeout"
    assert descendants(os.getpid()) <= before
    with pytest.raises(SandboxUnavailable, match="closed"):  # about the run, so no record is said to have failed
        contained(lambda: sandbox.run("1"), lambda failure: pytest.fail(failure.told))


@each_level
def test_a_zygote_killed_between_calls_is_replaced(level: str) -> None:
    before = descendants(os.getpid())
    with Sandbox(preload=(), max_level=level) as sandbox:  # type: ignore[arg-type]
        sandbox.run("")
        for pid in descendants(os.getpid()) - before:
            os.kill(pid, signal.SIGKILL)
        assert sandbox.run("print(1)").stdout == "1\n"
    assert descendants(os.getpid()) <= before


@each_level
def test_a_zygote_killed_during_a_call_is_replaced(level: str) -> None:
    before = descendants(os.getpid())
    with Sandbox(preload=(), max_level=level) as sandbox, ThreadPoolExecutor(1) as beside:  # type: ignore[arg-type]
        sandbox.run("")
        zygotes = descendants(os.getpid()) - before
        running = beside.submit(sandbox.run, "import time; time.sleep(1); print(1)")
        assert wait_until(lambda: len(descendants(os.getpid()) - before) > len(zygotes))
        for pid in zygotes:
            os.kill(pid, signal.SIGKILL)
        assert running.result().stdout == "1\n"
        assert sandbox.run("print(2)").stdout == "2\n"
    assert descendants(os.getpid()) <= before


def test_a_sandbox_made_in_a_thread_outlives_it() -> None:
    made: list[Sandbox] = []

    def make() -> None:
        made.append(Sandbox(preload=()))
        made[0].run("")

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    with made[0] as sandbox:
        zygotes = descendants(os.getpid())
        assert sandbox.run("print(1)").stdout == "1\n"
        assert descendants(os.getpid()) == zygotes


def test_many_threads_share_a_few_slots(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda n: sandbox.run(f"print({n} ** 2)").stdout, range(40)))
    assert results == [f"{n**2}\n" for n in range(40)]


def _square_in_worker(number: int) -> object:
    with Sandbox(preload=()) as sandbox:
        return sandbox.run(f"x = {number} ** 2", returns="x").value


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_process_pool_have_their_own(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(_square_in_worker, [3, 4]) == [9, 16]


def test_a_forked_copy_starts_its_own_zygote_and_leaves_ours_alone(sandbox: Sandbox) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer = sandbox.run("print('child')").stdout
        os.write(writer, answer.encode())
        sandbox.close()
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    assert os.read(reader, 100) == b"child\n"
    os.close(reader)
    assert sandbox.run("print('parent')").stdout == "parent\n"


def test_hundreds_of_mixed_calls_leave_no_descriptor_and_no_process(sandbox: Sandbox) -> None:
    codes = ["x = 1", "1 / 0", "import os; os._exit(1)", "print('y' * 100_000)", "import os; os.fork()", "("]
    sandbox.run_batch([Job("1")] * 3)
    before = footprint()
    for number in range(180):
        sandbox.run(codes[number % len(codes)])
    gc.collect()
    assert footprint() == before
