"""The life of a real vLLM server: killed in the middle, interrupted, or left behind by a killed command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command
from demonstrations import LIBRARY, NUMBERS, REPLY_TOKENS
from processes import all_gone, below, says, server_below, until

from agentprop.records import Problem, Reject
from agentprop.storage.run import open_run

START_S = 300.0
"""Seconds that a server may take to come up beside everything else."""


def command(model_folder: Path, *more: object) -> list[str]:
    """More problems than the model knows, so that the run does not end by itself."""
    wanted = ["--n", len(NUMBERS) + 1, "--max-candidates", 100_000, *LIBRARY, "--quiet"]
    wanted += ["--set", f"reply_tokens={REPLY_TOKENS}", "--set", "guidance=false"]
    words = ["propose", "--proposer", model_folder / "taught", *wanted, "--out", "run", *more]
    return [sys.executable, "-m", "agentprop", *map(str, words)]


def proposing(model_folder: Path, folder: Path) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a terminal would start it."""
    return subprocess.Popen(
        command(model_folder), cwd=folder, stderr=subprocess.PIPE, text=True, process_group=0, env=os.environ
    )


def wait_for(folder: Path, text: str) -> None:
    assert until(lambda: says(folder / "run" / "models" / "proposer.log", text), START_S), f"the log never said {text}"


def test_a_server_killed_in_the_middle_is_told_with_its_last_words_and_the_run_resumes(
    model_folder: Path, tmp_path: Path, agentprop: Command
) -> None:
    with proposing(model_folder, tmp_path) as running:
        wait_for(tmp_path, "POST /v1/chat/completions")
        started = below(running.pid)
        server_below(running.pid).send_signal(signal.SIGKILL)
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 1
    assert "error: the server for" in said
    assert "was ended by SIGKILL; memory that runs out is a usual reason" in said
    assert f"hint: the whole log is in {Path('run', 'models', 'proposer.log')}" in said
    assert all_gone(started)

    agentprop(*command(model_folder)[3:], "--n", 3)
    run = open_run(tmp_path / "run")
    assert run.summary["accepted"] == 3
    assert len({problem.statement for problem in run.iter(Problem)}) == 3
    refused = {"duplicate", "malformed", "truncated", "turn_limit", "submission_limit"}
    assert {reject.code for reject in run.iter(Reject)} <= refused


@pytest.mark.parametrize("moment", ["Initializing a V1 LLM engine", "POST /v1/chat/completions"], ids=["early", "late"])
def test_ctrl_c_leaves_no_orphan(model_folder: Path, tmp_path: Path, moment: str) -> None:
    with proposing(model_folder, tmp_path) as running:
        wait_for(tmp_path, moment)
        started = below(running.pid)
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert len(started) >= 3
    assert all_gone(started)


def test_a_command_that_is_killed_takes_its_server_along(model_folder: Path, tmp_path: Path) -> None:
    with proposing(model_folder, tmp_path) as running:
        wait_for(tmp_path, "Initializing a V1 LLM engine")
        started = below(running.pid)
        running.kill()
        running.communicate(timeout=60)
    assert len(started) >= 3
    assert all_gone(started)
