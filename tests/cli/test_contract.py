"""Scripts can rely on one line on stdout, exit codes and pipes, and finished work is kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentprop.cli.shared import print_summary
from agentprop.records import Problem, Verdict
from agentprop.storage.reader import open_run

from .conftest import Run, environment

PYTHON = f"{sys.executable} -m agentprop"


def shell(script: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """A bash line with `agentprop` in it."""
    text = f'agentprop() {{ {PYTHON} "$@"; }}; {script}'
    command = ["bash", "-c", text]
    return subprocess.run(command, env=environment(), cwd=directory, capture_output=True, text=True, timeout=300)


@contextmanager
def running(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A long propose run, caught once it has begun; ended at the latest here."""
    command = [sys.executable, "-m", "agentprop", "propose", "--n", "100000", "--out", "run", *arguments]
    process = subprocess.Popen(
        command, env=environment(), cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 120
        while not list((directory / "run").glob("problems/part-*.parquet")):
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_only_line_on_stdout_is_the_run_directory_and_the_talk_ends_with_what_to_do_next(
    agentprop: Run, tmp_path: Path
) -> None:
    done = agentprop("propose", "--n", 3, "--out", "run")
    assert (done.returncode, done.stdout) == (0, "run\n")
    assert "accepted" in done.stderr
    first = next(open_run(tmp_path / "run").iter(Problem))
    ending = " ".join(done.stderr[done.stderr.index("One of them") :].split())
    assert f"problem {first.id}: {' '.join(first.statement.split())} answer: {first.answer}" in ending
    assert "It lies in run/problems/part-" in ending
    assert [
        command for command in ("show run 0", "report run", "export run") if f"agentprop {command}" not in ending
    ] == []


def test_quiet_says_nothing_but_that_line(agentprop: Run) -> None:
    done = agentprop("propose", "--n", 3, "--out", "run", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "run\n", "")


def test_json_is_the_summary_that_is_stored(agentprop: Run, tmp_path: Path) -> None:
    done = agentprop("propose", "--n", 3, "--out", "run", "--json")
    summary = json.loads(done.stdout)
    assert summary.pop("run") == "run"
    assert summary == json.loads((tmp_path / "run/summary.json").read_text())
    assert summary["accepted"] == 3


def test_one_command_can_be_given_the_output_of_another(tmp_path: Path) -> None:
    done = shell("agentprop verify $(agentprop propose --n 5 --out p -q) --out v -q", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "v\n", "")
    assert open_run(tmp_path / "v").rows["verdict"] == 5


def test_records_flow_through_a_pipe(tmp_path: Path) -> None:
    propose = "agentprop propose --n 20 --domain science --out - -q"
    done = shell(f"set -o pipefail; {propose} | agentprop verify - --out v -q", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "v\n", "")
    run = open_run(tmp_path / "v")
    assert run.complete
    assert {problem.domain for problem in run.iter(Problem)} == {"science"}
    assert [verdict.value for verdict in run.iter(Verdict)] == ["valid"] * 20


def test_a_stream_that_breaks_off_is_an_error_without_a_manifest(tmp_path: Path) -> None:
    done = shell("agentprop propose --n 20 --out - -q | head -c 30000 | agentprop verify - --out v -q", tmp_path)
    assert done.returncode == 1
    assert "stopped before its end" in done.stderr
    assert not (tmp_path / "v/manifest.json").exists()


def test_a_reader_that_leaves_ends_a_stage_quietly(tmp_path: Path) -> None:
    done = shell("agentprop propose --n 100000 --out - -q | head -c 100 >/dev/null; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bound_ends_with_exit_code_three_and_raising_it_goes_on(agentprop: Run, tmp_path: Path) -> None:
    first = agentprop("propose", "--n", 40, "--max-candidates", 10, "--out", "run", "-q")
    assert first.returncode == 3
    assert "stopped at --max-candidates 10" in first.stderr
    kept = {problem.id for problem in open_run(tmp_path / "run").iter(Problem)}
    again = agentprop("propose", "--n", 40, "--max-candidates", 1000, "--out", "run", "-q")
    assert again.returncode == 0, again.stderr
    assert kept < {problem.id for problem in open_run(tmp_path / "run").iter(Problem)}


def test_a_stored_config_reruns_the_run(agentprop: Run, tmp_path: Path) -> None:
    agentprop("propose", "--n", 5, "--seed", 8, "--domain", "coding", "--out", "one", "-q")
    agentprop("propose", "--config", "one/config.json", "--out", "two", "-q")
    one, two = ([p.id for p in open_run(tmp_path / name).iter(Problem)] for name in ("one", "two"))
    assert one == two and len(one) == 5


def test_a_finished_run_is_resumed_by_the_same_command(agentprop: Run, tmp_path: Path) -> None:
    agentprop("propose", "--n", 5, "--out", "run", "-q")
    before = (tmp_path / "run/manifest.json").read_bytes()
    assert agentprop("propose", "--n", 5, "--out", "run", "-q").returncode == 0
    assert (tmp_path / "run/manifest.json").read_bytes() == before


@pytest.mark.parametrize("signals", [1, 2])
def test_ctrl_c_keeps_what_is_finished(signals: int, agentprop: Run, tmp_path: Path) -> None:
    with running(tmp_path) as process:
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.startswith("stopping: waiting for the candidates under way") or "\nstopping: waiting for" in errors
    assert "error: interrupted; finished shards are kept\nhint: the same command resumes\n" in errors
    assert "Traceback" not in errors
    assert printed == ""
    kept = [problem.id for problem in open_run(tmp_path / "run").iter(Problem)]
    assert kept
    again = agentprop("propose", "--n", len(kept) + 5, "--out", "run", "-q")
    assert again.returncode == 0, again.stderr
    resumed = [problem.id for problem in open_run(tmp_path / "run").iter(Problem)]
    assert resumed[: len(kept)] == kept
    assert len(set(resumed)) == len(resumed) == len(kept) + 5


def test_two_commands_cannot_work_in_one_directory(agentprop: Run, tmp_path: Path) -> None:
    with running(tmp_path):
        done = agentprop("propose", "--n", "100000", "--out", "run")
    assert done.returncode == 1
    assert "another agentprop process is working in run" in done.stderr
    assert "hint: " in done.stderr


def test_an_unexpected_exception_keeps_its_traceback(tmp_path: Path) -> None:
    code = "import sys, agentprop.storage.reader as s, agentprop.cli as c\n"
    code += "def broken(*a, **k): raise LookupError('a defect')\n"
    code += "s.open_run = broken; sys.argv = ['agentprop', 'cat', 'x']; c.main()"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "LookupError: a defect" in done.stderr


def test_many_equal_numbers_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    mastery = {f"category-{number}": 0.5 for number in range(8)}
    print_summary({"accepted": 3, "mastery": mastery}, to_stdout=True)
    assert capsys.readouterr().out.splitlines()[1].split(maxsplit=1) == ["mastery", "0.5 in each of 8"]
    print_summary({"mastery": {**mastery, "category-0": 0.6}}, to_stdout=True)
    assert len(capsys.readouterr().out.splitlines()) == 9
