"""The verify stage by its command: from a run, from a pipe, resumed, and refused if the pipe is cut."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT
from propose_process import FEW

from agentprop.records import Attempt, Problem, Reject, Verdict
from agentprop.skills import bundled_directory
from agentprop.storage.run import open_run

COUNT = 60


def command(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """`agentprop` with these arguments."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "agentprop", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )


def few() -> list[str]:
    """Flags for a small library."""
    paths = sorted(str(path) for pattern in FEW for path in bundled_directory().glob(pattern))
    return ["--no-bundled-skills", *(part for path in paths for part in ("--skills", path))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the propose stage that nobody has judged."""
    out = tmp_path_factory.mktemp("proposed") / "run"
    done = command("propose", "--n", COUNT, "--out", out, "--verifier", "none", "--workers", 2, "--quiet", *few())
    assert done.returncode == 0, done.stderr.decode()
    return out


@pytest.fixture(scope="module")
def stream() -> bytes:
    """The same problems as a pipe carries them."""
    done = command("propose", "--n", COUNT, "--out", "-", "--verifier", "none", "--workers", 2, "--quiet", *few())
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def verdicts(out: Path) -> dict[str, tuple[str, str]]:
    """Problem id → (verdict, its id); one for each problem."""
    found = list(open_run(out, warn=False).iter(Verdict))
    table = {v.problem_id: (v.value, v.id) for v in found}
    assert len(table) == len(found)
    return table


def test_every_problem_of_a_run_gets_one_verdict(run: Path, tmp_path: Path) -> None:
    done = command("verify", run, "--out", tmp_path / "v", "--quiet")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().strip() == str(tmp_path / "v")
    stored = open_run(tmp_path / "v")
    problems = {p.id for p in open_run(run).iter(Problem)}
    table = verdicts(tmp_path / "v")
    assert table.keys() == problems
    values = [value for value, _ in table.values()]
    assert stored.summary is not None
    assert stored.summary["problems"] == COUNT == sum(values.count(v) for v in ("valid", "invalid", "undetermined"))
    assert values.count("valid") >= COUNT - 2
    assert stored.rows.get("reject", 0) == COUNT - values.count("valid")
    attempts = {a.id for a in stored.iter(Attempt)}
    assert all(set(v.attempt_ids) <= attempts and v.attempt_ids for v in stored.iter(Verdict))


def test_verdicts_do_not_depend_on_the_workers_or_on_the_pipe(run: Path, stream: bytes, tmp_path: Path) -> None:
    assert command("verify", run, "--out", tmp_path / "one", "--workers", 1, "--quiet").returncode == 0
    piped = command("verify", "-", "--out", tmp_path / "pipe", "--workers", 2, "--quiet", stdin=stream)
    assert piped.returncode == 0, piped.stderr.decode()
    assert verdicts(tmp_path / "one") == verdicts(tmp_path / "pipe")
    assert open_run(tmp_path / "pipe").complete


def test_a_pipe_goes_through_verify_and_only_valid_problems_come_out(stream: bytes) -> None:
    passed = command("verify", "-", "--out", "-", "--quiet", stdin=stream)
    assert passed.returncode == 0, passed.stderr.decode()
    again = command("verify", "-", "--out", "-", "--quiet", stdin=passed.stdout)
    assert again.returncode == 0, again.stderr.decode()
    assert len(again.stdout) > len(stream) // 2


def test_a_pipe_needs_no_library_at_the_other_end(stream: bytes, tmp_path: Path) -> None:
    skill = next(iter(sorted(bundled_directory().glob("geometry-*"))))
    done = command(
        "verify", "-", "--out", tmp_path / "v", "--no-bundled-skills", "--skills", skill, "--quiet", stdin=stream
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [value for value, _ in verdicts(tmp_path / "v").values()].count("valid") >= COUNT - 2


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_pipe_is_an_error_and_leaves_no_manifest(share: float, stream: bytes, tmp_path: Path) -> None:
    done = command("verify", "-", "--out", tmp_path / "v", "--quiet", stdin=stream[: int(share * len(stream))])
    assert done.returncode == 1
    message = done.stderr.decode()
    assert "Traceback" not in message and "hint:" in message
    assert not (tmp_path / "v" / "manifest.json").exists()


def test_a_killed_verify_goes_on_with_the_rest(run: Path, tmp_path: Path) -> None:
    undisturbed, out = tmp_path / "whole", tmp_path / "killed"
    assert command("verify", run, "--out", undisturbed, "--quiet").returncode == 0
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "agentprop", "verify", str(run), "--out", str(out), "--quiet"],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(random.uniform(0.8, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    done = command("verify", run, "--out", out, "--quiet")
    assert done.returncode == 0, done.stderr.decode()
    assert verdicts(out) == verdicts(undisturbed)
    assert open_run(out).rows == open_run(undisturbed).rows


def test_a_finished_verify_has_nothing_to_do(run: Path, tmp_path: Path) -> None:
    assert command("verify", run, "--out", tmp_path / "v", "--quiet").returncode == 0
    before = open_run(tmp_path / "v").fingerprint
    assert command("verify", run, "--out", tmp_path / "v", "--quiet").returncode == 0
    assert open_run(tmp_path / "v").fingerprint == before


def test_a_bound_of_propose_is_exit_code_3(tmp_path: Path) -> None:
    done = command("propose", "--n", 200, "--max-candidates", 20, "--out", tmp_path / "p", "--quiet", *few())
    assert done.returncode == 3
    assert b"--max-candidates 20" in done.stderr and b"Traceback" not in done.stderr
    assert not list(open_run(tmp_path / "p", warn=False).iter(Reject))[20:]


def test_a_reader_that_leaves_is_no_error_of_the_writer(tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    writer = subprocess.Popen(
        [sys.executable, "-m", "agentprop", "propose", "--n", "400", "--out", "-", "--quiet", *few()],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writer.stdout is not None and writer.stderr is not None
    writer.stdout.read(1000)
    writer.stdout.close()
    message = writer.stderr.read().decode()
    assert writer.wait() == 0, message
    assert "Traceback" not in message
