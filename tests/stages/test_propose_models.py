"""A language model proposes in several processes: the same problems, the same bounds, one account."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_runs import Workplace, check_ids, check_proposals, content
from places import ENVIRONMENT
from servers import running

from agentprop.config import ProposeConfig
from agentprop.records import PipedProblem, Problem, Trajectory, Verdict
from agentprop.stages.propose.ledger import BATCH, WINDOW
from agentprop.stages.propose.models import window_of
from agentprop.storage import read_stream
from agentprop.storage.run import open_run

N = 40


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running("stage_server.py", "1", "0.0") as base_url:
        yield base_url


@pytest.fixture(scope="module")
def one(server: str, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A run by one process."""
    place = Workplace(tmp_path_factory.mktemp("one"), server)
    place.run(place.propose("run", N))
    return place


def test_every_candidate_is_accounted_for_and_every_reply_is_paid_once(one: Workplace) -> None:
    run = open_run(one.folder / "run")
    summary = check_proposals(run)
    assert summary["accepted"] == summary["undetermined"] == N  # its prose is in no grammar, which stops no problem
    assert {(verdict.value, verdict.code) for verdict in run.iter(Verdict)} == {("undetermined", "not_in_grammar")}
    assert {"malformed", "refused:certificate_missing", "ok"} <= {
        turn.outcome for trajectory in run.iter(Trajectory) for turn in trajectory.turns
    }
    assert summary["spending"]["requests"] >= summary["turns"]
    assert summary["spending"]["requests"] == one.stored("run")
    assert set(summary["spending"]["by_role"]) == {f"proposer m@{one.base_url}"}


def test_more_processes_make_the_same_problems_in_the_same_order(one: Workplace) -> None:
    one.run(one.propose("more", N, workers=3))
    assert content(open_run(one.folder / "more")) == content(open_run(one.folder / "run"))


@pytest.mark.slow
def test_raising_n_goes_on_and_what_was_bought_ahead_is_used(one: Workplace) -> None:
    bought, asked = one.stored("run"), one.asked()
    one.run(one.propose("run", N + 20, workers=2))
    check_proposals(open_run(one.folder / "run"))
    given_up = (one.asked() - asked) - (one.stored("run") - bought)
    assert 0 <= given_up <= 16, "only what was under way at the end was asked for in vain"


def test_a_bound_on_tokens_holds_over_all_processes_together(server: str, tmp_path: Path) -> None:
    place = Workplace(tmp_path, server, price_in=0.0, price_out=1.0)  # seven generated tokens a request
    errors = place.run(place.propose("run", N, "--max-cost", str(50 * 7e-6), workers=3), exit_code=3)
    assert "--max-cost" in errors
    summary = open_run(tmp_path / "run", warn=False).summary
    assert 45 <= place.stored("run") <= 50, "what pays for no whole conversation is not begun"
    assert summary is None or summary["spending"]["requests"] <= 50


def test_records_state_the_sampling_that_the_server_was_sent_wherever_it_was_set(server: str, tmp_path: Path) -> None:
    place = Workplace(tmp_path, server, temperature=0.3, top_p=0.8)
    place.run(place.propose("run", 3))
    sent = {trajectory.made_by.sampling for trajectory in open_run(tmp_path / "run").iter(Trajectory)}
    assert [{**json.loads(one or ""), "max_tokens": 0} for one in sent] == [
        {"temperature": 0.3, "top_p": 0.8, "max_tokens": 0}
    ]


def test_nothing_is_asked_for_beyond_the_bound_on_candidates(server: str, tmp_path: Path) -> None:
    place = Workplace(tmp_path, server)
    for bound in (7, 7, 11):  # the second time there is nothing to do
        errors = place.run(place.propose("run", N, "--max-candidates", str(bound), workers=2), exit_code=3)
        assert f"stopped at --max-candidates {bound}" in errors
        summary = open_run(tmp_path / "run", warn=False).summary
        assert summary is not None and summary["candidates"] == bound
        assert summary["spending"]["requests"] == place.stored("run") == summary["turns"]


def test_a_server_that_is_down_is_one_sentence(tmp_path: Path) -> None:
    place = Workplace(tmp_path, "http://127.0.0.1:9/v1", patience_s=1.0)
    errors = place.run(place.propose("run", 3, workers=2), exit_code=1)
    assert errors.startswith("error: ") and "hint: " in errors and "Traceback" not in errors


def test_a_pipe_carries_the_same_problems(one: Workplace) -> None:
    piped = subprocess.run(one.propose("-", N, workers=2), env=ENVIRONMENT, cwd=one.folder, capture_output=True)
    assert piped.returncode == 0, piped.stderr
    found = [record.problem.id for record in read_stream(io.BytesIO(piped.stdout), PipedProblem)]
    assert found == [problem.id for problem in open_run(one.folder / "run").iter(Problem)][:N]


@pytest.mark.slow
def test_a_signal_ends_all_processes_and_keeps_what_was_finished(server: str, tmp_path: Path) -> None:
    place = Workplace(tmp_path, server)
    before = place.asked()
    process = place.start(place.propose("run", 5000, workers=2))
    while place.asked() < before + 600:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    deadline = time.monotonic() + 20
    while group_lives(process.pid):
        assert time.monotonic() < deadline, "somebody was left behind"
        time.sleep(0.1)
    check_ids(open_run(tmp_path / "run", warn=False))


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_window_grows_with_what_may_be_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for concurrency, window in ((1, WINDOW), (32, WINDOW), (64, 12 * 64 // BATCH), (512, 12 * 512 // BATCH)):
        Workplace(tmp_path, "http://localhost:1/v1", max_concurrency=concurrency)
        assert window_of(ProposeConfig(n=1, proposer="m")) == window
    assert window_of(ProposeConfig(n=1)) == WINDOW
