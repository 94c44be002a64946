"""Speed of isolated execution on this machine, beside a fresh interpreter for every call, and the cost of each layer.

    python examples/benchmarks/sandbox.py [--rounds 60]

Medians of one run on one machine; the ratios carry over to other machines, the milliseconds do not.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from agentprop.sandbox import Job, Sandbox
from agentprop.sandbox.inside import landlock, linux, mounts, policy
from agentprop.sandbox.recognition import plan_of

SOLVE = "from sympy import *\nx = symbols('x')\nprint(solve(x**3 - 6*x**2 + 11*x - 6, x))"
SKILL = {"skills.square": "def solve(n):\n    return n * n\n"}
BATCH = [Job(f"from skills.square import solve\nvalue = solve({n})", SKILL, "value", origin="bench") for n in range(64)]
STEPS = (
    "pid namespace, in and back",
    "fork until the child runs",
    "limits",
    "no new privileges",
    "landlock",
    "capabilities",
    "seccomp",
    "exit until the parent knows",
)


def median_ms(action: Callable[[], object], rounds: int) -> float:
    """Median wall-clock milliseconds of an action, after two unmeasured rounds."""
    times = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[2:])


def throughput(sandbox: Sandbox, code: str, calls: int) -> float:
    """Calls per second from as many threads as there are processors."""
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(sandbox.run, ["1"] * workers))
        start = time.perf_counter()
        list(threads.map(sandbox.run, [code] * calls))
        return calls / (time.perf_counter() - start)


def fresh(code: str) -> None:
    """The naive way: an interpreter for every call, and no isolation."""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def executions(rounds: int) -> list[tuple[str, float, float]]:
    """(what, milliseconds each, executions per second)."""
    few = max(3, rounds // 10)
    rows = [("python -c 'import sympy', fresh each time", median_ms(lambda: fresh("import sympy"), few))]
    rows += [("python -c solving a cubic, fresh each time", median_ms(lambda: fresh(SOLVE), few))]
    with Sandbox() as full:
        rows += [("isolated, sympy preloaded: x = 1", median_ms(lambda: full.run("x = 1"), rounds))]
        rows += [("isolated, sympy preloaded: solving a cubic", median_ms(lambda: full.run(SOLVE), rounds))]
        parallel = throughput(full, "x = 1", 4 * rounds)
    with Sandbox(preload=()) as light:
        rows += [("isolated, standard library: x = 1", median_ms(lambda: light.run("x = 1"), rounds))]
        rows += [("isolated, a batch of 64 skill calls, each", median_ms(lambda: light.run_batch(BATCH), rounds) / 64)]
        big = 4 * BATCH
        rows += [("isolated, a batch of 256 skill calls, each", median_ms(lambda: light.run_batch(big), few) / 256)]
        rows += [("isolated, candidate and tests in two processes", median_ms(lambda: pair(light), rounds))]
    timed = [(name, ms, 1000 / ms) for name, ms in rows]
    return [*timed, ("isolated, sympy preloaded, all processors: x = 1", 1000 / parallel, parallel)]


def pair(sandbox: Sandbox) -> None:
    result = sandbox.run_tests("def f(n):\n    return n + 1", plan_of("for n in range(4): assert f(n) == n + 1", "f"))
    assert result.verdict == "passed", result


def layer_costs(rounds: int) -> Iterable[tuple[str, float]]:
    """(step, median milliseconds) of what happens to one child, measured in a small process of its own."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            mounts.enter_namespaces([sys.prefix, sys.base_prefix], scratch=True)
            if os.fork() == 0:
                _measure_children(writer, rounds)
            else:
                os.wait()
        finally:
            os._exit(0)
    os.close(writer)
    layout = struct.Struct(f"<{len(STEPS)}d")
    with os.fdopen(reader, "rb") as stream:
        samples = list(layout.iter_unpack(stream.read()))
    os.wait()
    return zip(STEPS, (1000 * statistics.median(column) for column in zip(*samples, strict=True)), strict=True)


def _measure_children(writer: int, rounds: int) -> None:
    readable = [path for path in (*mounts.SYSTEM_PATHS, sys.base_prefix) if os.path.exists(path)]
    ruleset = landlock.create_ruleset(readable)
    program = linux.load_filter(policy.for_pid(policy.build_program("pure", linux.MACHINE), 1))
    own = os.pidfd_open(os.getpid())
    for _ in range(rounds):
        inner_reader, inner_writer = os.pipe()
        start = time.perf_counter()
        linux.unshare(linux.CLONE_NEWPID)
        apart = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            _measure_child(inner_writer, apart, ruleset, program)
        forked = time.perf_counter()
        linux.setns(own, linux.CLONE_NEWPID)
        back = time.perf_counter()
        os.close(inner_writer)
        os.waitpid(pid, 0)
        ended = time.perf_counter()
        fork_s, *layers, exiting = struct.unpack("<7d", os.read(inner_reader, 56))
        os.close(inner_reader)
        os.write(writer, struct.pack("<8d", apart - start + back - forked, fork_s, *layers, ended - exiting))


def _measure_child(writer: int, forked: float, ruleset: int, program: linux.FilterProgram) -> None:
    times = [time.perf_counter()]
    for step in (
        _limit,
        lambda: linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1),
        lambda: landlock.restrict_self(ruleset),
        linux.drop_capabilities,
        lambda: linux.install_filter(program),
    ):
        step()
        times.append(time.perf_counter())
    steps = [after - before for before, after in pairwise(times)]
    os.write(writer, struct.pack("<7d", times[0] - forked, *steps, times[-1]))
    os._exit(0)


def _limit() -> None:
    for kind in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(kind, (32, 32))
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_FSIZE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(kind, (1 << 30, 1 << 30) if kind == resource.RLIMIT_AS else (0, resource.getrlimit(kind)[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    with Sandbox(preload=()) as sandbox:
        found = sandbox.isolation
    processors = len(os.sched_getaffinity(0))
    print(f"isolation {found.level} ({', '.join(found.layers)}), {found.kernel}, {processors} processors\n")
    rows = executions(rounds)
    base = rows[0][1]
    print(f"{'':52}{'ms each':>10}{'per second':>12}{'ratio':>8}")
    for name, ms, rate in rows:
        print(f"{name:52}{ms:10.3f}{rate:12.1f}{base / ms:8.1f}")
    if "namespaces" in found.layers:
        print("\nwhat one child of a small process costs, in milliseconds")
        for name, ms in layer_costs(rounds):
            print(f"  {name:40}{ms:8.3f}")


if __name__ == "__main__":
    main()
