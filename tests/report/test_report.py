"""`agentprop report` on run directories counts, joins and refuses as it should."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from agentprop.cli import main
from agentprop.config import ProposeConfig, VerifyConfig
from agentprop.errors import RunError, SandboxUnavailable, ShardError
from agentprop.records import Attempt, Reject, Trajectory, Verdict
from agentprop.report.comparison import Side, compare
from agentprop.stages.propose import run as propose
from agentprop.stages.report import passes
from agentprop.stages.report import run as report
from agentprop.stages.report.options import ReportOptions
from agentprop.stages.verify import run as verify
from agentprop.storage.run import Run, open_run

from .conftest import Written, write
from .toy_runs import MADE, PROBERS, VERIFIERS, candidate, write_audit, write_runs


def test_every_candidate_is_accounted_for(toy: Written) -> None:
    funnels = {funnel["stage"]: funnel for funnel in toy.data["funnels"]}
    made = [record for n in range(300) for _, record in candidate(n)]
    assert funnels["propose"]["came"] == 300
    assert funnels["propose"]["accepted"] == funnels["verify"]["came"] == toy.data["figures"]["problems"]
    valid = sum(isinstance(record, Verdict) and record.value == "valid" for record in made)
    assert funnels["verify"]["accepted"] == toy.data["figures"]["good"] == toy.data["figures"]["valid"] == valid
    for funnel in funnels.values():
        assert funnel["came"] == funnel["accepted"] + funnel["rejected"] + funnel["failed"]
        assert funnel["rejected"] + funnel["failed"] == sum(reason["count"] for reason in funnel["reasons"])


def test_records_of_all_runs_meet_at_their_problem(toy: Written) -> None:
    items = toy.data["items"]
    assert len(items["id"]) == 300 and set(items["status"]) == {"valid", "invalid", "undetermined", "rejected"}
    judged = [n for n, status in enumerate(items["status"]) if status in ("valid", "invalid", "undetermined")]
    assert all(len(items["rho"][n]) == len(PROBERS) and len(items["votes"][n]) >= len(VERIFIERS) for n in judged)
    assert {judge["name"] for judge in toy.data["judges"]} >= set(VERIFIERS)
    assert [found["problems"] for found in toy.data["difficulty"]] == [len(judged)] * 2


def test_declared_difficulty_is_told_by_band(toy: Written) -> None:
    found, items = toy.data["declared"], toy.data["items"]
    accepted = {n for n, status in enumerate(items["status"]) if status != "rejected"}
    bands = [items["declared"][n][0] for n in accepted if items["declared"][n] is not None]
    assert [bar["problems"] for bar in found["bars"]] == [bands.count(band) for band in range(1, 6)]
    assert found["problems"] == len(bands) > 100 and found["quantiles"]["50%"] == 4.5


def test_refused_candidates_are_listed_with_their_steps(toy: Written) -> None:
    items = toy.data["items"]
    abandoned = [n for n, code in enumerate(items["code"]) if code == "abandoned"]
    repeated = [n for n, code in enumerate(items["code"]) if code == "template_repeats"]
    assert len(abandoned) == len(repeated) == 30
    assert all(items["statement"][n] is None for n in abandoned) and all(items["statement"][n] for n in repeated)
    assert all("journey" in toy.details[str(n)] for n in (*abandoned, *repeated))


def test_episodes_of_training_are_listed_with_their_steps_though_they_submitted_nothing(tmp_path: Path) -> None:
    with Run.open(tmp_path / "mgpo", "train-mgpo", {"seed": 0}) as run:
        for stage, record in (pair for n in range(40) for pair in candidate(n)):
            if stage == "propose" and not isinstance(record, Reject):  # training keeps no rejects of candidates
                run.add(record)
        run.commit({"step": 1})
        run.finish({})
    made = write(tmp_path, [tmp_path / "mgpo"])
    items = made.data["items"]
    silent = [n for n, code in enumerate(items["code"]) if code == "abandoned"]
    assert len(silent) == 4 and all(items["problem"][n] is None and items["skills"][n] for n in silent)
    assert all(made.details[str(n)]["journey"]["id"] == items["trajectory"][n] for n in silent)


def test_the_ledger_holds_every_problem_on_which_verifiers_differ(toy: Written) -> None:
    said: dict[str, set[bool | None]] = {}
    for attempt in (record for n in range(300) for _, record in candidate(n)):
        if isinstance(attempt, Attempt) and attempt.role == "verifier":
            said.setdefault(attempt.problem_id, set()).add(attempt.vote)
    assert {problem for problem, *_ in toy.data["ledger"]} == {p for p, votes in said.items() if len(votes) > 1}
    assert toy.data["figures"]["contested"] == sum(toy.data["contested"].values()) == len(toy.data["ledger"])
    assert all(toy.data["opinions"][problem] for problem, *_ in toy.data["ledger"])


def test_the_steps_are_those_of_the_trajectory(toy: Written) -> None:
    stored = {trajectory.id: trajectory for trajectory in open_run(toy.runs[0]).iter(Trajectory)}
    for detail in toy.details.values():
        trajectory = stored[detail["journey"]["id"]]
        assert [step["message"] for step in detail["journey"]["steps"]] == [turn.message for turn in trajectory.turns]


def test_the_account_is_per_good_problem(toy: Written) -> None:
    spent = toy.data["spending"]
    assert spent["cost"] == pytest.approx(300 * (0.0004 + 3 * 0.0001 + 2 * 0.0002))
    assert spent["cost_each"] == pytest.approx(spent["cost"] / toy.data["figures"]["good"])


def test_an_unknown_price_leaves_the_cost_unknown(tmp_path: Path) -> None:
    written = write(tmp_path, write_runs(tmp_path / "runs", 20, priced=False))
    assert written.data["spending"]["cost"] is None and written.data["spending"]["tokens"] > 0


def test_the_report_does_not_depend_on_the_order_of_the_runs(toy: Written, tmp_path: Path) -> None:
    again = write(tmp_path, list(reversed(toy.runs)))
    assert again.path.read_bytes() == toy.path.read_bytes()


def test_a_run_named_twice_counts_once(toy: Written, tmp_path: Path) -> None:
    assert write(tmp_path, [*toy.runs, *toy.runs]).data["figures"] == toy.data["figures"]


def test_samples_are_bounded_and_counts_are_not(toy: Written, tmp_path: Path) -> None:
    written = write(tmp_path, toy.runs, problems=20, trajectories=7)
    assert written.data["figures"] == toy.data["figures"]
    assert written.summary["listed"] == 20 + 60 and len(written.details) == 7


def test_every_outcome_is_among_the_few_that_can_be_followed(toy: Written, tmp_path: Path) -> None:
    written = write(tmp_path, toy.runs, trajectories=12)
    items = written.data["items"]
    followed = {(items["status"][int(n)], items["code"][int(n)]) for n in written.details}
    assert followed == set(zip(items["status"], items["code"], strict=True))


def test_verdicts_without_their_problems_are_said_to_be_elsewhere(toy: Written, tmp_path: Path) -> None:
    written = write(tmp_path, [toy.runs[1]])
    assert written.data["figures"]["judged elsewhere"] == written.data["funnels"][0]["came"] > 0
    assert set(written.data["items"]["status"]) == {"rejected", "failed"}


def test_contamination_is_read_from_beside_the_data(toy: Written, tmp_path: Path) -> None:
    runs = write_runs(tmp_path / "runs", 10)
    hits = {"hits": [{"problem_id": "p", "benchmark": "aime", "method": "ngram"}]}
    (runs[0] / "contamination.json").write_text(json.dumps(hits))
    assert write(tmp_path, runs).data["contamination"]["total"] == 1
    assert not toy.data["contamination"]["checked"]


def test_a_file_that_is_no_report_is_not_replaced(toy: Written, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<h1>my diary</h1>")
    with pytest.raises(RunError, match="not a report"):
        write(tmp_path, toy.runs)
    assert (tmp_path / "report.html").read_text() == "<h1>my diary</h1>"
    with pytest.raises(RunError, match="directory"):
        report.run([str(toy.runs[0])], str(tmp_path), ReportOptions())


def test_a_report_is_replaced_by_a_newer_one(toy: Written, tmp_path: Path) -> None:
    assert write(tmp_path, toy.runs, title="one").path.read_bytes() != write(tmp_path, toy.runs).path.read_bytes()


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    runs = write_runs(tmp_path / "runs", 20)
    shard = next((runs[0] / "problems").iterdir())
    shard.write_bytes(shard.read_bytes()[:-40])
    with pytest.raises(ShardError, match=shard.name):
        write(tmp_path, runs)


def test_an_unfinished_run_is_shown_as_far_as_it_came(tmp_path: Path) -> None:
    runs = write_runs(tmp_path / "runs", 20)
    for name in ("manifest.json", "summary.json"):
        (runs[0] / name).unlink()
    written = write(tmp_path, runs)
    assert written.data["funnels"][0]["came"] == 20 and written.data["runs"][0]["complete"] is False
    assert written.data["spending"]["entries"][0]["stage"] == "verify"


def test_memory_grows_by_digests_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "REFUSED", 20)
    monkeypatch.setattr(passes, "LEDGER", 20)
    peaks = {}
    for count in (1000, 4000):
        runs = [str(run) for run in write_runs(tmp_path / str(count), count)]
        options = ReportOptions(problems=50, trajectories=5)
        report.run(runs, str(tmp_path / "report.html"), options)  # what is imported and cached once, is
        tracemalloc.start()
        report.run(runs, str(tmp_path / "report.html"), options)
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # 800 problems of every 1,000 candidates, each with three votes, a verdict and two measurements
    assert (peaks[4000] - peaks[1000]) / 2400 < 500, peaks


def test_the_built_in_stages_can_be_reported(tmp_path: Path) -> None:
    try:
        propose.run(ProposeConfig(n=30, workers=1, verifier="none"), str(tmp_path / "p"), quiet=True)
        verify.run(VerifyConfig(workers=1), str(tmp_path / "p"), str(tmp_path / "v"), quiet=True)
    except SandboxUnavailable as unavailable:
        pytest.skip(unavailable.message)
    written = write(tmp_path, [tmp_path / "v", tmp_path / "p"])
    assert written.data["figures"]["problems"] == written.data["figures"]["valid"] == 30
    assert written.data["spending"]["asked"] is False and written.data["spending"]["cost"] == 0
    journeys = [detail["journey"] for detail in written.details.values() if "journey" in detail]
    assert len(journeys) >= 30 and all(journey["steps"] for journey in journeys)
    assert len(written.data["skills"]["cells"]) > 30


def test_an_audit_of_checkers_is_shown_and_has_no_funnel(toy: Written, tmp_path: Path) -> None:
    audit = write_audit(tmp_path / "audit")
    found = write(tmp_path, [*toy.runs, audit]).data
    (shown,) = found["checkers"]["audits"]
    assert shown["path"] == str(audit / "audit" / "checkers.json") and shown["audited_problems"] == 5
    assert shown["checkers"]["exact text"]["false_reject"] == {"errors": 3, "of": 5, "low": 0.2, "high": 0.9}
    assert [funnel["stage"] for funnel in found["funnels"]] == ["propose", "verify", "probe"]
    assert toy.data["checkers"] == {"audits": [], "unreadable": []}


@pytest.mark.parametrize("text", ["", "[]", '{"audited_problems": 5}', '{"audited_problems": 1, "checkers": {"x": 1}}'])
def test_an_audit_that_makes_no_sense_is_named(toy: Written, tmp_path: Path, text: str) -> None:
    audit = write_audit(tmp_path / "audit", text)
    found = write(tmp_path, [*toy.runs, audit]).data["checkers"]
    assert found == {"audits": [], "unreadable": [str(audit / "audit" / "checkers.json")]}


def test_what_an_audit_writes_is_what_the_report_reads(tmp_path: Path) -> None:
    try:
        propose.run(ProposeConfig(n=4, workers=1, verifier="none"), str(tmp_path / "p"), quiet=True)
        config = VerifyConfig(audit_checkers=True, audit_problems=2)
        summary = verify.run(config, str(tmp_path / "p"), str(tmp_path / "a"), quiet=True)
    except SandboxUnavailable as unavailable:
        pytest.skip(unavailable.message)
    (shown,) = write(tmp_path, [tmp_path / "a"]).data["checkers"]["audits"]
    assert shown["checkers"].keys() == summary["checkers"].keys() == shown["details"].keys()
    exact = summary["checkers"]["exact text"]["false_reject"]
    assert shown["checkers"]["exact text"]["false_reject"] == {
        key: exact[key] for key in ("errors", "of", "low", "high")
    }
    assert shown["details"]["exact text"]["examples"]


def test_the_command_prints_the_file_or_its_figures(
    toy: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "page.html"
    runs = [str(run) for run in toy.runs]
    for more, expected in ((["--quiet"], str(out)), (["--json"], '"problems": 240')):
        monkeypatch.setattr(sys, "argv", ["agentprop", "report", *runs, "--out", str(out), *more])
        with pytest.raises(SystemExit) as exit:
            main()
        assert exit.value.code == 0 and expected in capsys.readouterr().out
    assert out.stat().st_size == toy.summary["bytes"]


def test_the_page_can_go_to_stdout(toy: Written, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agentprop", "report", str(toy.runs[0]), "--out", "-", "--quiet"]
    done = subprocess.run(command, cwd=Path(report.__file__).parents[2], capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith(b"<!doctype html>") and done.stdout.endswith(b"</html>\n")


def test_the_maker_is_named(toy: Written) -> None:
    assert toy.data["makers"] == {MADE.name: toy.data["figures"]["problems"]}


def test_two_runs_are_set_against_each_other(toy: Written, tmp_path: Path) -> None:
    others = write_runs(tmp_path / "fewer", 100)
    data = write(tmp_path, toy.runs, compare=tuple(map(str, others))).data
    found = data["comparison"]
    counted = {name: (left, right) for name, left, right in found["counts"]["Problems by verdict"]}
    assert sum(left for left, _ in counted.values()) == data["figures"]["problems"]
    assert sum(right for _, right in counted.values()) == found["shared"] < data["figures"]["problems"]
    assert {name for name, *_ in found["counts"]["Refused, by reason"]} >= {"abandoned", "template_repeats"}
    assert [name for name, *_ in found["rates"]] == [prober["prober"] for prober in data["difficulty"]]
    assert found["changed"] == found["moves"] == [], "the same candidates, fewer of them"
    assert toy.data["comparison"] is None


def test_verdicts_and_settings_that_differ_are_told() -> None:
    sides = {"verdicts": {}, "reasons": {}, "categories": {}}
    left = Side(name="a", settings={"x.seed": 1, "x.n": 2}, pass_rates={"p": 0.5}, statuses={"1": "valid"}, **sides)
    right = Side(name="b", settings={"x.seed": 3, "x.n": 2}, pass_rates={}, statuses={"1": "invalid"}, **sides)
    found = compare(left, right)
    assert found["settings"] == [["x.seed", "1", "3"]] and found["rates"] == [["p", 0.5, None]]
    assert found["moves"] == [["valid", "invalid", 1]] and found["changed"] == [["1", "valid", "invalid"]]
