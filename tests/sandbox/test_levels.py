"""A kernel that refuses a layer lowers the level, names the reason, and below the level asked for there is no sandbox.

The refusals are real: a filter of our own makes the kernel answer as it does in containers and on older machines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from agentprop.errors import SandboxUnavailable
from agentprop.sandbox import Job, Sandbox, isolation_report
from agentprop.sandbox.levels import strongest_slot
from agentprop.sandbox.recognition import plan_of
from agentprop.sandbox.records import Preload
from agentprop.sandbox.selftest import HELD_BY, ineffective_layers
from agentprop.sandbox.weak import peak_of_its_own

from .conftest import LEVELS, needs_full

UNSHARE, PRCTL, SECCOMP = 272, 157, 317
CREATE_RULESET, RESTRICT_SELF = 444, 446
EPERM, ENOSYS = 1, 38
PR_SET_SECCOMP = 22

CRIPPLED = """
import json, sys
from agentprop.errors import SandboxUnavailable
from agentprop.sandbox import Sandbox, isolation_report
from agentprop.sandbox.inside import bpf, linux

rules = {{
    number: bpf.SyscallRule(bpf.errno_action(code)) if first is None else bpf.SyscallRule(
        bpf.ALLOW, (bpf.Check((bpf.ArgumentTest(0, "equal", first),), bpf.errno_action(code)),)
    )
    for number, code, first in {refusals!r}
}}
permit = bpf.SyscallRule(bpf.ALLOW)
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
linux.install_filter(linux.load_filter(bpf.assemble(0xC000003E, rules, permit, permit, 462)))
try:
    with Sandbox(preload=(), **{arguments!r}) as sandbox:
        result = sandbox.run("print(1)")
        found = sandbox.isolation
        print(json.dumps([result.status, result.isolation, found.level, dict(found.reasons), list(found.layers)]))
except SandboxUnavailable as problem:
    print(json.dumps(["refused", problem.message, problem.hint]))
