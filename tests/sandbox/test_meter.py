"""Ticks: the same count on every run, charged after the work and never for more than was done."""

from __future__ import annotations

import pytest

from agentprop.sandbox import Job, Sandbox
from agentprop.sandbox.inside.meter import Meter, OutOfTicks

COUNTS = {
    "for n in range(5): pass": 5,
    "n = 5\nwhile n: n -= 1": 5,
    "x = [a for a in range(3) for b in range(2)]": 3 + 6,
    "x = sum(a for a in range(4))": 4,
    "def f(n):\n    '''Told.'''\n    return n and f(n - 1)\nf(3)\nassert f.__doc__ == 'Told.'": 4,
    "f = lambda: 1\nf(); f()": 2,
    "x = [0] * 1600\nmax(x)": 100,
    "x = max(3, 4)": 0,
    "x = sorted([0] * 1600)": 200,
    "from heapq import heappush as push\nh = []\npush(h, 1)": 1,
    "import heapq\nh = []\nheapq.heappush(h, 1)": 1,
    "s = 'ab' * 1600\nx = s.find('b')": 0,
    "s = 'a' * 1600\nx = s.find('b')": 100,
    "s = 'a' * 1600\nx = s.find('b', 800)": 50,
    "x = 'b' in 'a' * 1600": 100,
    "x = 0 not in [0] * 1600": 0,
    "x = ([0] * 1600)[1:801]": 50,
    "x = [0] * 1600\nx.pop()": 0,
    "x = [0] * 1600\nx.pop(0)": 1599 // 16,
    "x = {}\nx.update({1: 2})\nx.pop(1)": 0,
    "class A:\n    def sort(self): return 1\nx = A().sort()": 1,
    "def sum(x): return x\nx = sum([0] * 1600)": 1,
}


@pytest.mark.parametrize("program", COUNTS, ids=lambda program: program[-30:])
def test_a_program_is_charged_for_the_work_that_it_does(program: str) -> None:
    meter = Meter(10_000)
    code = meter.compile(program, "<program>")
    exec(code, {"__name__": "__main__", **meter.namespace()})
    assert meter.used == COUNTS[program]


def test_hooks_take_no_name_of_the_program() -> None:
    meter = Meter(10)
    code = meter.compile("turn_tick = call_tick = 7\nfor n in range(2): pass", "<program>")
    space = meter.namespace()
    exec(code, space)
    assert (space["turn_tick"], meter.used) == (7, 2)


def test_a_program_too_deep_for_the_compiler_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        Meter(10).compile("-" * 100_000 + "1", "<deep>")


LOOP = "seen = []\nfor n in range(10 ** 9):\n    seen.append(n)\n"


def test_a_limit_ends_a_run_at_the_same_tick() -> None:
    lengths = set()
    for _ in range(3):
        meter = Meter(777)
        space = meter.namespace()
        code = meter.compile(LOOP, "<program>")
        space = meter.namespace()
        with pytest.raises(OutOfTicks):
            exec(code, space)
        lengths.add(len(space["seen"]))
    assert lengths == {777}


def test_the_sandbox_counts_and_stops(unharmed: Sandbox) -> None:
    done = unharmed.run_job(Job("x = [n for n in range(50)]", returns="x", ticks=60))
    over = unharmed.run_job(Job(LOOP, ticks=60))
    assert (done.status, done.ticks, len(done.value)) == ("ok", 50, 50)  # type: ignore[arg-type]
    assert (over.status, over.error, over.ticks) == ("error", "OutOfTicks: more than 60 ticks", 61)


def test_swallowing_the_stop_does_not_help(unharmed: Sandbox) -> None:
    code = "def f(n):\n    try:\n        while n: n -= 1\n    except BaseException: pass\n    return 1\n"
    swallowed, fine = unharmed.call(code, "f", [[10_000], [10]], ticks=100)
    assert (swallowed.status, swallowed.exception) == ("error", "OutOfTicks")
    assert (fine.status, fine.value, fine.ticks) == ("ok", 1, 11)


def test_each_call_has_ticks_of_its_own(unharmed: Sandbox) -> None:
    code = "def f(n):\n    return sum(1 for _ in range(n))\n"
    assert [found.ticks for found in unharmed.call(code, "f", [[40], [50], [40]], ticks=60)] == [41, 51, 41]


def test_streams_are_counted(unharmed: Sandbox) -> None:
    code = "import sys\nfor line in sys.stdin:\n    print(int(line) + 1)"
    found = unharmed.run_job(Job(code, stdin="1\n2\n3\n", ticks=10))
    assert (found.status, found.stdout, found.ticks) == ("ok", "2\n3\n4\n", 3)
