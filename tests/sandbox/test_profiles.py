"""Scratch space and processes of one's own, for those who ask: quotas hold, and nothing survives the call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from agentprop.errors import SandboxUnavailable
from agentprop.sandbox import Job, Sandbox

from .conftest import LEVELS, footprint, needs_full

pytestmark = needs_full
SHELL = "import subprocess; print(subprocess.check_output(['/bin/sh', '-c', 'echo hello'], text=True))"


def test_scratch_can_be_written_and_is_empty_next_time(sandbox: Sandbox) -> None:
    write = Job("import os\nopen('note', 'w').write('x')\nseen = os.listdir('.')", returns="seen", profile="scratch")
    assert sandbox.run_job(write).value == ["note"]
    assert sandbox.run_job(write).value == ["note"]
    assert sandbox.run("open('note', 'w')").error == "OSError: [Errno 30] Read-only file system: 'note'"


@pytest.mark.parametrize(
    "code",
    [
        "import os\nfor n in range(200_000): os.mkdir(str(n))",
        "for n in range(100): open(str(n), 'wb').write(bytes(8 << 20))",
        "import os\nfor n in range(3000):\n    os.mkdir('d'); os.chdir('d')",
    ],
    ids=["directories", "bytes", "depth"],
)
def test_filling_the_scratch_ends_with_the_call(sandbox: Sandbox, code: str) -> None:
    result = sandbox.run_job(Job(code, profile="scratch"))
    assert result.status in ("ok", "error", "memory") and (result.status == "ok" or result.error), result
    after = sandbox.run_job(Job("import os; seen = os.listdir('.')", returns="seen", profile="scratch"))
    assert after.value == [] and after.duration_s < 1.0


def test_a_file_larger_than_the_limit_cannot_be_made(sandbox: Sandbox) -> None:
    result = sandbox.run_job(Job("f = open('big', 'wb')\nwhile True: f.write(bytes(1 << 20))", profile="scratch"))
    assert result.status in ("error", "killed"), result


def test_slots_do_not_see_each_other(sandbox: Sandbox) -> None:
    marked = Job("import time\nopen('mark', 'w').close()\ntime.sleep(0.4)", profile="scratch")
    look = Job("import os, time\ntime.sleep(0.2)\nseen = os.listdir('.')", returns="seen", profile="scratch")
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(sandbox.run_job, [marked, look])
    assert (first.status, second.value) == ("ok", [])


def test_a_program_may_start_programs_only_if_it_asked(sandbox: Sandbox) -> None:
    assert sandbox.run_job(Job(SHELL, profile="program")).stdout == "hello\n\n"
    assert sandbox.run(SHELL).status == "error"


def test_a_fork_bomb_is_ended_with_everything_it_made(sandbox: Sandbox) -> None:
    before = footprint()
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    assert sandbox.run_job(Job(bomb, timeout_s=0.7, profile="program")).status == "timeout"
    assert footprint() == before


def test_a_daemon_is_gone_after_the_call(sandbox: Sandbox) -> None:
    before = footprint()
    daemon = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
"""
    assert sandbox.run_job(Job(daemon, profile="program")).status == "ok"
    assert footprint() == before


def test_a_forked_copy_of_the_runner_reports_nothing(sandbox: Sandbox) -> None:
    result = sandbox.run_job(Job("import os\npid = os.fork()\nx = pid > 0", returns="x", profile="program"))
    assert (result.status, result.value) == ("ok", True)


def test_the_profiles_that_need_namespaces_are_refused_without() -> None:
    if "L2" not in LEVELS:
        pytest.skip("L2 cannot be had here")
    with Sandbox(preload=(), max_level="L2") as sandbox, pytest.raises(SandboxUnavailable, match="scratch"):
        sandbox.run_job(Job("1", profile="scratch"))