"""


def on_a_machine_that_refuses(*refusals: tuple[int, int, int | None], **arguments: object) -> list[Any]:
    """Report of a sandbox if these system calls fail: (call, errno, first argument or any)."""
    code = CRIPPLED.format(refusals=refusals, arguments=arguments)
    environment = {name: value for name, value in os.environ.items() if name != "AGENTPROP_ALLOW_WEAK_SANDBOX"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert run.returncode == 0, run.stderr
    answer: list[Any] = json.loads(run.stdout)
    return answer


NO_USER_NAMESPACES = (UNSHARE, EPERM, None)
NO_LANDLOCK = (CREATE_RULESET, ENOSYS, None)
LANDLOCK_FAILS_LATE = (RESTRICT_SELF, EPERM, None)
NO_SECCOMP = (PRCTL, EPERM, PR_SET_SECCOMP)


@needs_full
def test_without_user_namespaces_the_level_is_l2() -> None:
    status, stamped, level, reasons, layers = on_a_machine_that_refuses(NO_USER_NAMESPACES)
    assert (status, stamped, level, layers) == ("ok", "L2", "L2", ["landlock", "seccomp"])
    assert "unshare" in reasons["L3"]


@needs_full
def test_without_landlock_the_level_is_l1() -> None:
    status, stamped, level, reasons, layers = on_a_machine_that_refuses(NO_LANDLOCK)
    assert (status, stamped, level, layers) == ("ok", "L1", "L1", ["seccomp"])
    assert "landlock" in reasons["L3"] and "landlock" in reasons["L2"]


@needs_full
def test_a_layer_that_fails_only_when_a_call_runs_never_counts() -> None:
    status, stamped, level, reasons, _ = on_a_machine_that_refuses(LANDLOCK_FAILS_LATE)
    assert (status, stamped, level) == ("ok", "L1", "L1")
    assert reasons["L3"].startswith("landlock: ")


def test_without_seccomp_there_is_no_sandbox() -> None:
    verdict, message, hint = on_a_machine_that_refuses(NO_SECCOMP)
    assert (verdict == "refused" and "L1: seccomp" in message) or "seccomp: " in message
    assert "AGENTPROP_ALLOW_WEAK_SANDBOX" in hint


def test_without_seccomp_it_runs_where_that_is_waived() -> None:
    status, stamped, level, _, layers = on_a_machine_that_refuses(NO_SECCOMP, allow_weak=True)
    assert (status, stamped, level, layers) == ("ok", "R0", "R0", [])


@needs_full
def test_a_level_below_the_one_asked_for_is_refused() -> None:
    verdict, message, _ = on_a_machine_that_refuses(NO_USER_NAMESPACES, min_level="L3")
    assert verdict == "refused" and "L3" in message and "unshare" in message


def test_the_environment_may_waive_isolation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTPROP_ALLOW_WEAK_SANDBOX", "1")
    slot, isolation = strongest_slot(Preload(), "L1", "R0", allow_weak=False)
    slot.close()
    assert isolation.level == "R0"
    monkeypatch.setenv("AGENTPROP_ALLOW_WEAK_SANDBOX", "0")
    with pytest.raises(SandboxUnavailable):
        strongest_slot(Preload(), "L1", "R0", allow_weak=False)


def test_other_systems_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(SandboxUnavailable, match="Darwin"):
        strongest_slot(Preload(), "L1", "L3", allow_weak=False)


@pytest.mark.parametrize(
    ("level", "attempt", "ineffective"),
    [
        ("L3", "fork", ["seccomp"]),
        ("L3", "list the root directory", ["landlock"]),
        ("L3", "see a parent process", ["namespaces"]),
        ("L2", "see a parent process", []),
        ("L2", "read a file outside", ["landlock"]),
        ("L1", "read a file outside", ["seccomp"]),
    ],
)
def test_an_attempt_that_succeeds_marks_its_layer_as_ineffective(
    level: Any, attempt: str, ineffective: list[str]
) -> None:
    held: dict[str, bool | str] = dict.fromkeys(HELD_BY, True)
    assert ineffective_layers(level, held) == []
    assert ineffective_layers(level, held | {attempt: False}) == ineffective
    assert ineffective_layers(level, held | {attempt: "it crashed"}) == ineffective


def test_every_attempt_of_the_self_test_was_made(sandbox: Sandbox) -> None:
    table = sandbox.isolation.self_test
    assert set(table) == set(HELD_BY)
    assert ineffective_layers(sandbox.isolation.level, table) == []
    assert len(sandbox.isolation.self_test_sha) == 64


def test_the_report_is_plain_data_for_a_person() -> None:
    report = isolation_report()
    assert report["level"] == (LEVELS[0] if LEVELS else "none")
    assert json.loads(json.dumps(report)) == report
    if LEVELS:
        layers = report["layers"]
        assert isinstance(layers, dict) and set(layers) == {"namespaces", "landlock", "seccomp"}


def test_every_result_carries_its_level(fenced: Sandbox) -> None:
    results = fenced.run_batch([Job("x = 1"), Job("1 / 0"), Job("import os; os._exit(0)")])
    assert {result.isolation for result in results} == {fenced.isolation.level}


def test_a_peak_of_memory_that_may_be_the_parents_is_not_held_against_the_child() -> None:
    assert peak_of_its_own(child=900_000, parent=900_000) == 0
    assert peak_of_its_own(child=900_001, parent=900_000) > 0


def test_a_crash_below_a_large_parent_is_a_crash_and_not_a_lack_of_memory() -> None:
    with Sandbox(preload=(), max_level="R0", allow_weak=True) as weak:
        held = bytearray(b"x" * (600 << 20))  # more than a child may have
        result = weak.run("import ctypes; ctypes.string_at(0)")
        assert (result.status, len(held)) == ("killed", 600 << 20)


def test_the_weak_level_is_limited_all_the_same() -> None:
    with Sandbox(preload=(), max_level="R0", allow_weak=True) as weak:
        assert weak.run("print(input())", stdin="in").stdout == "in\n"
        assert weak.run("while True: pass", timeout_s=0.6).status == "timeout"
        assert weak.run("import time; time.sleep(60)", timeout_s=0.6).status == "timeout"
        assert weak.run("while True: print('x' * 1000)").status == "output-limit"
        assert str(weak.run("import os; os._exit(0)").detail).startswith("early-exit")
        assert weak.run("import ctypes; ctypes.string_at(0)").status == "killed"
        assert weak.run("b'x' * (1 << 40)").status == "memory"
        assert weak.run_tests("def f(x): return x", plan_of("assert f(1) == 1", "f")).verdict == "passed"
        assert weak.run_tests("def f(x): return x", plan_of("assert f(1) == 2", "f")).verdict == "failed"
        assert [outcome.value for outcome in weak.call("def f(x): return -x", "f", [[1], [2]])] == [-1, -2]
        batch = weak.run_batch([Job(f"x = {n}", returns="x") for n in range(5)])
        assert [result.value for result in batch] == [0, 1, 2, 3, 4]
