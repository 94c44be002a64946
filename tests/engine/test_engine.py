"""Ordered work in real processes: order, window, worker deaths, errors, and no process left behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ENVIRONMENT

from agentprop.engine import Interruption, WorkerDied, ordered_map, usable_cores
from agentprop.errors import InputError, RunError

_offset = 0


def square(number: int) -> int:
    time.sleep(0.001 * (number % 4))
    return number * number


def set_offset(offset: int) -> None:
    global _offset
    _offset = offset


def with_offset(number: int) -> int:
    return number + _offset


def pid_of(_: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def die_once(task: tuple[int, Path]) -> int:
    number, marker = task
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave_at_three(number: int) -> int:
    if number == 3:
        sys.exit(5)
    return number


def fail_at_three(number: int) -> int:
    if number == 3:
        raise InputError("three is odd", hint="give four")
    return number


class Stubborn(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__("needs two")


def fail_stubbornly(number: int) -> int:
    raise Stubborn(1, 2)


def unpicklable(number: int) -> Any:
    return lambda: number


def refuse_to_start() -> None:
    raise InputError("no library", hint="install it")


def die_at_start() -> None:
    os._exit(9)


def chat(number: int) -> str:
    print("noise on stdout", flush=True)
    logging.getLogger("agentprop.toy").warning("item %s", number)
    return sys.stdin.read() + str(os.read(0, 10))


def echo(data: bytes) -> bytes:
    return data


def signal_own_group(number: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    return number


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until_gone(pids: set[int]) -> set[int]:
    deadline = time.monotonic() + 10
    while (left := {pid for pid in pids if alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(ordered_map(square, range(60), workers=workers, window=10)) == [n * n for n in range(60)]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("window", [1, 4, 100])
def test_an_item_is_pulled_right_after_the_result_a_window_before_it(workers: int, window: int) -> None:
    consumed = 0
    pulled_after: list[int] = []

    def items() -> Iterator[int]:
        for index in range(12):
            pulled_after.append(consumed)
            yield index

    for _ in ordered_map(square, items(), workers=workers, window=window):
        consumed += 1
    assert pulled_after == [max(0, index - window + 1) for index in range(12)]


def test_no_items_need_no_worker() -> None:
    assert list(ordered_map(die_at_three, [], workers=2, window=4)) == []


@pytest.mark.parametrize(("workers", "window"), [(0, 1), (1, 0)])
def test_there_is_at_least_one_worker_and_one_place(workers: int, window: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        list(ordered_map(square, [1], workers=workers, window=window))


def test_every_worker_is_initialised() -> None:
    results = ordered_map(with_offset, range(20), workers=2, window=8, initializer=set_offset, initargs=(100,))
    assert list(results) == list(range(100, 120))


def test_all_workers_take_part_and_none_is_left_behind() -> None:
    pids = set(ordered_map(pid_of, range(200), workers=2, window=16))
    assert len(pids) == 2 and os.getpid() not in pids
    assert wait_until_gone({pid for pid in pids if isinstance(pid, int)}) == set()


def test_a_consumer_that_leaves_early_leaves_no_process_behind() -> None:
    results = ordered_map(pid_of, range(1000), workers=2, window=16)
    pids = {next(results) for _ in range(40)}
    results.close()  # type: ignore[attr-defined]
    assert wait_until_gone({pid for pid in pids if isinstance(pid, int)}) == set()


def test_large_items_and_results_do_not_block_each_other() -> None:
    items = [bytes([n]) * 3_000_000 for n in range(12)]
    assert list(ordered_map(echo, items, workers=2, window=12)) == items


@pytest.mark.parametrize("workers", [1, 2])
def test_the_item_of_a_dead_worker_is_tried_once_more(tmp_path: Path, workers: int) -> None:
    items = [(number, tmp_path / "died") for number in range(10)]
    assert list(ordered_map(die_once, items, workers=workers, window=8)) == list(range(10))
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_item_that_kills_two_workers_is_given_up_in_its_place(workers: int) -> None:
    results = list(ordered_map(die_at_three, range(10), workers=workers, window=8))
    assert results == [0, 1, 2, WorkerDied(3, -signal.SIGKILL), *range(4, 10)]
    died = results[3]
    assert isinstance(died, WorkerDied) and "killed by SIGKILL, perhaps for memory" in died.message


def test_an_item_that_makes_its_worker_exit_is_given_up_with_the_exit_code() -> None:
    assert list(ordered_map(leave_at_three, range(5), workers=1, window=5))[3] == WorkerDied(3, 5)


def test_an_exception_comes_in_its_place_with_its_traceback() -> None:
    results = ordered_map(fail_at_three, range(10), workers=2, window=8)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match="three is odd") as caught:
        next(results)
    assert caught.value.hint == "give four"
    assert "in fail_at_three" in "".join(caught.value.__notes__)


def test_an_exception_that_cannot_travel_arrives_as_text() -> None:
    with pytest.raises(RuntimeError, match="Stubborn: needs two"):
        list(ordered_map(fail_stubbornly, [1], workers=1, window=1))


def test_a_result_that_cannot_travel_is_an_exception() -> None:
    with pytest.raises(Exception, match=r"[Cc]an't (get|pickle) local object"):
        list(ordered_map(unpicklable, [1], workers=1, window=1))


def test_a_failing_initialiser_is_an_exception() -> None:
    with pytest.raises(InputError, match="no library"):
        list(ordered_map(square, [1], workers=1, window=1, initializer=refuse_to_start))


def test_workers_that_cannot_start_are_one_sentence_and_not_a_loop() -> None:
    with pytest.raises(RunError, match=r"died while starting \(exit code 9\)"):
        list(ordered_map(square, [1], workers=1, window=1, initializer=die_at_start))


def test_workers_touch_neither_stdout_nor_stdin_and_log_through_the_parent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert list(ordered_map(chat, range(3), workers=1, window=3)) == ["b''"] * 3
    assert "noise" not in capfd.readouterr().out
    assert [record.getMessage() for record in caplog.records] == ["item 0", "item 1", "item 2"]


def test_workers_leave_signals_to_the_parent() -> None:
    assert list(ordered_map(signal_own_group, range(5), workers=2, window=5)) == list(range(5))


def test_stop_ends_with_a_prefix_and_pulls_nothing_more() -> None:
    pulled: list[int] = []
    results: list[object] = []

    def items() -> Iterator[int]:
        for index in range(1000):
            pulled.append(index)
            yield index

    for result in ordered_map(square, items(), workers=2, window=50, stop=lambda: len(results) >= 10):
        results.append(result)
    assert results == [n * n for n in range(len(results))]
    assert 10 <= len(results) <= len(pulled) == 59  # one more after each result but the last


def test_stop_does_not_wait_for_items_that_no_worker_has_begun() -> None:
    results = list(ordered_map(time.sleep, [0.03] * 1000, workers=2, window=1000, stop=lambda: True))
    assert len(results) < 1000


def test_idle_is_called_while_waiting() -> None:
    calls = []
    list(ordered_map(square, range(5), workers=1, window=5, idle=lambda: calls.append(1)))
    assert calls


def test_usable_cores_follow_the_affinity() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from agentprop.engine import usable_cores; print(usable_cores())"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT)
    assert process.stdout == "1\n", process.stderr
    assert usable_cores() == len(os.sched_getaffinity(0))


ORPHANS = """
import sys, time
from agentprop.engine import ordered_map
if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]
    from test_engine import pid_of, square
    print(next(ordered_map(pid_of, range(10), workers=1, window=1)), flush=True)
    results = ordered_map(time.sleep, [0, 1000, 1000, 1000], workers=2, window=4)
    next(results)
    print("waiting", flush=True)
    next(results)
"""


def children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    tests = Path(__file__).parents[1]
    command = [sys.executable, str(script), str(tests / "engine"), str(tests / "support")]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while process.stdout.readline() != "waiting\n":
            assert process.poll() is None
        workers = children_of(process.pid)
        assert len(workers) >= 2
        process.kill()
        assert wait_until_gone(workers) == set()


def test_the_first_signal_asks_and_says_what_is_waited_for_and_the_second_raises(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption("the batches under way") as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
        assert capfd.readouterr().err == (
            "stopping: waiting for the batches under way to be kept; once more to stop at once\n"
        )
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_worker_that_dies_before_it_reads_a_large_setup_is_an_error_and_not_a_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    large = ("x" * 10_000_000,)
    with pytest.raises(RunError, match="died while starting"):
        list(ordered_map(str, [1, 2, 3], workers=1, window=2, initializer=print, initargs=large))
