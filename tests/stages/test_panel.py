"""The stage with models in it: a real server on loopback, real run directories, kills, outages, bounds and pipes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judge_process import JudgeProcess
from places import ENVIRONMENT
from toy_problems import problem, proposed, trace

from agentprop.config import VerifyConfig
from agentprop.errors import BoundReached, ConfigError, RunError
from agentprop.models.failures import ModelOutage
from agentprop.records import Attempt, PipedProblem, Problem, Reject, Trajectory, Verdict
from agentprop.stages.verify import run as verify
from agentprop.storage import read_stream, write_stream
from agentprop.storage.run import Run, StoredRun, open_run

COUNT = 12


@pytest.fixture
def server() -> Iterator[JudgeProcess]:
    found = JudgeProcess()
    yield found
    found.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return proposed(tmp_path_factory.mktemp("source") / "p", COUNT)


def judged(config: VerifyConfig, source: str, out: Path, **options: Any) -> tuple[dict[str, Any], StoredRun]:
    summary = verify.run(config, source, str(out), quiet=True, **options)
    return summary, open_run(out)


def verdicts(run: StoredRun) -> list[tuple[str, str]]:
    return [(verdict.value, verdict.code) for verdict in run.iter(Verdict)]


def ids(run: StoredRun) -> list[str]:
    return [verdict.id for verdict in run.iter(Verdict)]


# --- the panel ---


def test_every_attempt_is_kept_behind_its_verdict(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    summary, run = judged(server.panel("agrees", "verbose", "learns"), source, tmp_path / "v")
    attempts = {attempt.id: attempt for attempt in run.iter(Attempt)}
    assert verdicts(run) == [("valid", "agrees")] * COUNT
    assert len(attempts) == 3 * COUNT == summary["attempts"]
    for verdict, one in zip(run.iter(Verdict), open_run(source).iter(Problem), strict=True):
        behind = [attempts[attempt_id] for attempt_id in verdict.attempt_ids]
        assert [a.verifier for a in behind] == [server.model(n) for n in ("agrees", "verbose", "learns")]
        assert all(a.problem_id == verdict.problem_id == one.id and a.vote and a.response for a in behind)
        assert verdict.evidence == "certificate"
    assert server.asked() == {"agrees": COUNT, "verbose": COUNT, "learns": 2 * COUNT}
    assert summary["spending"]["requests"] == 4 * COUNT
    assert summary["spending"]["tokens"] == 110 * 4 * COUNT
    assert {key.split()[0] for key in summary["spending"]["by_role"]} == {"verifier-1", "verifier-2", "verifier-3"}


def test_differing_answers_are_refused_with_their_attempts_or_settled(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    names = ("agrees", "agrees", "dissents")
    _, alone = judged(server.panel(*names), source, tmp_path / "alone")
    summary, audited = judged(server.panel(*names, auditor="agrees"), source, tmp_path / "audited")
    assert verdicts(alone) == [("invalid", "answers_differ")] * COUNT
    assert [(r.outcome, r.code) for r in alone.iter(Reject)] == [("rejected", "answers_differ")] * COUNT
    assert verdicts(audited) == [("valid", "settled")] * COUNT
    assert [a.role for a in audited.iter(Attempt)] == ["verifier", "verifier", "verifier", "auditor"] * COUNT
    assert summary["audited"] == COUNT


def test_seats_of_one_model_are_told_apart_and_asked_apart(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    _, run = judged(server.panel("agrees", "agrees", "agrees"), source, tmp_path / "v")
    assert [a.number for a in run.iter(Attempt)] == [0, 1, 2] * COUNT
    assert server.asked() == {"agrees": 3 * COUNT}


@pytest.mark.parametrize(
    ("names", "verdict", "outcome"),
    [
        (("agrees", "agrees", "thinks"), ("valid", "agrees"), None),
        (("agrees", "thinks", "thinks"), ("undetermined", "truncated"), "failed"),
        (("agrees", "rambles", "refuses"), ("undetermined", "malformed"), "failed"),
        (("agrees", "refuses", "refuses"), ("invalid", "outvoted"), "rejected"),
        (("agrees", "agrees", "flags"), ("invalid", "ambiguous"), "rejected"),
    ],
)
def test_what_a_panel_decides(
    names: tuple[str, ...],
    verdict: tuple[str, str],
    outcome: str | None,
    server: JudgeProcess,
    source: str,
    tmp_path: Path,
) -> None:
    summary, run = judged(server.panel(*names), source, tmp_path / "v")
    assert verdicts(run) == [verdict] * COUNT
    assert [r.outcome for r in run.iter(Reject)] == ([outcome] * COUNT if outcome else [])
    assert summary["problems"] == summary["valid"] + summary["invalid"] + summary["undetermined"] == COUNT


def test_the_builtin_verifier_may_sit_among_models(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    _, run = judged(server.panel("agrees", "agrees", "builtin"), source, tmp_path / "v")
    last = [attempt for attempt in run.iter(Attempt) if attempt.verifier == "builtin"]
    assert len(last) == COUNT and all(attempt.vote is None for attempt in last), "toys are not in its grammar"
    assert verdicts(run) == [("valid", "agrees")] * COUNT


def test_a_conversation_beyond_the_context_says_nothing_about_its_problem(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    _, run = judged(server.panel("agrees", "narrow", "narrow"), source, tmp_path / "v")
    long = [problem(i) for i in range(1, COUNT + 1) if len(str(i)) > 1]
    told = ("undetermined", "context_overflow")
    assert verdicts(run) == [("valid", "agrees")] * (COUNT - len(long)) + [told] * len(long)
    assert [(r.outcome, r.code) for r in run.iter(Reject)] == [("failed", "context_overflow")] * len(long)


def test_a_context_that_holds_no_conversation_stops_the_run(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    with pytest.raises(ModelOutage, match="maximum context length is 10 tokens"):
        judged(server.panel("agrees", "too-short", "too-short"), source, tmp_path / "v")
    assert not open_run(tmp_path / "v").complete


# --- nothing is paid twice ---


def test_the_same_command_again_asks_nobody_and_tells_the_same_costs(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    config = server.panel("agrees", "verbose", "refuses")
    first, run = judged(config, source, tmp_path / "v")
    before, asked = ids(run), server.asked()
    again, run = judged(config, source, tmp_path / "v")
    assert (ids(run), server.asked()) == (before, asked)
    assert again["spending"]["by_role"] == first["spending"]["by_role"]
    assert {k: v for k, v in again.items() if k != "spending"} == {k: v for k, v in first.items() if k != "spending"}


def test_judging_again_from_stored_attempts_asks_nobody(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    config = server.panel("agrees", "verbose", "dissents", auditor="agrees")
    _, first = judged(config, source, tmp_path / "v")
    server.close()
    again = config.model_copy(update={"reuse": (str(tmp_path / "v"),), "comparison_timeout_s": 60.0})
    summary, second = judged(again, source, tmp_path / "again")
    assert ids(second) == ids(first)
    assert summary["reused"] == summary["attempts"] == 4 * COUNT
    assert summary["spending"]["requests"] == 0


def test_a_verifier_more_asks_that_one_alone(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    judged(server.panel("agrees", "verbose"), source, tmp_path / "two")
    before = server.asked()
    summary, run = judged(
        server.panel("agrees", "verbose", "refuses", reuse=(str(tmp_path / "two"),)), source, tmp_path / "three"
    )
    assert server.asked() == {**before, "refuses": COUNT}
    assert (summary["attempts"], summary["reused"]) == (3 * COUNT, 2 * COUNT)
    assert verdicts(run) == [("valid", "agrees")] * COUNT


def test_replies_cut_off_are_asked_for_again_at_a_higher_limit_only(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    judged(server.panel("agrees", "thinks", reply_tokens=10), source, tmp_path / "v")
    reuse = (str(tmp_path / "v"),)
    judged(server.panel("agrees", "thinks", reply_tokens=10, reuse=reuse), source, tmp_path / "same")
    assert server.asked() == {"agrees": COUNT, "thinks": COUNT}
    judged(server.panel("agrees", "thinks", reply_tokens=20, reuse=reuse), source, tmp_path / "more")
    assert server.asked() == {"agrees": COUNT, "thinks": 2 * COUNT}


def test_attempts_that_were_lost_are_the_only_ones_asked_for_again(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    config = server.panel("agrees")
    _, whole = judged(config, source, tmp_path / "v")
    with Run.open(tmp_path / "lossy", "verify", config) as lossy:
        for number, attempt in enumerate(whole.iter(Attempt)):
            lost = {"id": "", "code": "outage", "vote": None, "answer": None, "response": None} if number < 3 else {}
            lossy.add(Attempt.model_validate({**attempt.model_dump(), **lost}))
        lossy.commit({})
    before = server.asked()["agrees"]
    reused = config.model_copy(update={"reuse": (str(tmp_path / "lossy"),)})
    summary, run = judged(reused, source, tmp_path / "again")
    assert server.asked()["agrees"] == before + 3
    assert (summary["reused"], ids(run)) == (COUNT - 3, ids(whole))


def test_a_run_killed_again_and_again_ends_with_the_same_records_and_accounts(source: str, tmp_path: Path) -> None:
    slow = JudgeProcess("0.05")
    names = ("agrees", "learns", "dissents")
    command = [sys.executable, "-m", "agentprop", "verify", source, "--out", str(tmp_path / "killed"), "-q"]
    command += [part for name in names for part in ("--verifier", slow.model(name))]
    command += ["--auditor", slow.model("agrees")]
    requests = 7 * COUNT
    try:
        for kill_after in (5, 20, 40):
            process = subprocess.Popen(command, env=ENVIRONMENT, cwd=tmp_path)
            while process.poll() is None and sum(slow.asked().values()) < kill_after:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        done = subprocess.run(command, env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        killed = open_run(tmp_path / "killed")
        summary, whole = judged(slow.panel(*names, auditor="agrees", blind=True), source, tmp_path / "whole")
    finally:
        slow.close()
    assert ids(killed) == ids(whole)
    assert [a.id for a in killed.iter(Attempt)] == [a.id for a in whole.iter(Attempt)]
    assert killed.summary is not None
    assert killed.summary["spending"]["by_role"] == summary["spending"]["by_role"]
    assert killed.summary["spending"]["requests"] == requests == summary["spending"]["requests"]


def test_a_server_that_is_down_stops_the_run_and_the_same_command_finishes_it(
    server: JudgeProcess, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def name(url: str) -> None:
        (tmp_path / "agentprop.toml").write_text(
            f'[models.judge]\nmodel = "agrees"\nbase_url = "{url}"\npatience_s = 1.0\n', encoding="utf-8"
        )

    config = VerifyConfig(verifier=("judge", "judge", "judge"))
    gone = JudgeProcess()
    gone.close()
    name(gone.url)
    with pytest.raises(ModelOutage):
        verify.run(config, source, "v", quiet=True)
    assert not open_run(tmp_path / "v").complete
    name(server.url)
    summary, run = judged(config, source, Path("v"))
    assert (summary["valid"], run.complete) == (COUNT, True)


def test_a_bound_stops_the_run_and_raising_it_goes_on(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    names = ("agrees", "agrees", "agrees")
    with pytest.raises(BoundReached):
        verify.run(server.panel(*names, max_tokens=110 * 10), source, str(tmp_path / "v"), quiet=True)
    stopped = open_run(tmp_path / "v")
    assert stopped.summary is not None
    assert stopped.summary["spending"]["tokens"] <= 110 * 11
    summary, run = judged(server.panel(*names, max_tokens=10**6), source, tmp_path / "v")
    assert (summary["valid"], summary["spending"]["requests"]) == (COUNT, 3 * COUNT)
    assert run.complete


# --- pipes ---


def test_it_works_from_a_pipe_and_into_one(server: JudgeProcess, tmp_path: Path) -> None:
    with (tmp_path / "stream").open("wb") as file:
        write_stream(file, PipedProblem, (PipedProblem(problem=problem(i), trajectory=trace(i)) for i in range(1, 6)))
    flags = [part for name in ("agrees", "verbose", "learns") for part in ("--verifier", server.model(name))]
    command = [sys.executable, "-m", "agentprop", "verify", "-", *flags, "-q"]
    with (tmp_path / "stream").open("rb") as given, (tmp_path / "passed").open("wb") as passed:
        subprocess.run([*command, "--out", "-"], stdin=given, stdout=passed, env=ENVIRONMENT, check=True)
    with (tmp_path / "passed").open("rb") as passed:
        kept = [piped.problem for piped in read_stream(passed, PipedProblem)]
    assert kept == [problem(i) for i in range(1, 6)]
    with (tmp_path / "stream").open("rb") as given:
        subprocess.run([*command, "--out", str(tmp_path / "v")], stdin=given, env=ENVIRONMENT, check=True)
    run = open_run(tmp_path / "v")
    assert run.rows == {"verdict": 5, "attempt": 15, "problem": 5, "trajectory": 5}
    assert [t.id for t in run.iter(Trajectory)] == [trace(i).id for i in range(1, 6)]


def test_a_problem_is_judged_while_the_next_one_is_still_awaited(server: JudgeProcess, tmp_path: Path) -> None:
    """The source stays open and silent after the first problems; they are asked about all the same."""
    stream = tmp_path / "stream"
    with stream.open("wb") as file:
        write_stream(file, PipedProblem, (PipedProblem(problem=problem(i), trajectory=trace(i)) for i in range(1, 4)))
    command = [sys.executable, "-m", "agentprop", "verify", "-", "--verifier", server.model("agrees"), "-q", "-o", "v"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=ENVIRONMENT, cwd=tmp_path) as process:
        assert process.stdin is not None
        data = stream.read_bytes()
        process.stdin.write(data[:-8])  # all but the end mark
        process.stdin.flush()
        while server.asked().get("agrees", 0) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.stdin.write(data[-8:])
        process.stdin.close()
        assert process.wait() == 0
    assert verdicts(open_run(tmp_path / "v")) == [("valid", "agrees")] * 3


# --- mistakes ---


def test_panels_that_make_no_sense_are_refused(source: str, tmp_path: Path, server: JudgeProcess) -> None:
    for config, message in [
        (VerifyConfig(verifier=("builtin", "builtin")), "votes the same each time"),
        (VerifyConfig(auditor="x@localhost:1"), "no verifier is one"),
        (VerifyConfig(verifier=("bultin",)), "there is no model bultin"),
        (VerifyConfig(verifier=(server.model("agrees"),), max_cost=1.0), "needs the prices"),
    ]:
        with pytest.raises(ConfigError, match=message):
            verify.run(config, source, str(tmp_path / "v"), quiet=True)
        assert not (tmp_path / "v").exists(), "a mistake claims no directory"
    with pytest.raises(RunError, match="is a run of propose"):
        verify.run(server.panel("agrees", reuse=(source,)), source, str(tmp_path / "w"), quiet=True)


def test_one_name_is_stored_as_before_and_several_as_a_list() -> None:
    assert VerifyConfig().model_dump(mode="json")["verifier"] == "builtin"
    config = VerifyConfig(verifier=("a", "b"))
    assert config.model_dump(mode="json")["verifier"] == ["a", "b"]
    assert VerifyConfig.model_validate(config.model_dump(mode="json")) == config
    assert VerifyConfig.model_validate(VerifyConfig().model_dump(mode="json")) == VerifyConfig()


# --- the audit of checkers ---


def test_the_audit_measures_every_checker_and_judges_no_problem(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    config = server.panel("builtin", "compares", audit_checkers=True, audit_problems=5)
    summary, run = judged(config, source, tmp_path / "audit")
    stored = json.loads((tmp_path / "audit" / "audit" / "checkers.json").read_text(encoding="utf-8"))
    assert run.complete and run.rows == {} and run.summary == summary
    assert {"equivalent", "exact text", "builtin", server.model("compares")} <= summary["checkers"].keys()
    assert summary["audited_problems"] == 5
    for name in ("equivalent", "exact text", "builtin", server.model("compares")):
        rates = summary["checkers"][name]
        assert rates["false_accept"]["errors"] == 0 < rates["false_accept"]["of"] == summary["wrong_answers"]
        assert rates["false_accept"]["low"] == 0.0 < rates["false_accept"]["high"] < 0.2
    assert summary["checkers"]["equivalent"]["false_reject"]["errors"] == 0
    exact = summary["checkers"]["exact text"]["false_reject"]
    assert exact == summary["checkers"][server.model("compares")]["false_reject"], "this model compares the texts"
    assert exact["rate"] > 0.5
    assert stored["details"]["exact text"]["by_mutation"]["prose (same)"] == {"right": 0, "wrong": 5, "neither": 0}
    asked = server.asked()
    judged(config, source, tmp_path / "audit")
    assert server.asked() == asked


def test_the_audit_measures_what_the_checklist_does(server: JudgeProcess, source: str, tmp_path: Path) -> None:
    config = server.panel("agrees", "refuses", audit_checkers=True, audit_problems=2, checklist=True)
    summary, _ = judged(config, source, tmp_path / "audit")
    agrees, refuses = (server.model(name) for name in ("agrees", "refuses"))
    assert summary["checklist_effect"][agrees] == {
        "false_accept": {"without": 1.0, "with": 1.0},
        "false_reject": {"without": 0.0, "with": 0.0},
    }
    assert summary["checklist_effect"][refuses]["false_reject"] == {"without": 1.0, "with": 1.0}
    assert f"{agrees} as verifier with the checklist" in summary["checkers"]


def test_by_default_a_verifier_solves_before_it_sees_the_claim(
    server: JudgeProcess, source: str, tmp_path: Path
) -> None:
    summary, run = judged(server.panel("agrees", "agrees", blind=True), source, tmp_path / "v")
    assert VerifyConfig().blind and summary["valid"] == COUNT
    assert server.asked()["agrees"] == 2 * 2 * COUNT
    assert all(attempt.blind_answer is None for attempt in run.iter(Attempt)), "it gave none: it only repeats claims"
