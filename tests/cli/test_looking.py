"""cat, show and doctor: what is printed is what is stored."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import SOURCES

from agentprop.cli import doctor
from agentprop.cli import render as views
from agentprop.records import PipedProblem, Problem, Trajectory, Verdict
from agentprop.records.action_text import parse
from agentprop.storage import write_stream
from agentprop.storage.reader import open_run

from .conftest import Run, environment


def problems(run: Path) -> list[Problem]:
    return list(open_run(run).iter(Problem))


def trajectory_of(problem: Problem, run: Path) -> Trajectory:
    return next(t for t in open_run(run).iter(Trajectory) if t.id == problem.trajectory_id)


def test_cat_prints_the_problems_of_a_propose_run(proposed: Path, agentprop: Run) -> None:
    lines = agentprop("cat", proposed).stdout.splitlines()
    assert [Problem.model_validate_json(line) for line in lines] == problems(proposed)


def test_cat_prints_the_verdicts_of_a_verify_run(verified: Path, agentprop: Run) -> None:
    lines = agentprop("cat", verified).stdout.splitlines()
    assert [Verdict.model_validate_json(line) for line in lines] == list(open_run(verified).iter(Verdict))


@pytest.mark.parametrize("name", ["trajectories", "trajectory"])
def test_cat_prints_other_records_by_name(name: str, proposed: Path, agentprop: Run) -> None:
    lines = agentprop("cat", proposed, "--records", name).stdout.splitlines()
    assert [Trajectory.model_validate_json(line) for line in lines] == list(open_run(proposed).iter(Trajectory))


@pytest.mark.parametrize(("limit", "printed"), [(0, 0), (5, 5), (100, 12)])
def test_cat_stops_at_its_limit(limit: int, printed: int, proposed: Path, agentprop: Run) -> None:
    assert len(agentprop("cat", proposed, "--limit", limit).stdout.splitlines()) == printed


def test_cat_of_records_that_are_not_there_prints_nothing(proposed: Path, agentprop: Run) -> None:
    done = agentprop("cat", proposed, "--records", "difficulties")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_cat_reads_a_stream(proposed: Path, agentprop: Run) -> None:
    piped = [PipedProblem(problem=problem) for problem in problems(proposed)]
    stream = io.BytesIO()
    write_stream(stream, PipedProblem, piped)
    done = agentprop("cat", "-", input=stream.getvalue(), text=False)
    assert [PipedProblem.model_validate_json(line) for line in done.stdout.splitlines()] == piped


def test_a_reader_that_leaves_ends_cat_quietly(proposed: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m agentprop cat {proposed} --records trajectories | head -c 10 >/dev/null"
    script = f"{command}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], env=environment(), capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


# --- show ---


def test_a_run_is_shown_with_its_funnel_and_counts(proposed: Path, agentprop: Run) -> None:
    done = agentprop("show", proposed)
    assert done.returncode == 0
    for word in (
        "a run of propose, complete",
        "candidates",
        "accepted",
        "problems by category",
        "problems by skills",
        "problems by operators",
        "seed",
    ):
        assert word in done.stdout


def test_the_counts_of_a_run_add_up(proposed: Path, agentprop: Run) -> None:
    overview = json.loads(agentprop("show", proposed, "--json").stdout)
    assert (overview["stage"], overview["complete"], overview["records"]["problem"]) == ("propose", True, 12)
    for column in ("domain", "category", "answer_type", "evidence"):
        assert sum(overview["counts"]["problem"][column].values()) == 12
    skills = [skill for problem in problems(proposed) for skill in problem.skills]
    assert overview["counts"]["problem"]["skills"] == {name: skills.count(name) for name in skills}


@pytest.mark.parametrize("width", ["80", "132"])
def test_a_problem_is_shown_step_by_step_within_the_terminal(width: str, proposed: Path, agentprop: Run) -> None:
    problem = problems(proposed)[4]
    done = agentprop("show", proposed, problem.id, env={"COLUMNS": width})
    code = {
        f"  {line}".rstrip() for turn in trajectory_of(problem, proposed).turns for line in turn.message.splitlines()
    }
    prose = [line for line in done.stdout.splitlines() if line not in code]
    assert max(map(len, prose)) <= min(int(width), views.WIDEST)
    words = " ".join(done.stdout.split())
    assert " ".join(problem.statement.split()) in words
    for turn in trajectory_of(problem, proposed).turns:
        assert f"{turn.index} · {turn.stage.value} · {turn.action} → {turn.outcome}" in done.stdout
    assert "verdict: valid" in done.stdout


def test_code_is_never_wrapped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], proposed: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    problem = problems(proposed)[4]
    trajectory = trajectory_of(problem, proposed)
    views.show([trajectory])
    shown = capsys.readouterr().out.splitlines()
    code = [action.text for turn in trajectory.turns if (action := parse(turn.message)).kind == "exec"]
    submitted = [
        action.submission.certificate for turn in trajectory.turns if (action := parse(turn.message)).submission
    ]
    lines = [line for text in [*code, *submitted] for line in text.strip().splitlines()]
    assert max(map(len, lines)) > 40
    assert {f"  {line}".rstrip() for line in lines} <= set(shown)


def test_latex_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], proposed: Path) -> None:
    problem = problems(proposed)[0].model_copy(update={"statement": r"Find $\frac{[1]}{[/b]2}$ [bold]x[/bold] :smile:"})
    views.show([problem])
    assert r"Find $\frac{[1]}{[/b]2}$ [bold]x[/bold] :smile:" in capsys.readouterr().out


def test_a_record_may_be_named_by_position_prefix_or_trajectory(proposed: Path, agentprop: Run) -> None:
    problem = problems(proposed)[4]
    whole = agentprop("show", proposed, problem.id).stdout
    assert agentprop("show", proposed, 4).stdout == whole
    assert agentprop("show", proposed, f"{problem.id[:12]}").stdout == whole
    assert agentprop("show", proposed, problem.trajectory_id).stdout == whole


def test_a_prefix_that_fits_several_records_is_refused(proposed: Path, agentprop: Run) -> None:
    done = agentprop("show", proposed, "")
    assert done.returncode == 1
    assert "12 records match" in done.stderr


def test_a_verify_run_shows_the_problem_of_another_run(proposed: Path, verified: Path, agentprop: Run) -> None:
    verdict = next(open_run(verified).iter(Verdict))
    alone = json.loads(agentprop("show", verified, 0, "--json").stdout)
    beside = json.loads(agentprop("show", verified, 0, "--with", proposed, "--json").stdout)
    assert [record["kind"] for record in alone] == ["verdict"]
    assert beside[0]["id"] == verdict.problem_id
    assert verdict.id in {record["id"] for record in beside}


def test_a_skill_is_shown_by_its_name(proposed: Path, agentprop: Run) -> None:
    done = agentprop("show", proposed, "number-theory-crt")
    assert "skill number-theory-crt" in done.stdout
    assert "def solve" in done.stdout


# --- doctor ---


def test_doctor_tells_what_is_here_and_how_to_get_the_rest(agentprop: Run) -> None:
    report = json.loads(agentprop("doctor", "--json").stdout)
    assert report["library"]["packages"] >= 60
    assert report["dependencies"].keys() >= {"typer", "rich", "pydantic", "sympy", "pyarrow"}
    assert all(report["dependencies"].values())
    assert report["sandbox"]["level"] in ("L3", "L2", "L1", "R0", "none")
    for extra, found in report["extras"].items():
        assert (found["install"] is None) == (found["missing"] == [])
        assert found["install"] in (None, f"pip install 'agentic-proposing[{extra}]'")


def test_doctor_names_a_package_that_installs_over_ours(tmp_path: Path) -> None:
    (tmp_path / "agentprop-9.9.dist-info").mkdir()
    (tmp_path / "agentprop-9.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: agentprop\nVersion: 9.9\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{SOURCES}"}
    command = [sys.executable, "-m", "agentprop", "doctor", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    conflict = json.loads(done.stdout)["conflict"]
    assert "agentprop (9.9)" in conflict and "pip install --force-reinstall agentic-proposing" in conflict


def test_doctor_says_in_words_why_nothing_can_be_isolated(capsys: pytest.CaptureFixture[str]) -> None:
    weak = {"level": "R0", "reasons": {"L3": "no user namespaces", "L1": "no seccomp"}}
    doctor._print({**doctor.examine(), "sandbox": weak})
    printed = capsys.readouterr().out
    assert "Untrusted code cannot be isolated here: L3: no user namespaces; L1: no seccomp" in printed
    assert "{" not in printed


def test_doctor_is_a_table_for_people(agentprop: Run) -> None:
    done = agentprop("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sandbox level" in done.stdout and "cores" in done.stdout


def test_lint_says_which_rows_it_did_not_look_at_and_does_not_call_them_clean(agentprop: Run, tmp_path: Path) -> None:
    rows = ['{"question": "What is $3 + 4$?", "answer": "7"}', '{"question": "What is $3 + 5$?"', '{"answer": "3"}']
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    done = agentprop("lint", "rows.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-2] == "1 problem, no finding"
    assert done.stderr.splitlines()[-1].startswith("not looked at: rows.jsonl#1 (line 2 is not JSON")
    assert done.stderr.endswith(", and 1 more\n")
    (tmp_path / "rows.jsonl").write_text(rows[0])
    assert agentprop("lint", "rows.jsonl").returncode == 0


def test_a_file_of_problems_is_shown_by_its_own_name_and_without_its_layout(agentprop: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"question": "What is $3 + 4$?", "answer": "7"}\n')
    shown = agentprop("show", "mine.jsonl").stdout
    assert shown.startswith("mine.jsonl: a run of files, complete")
    assert "layouts" not in shown
    hint = agentprop("show", "mine.jsonl", "zzzz").stderr
    assert "hint: `agentprop cat mine.jsonl` lists its ids" in hint
