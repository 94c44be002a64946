"""`propose --decontaminate` refuses published problems, reports them, and keeps a run to its benchmarks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import agentprop
from agentprop.config import ProposeConfig
from agentprop.errors import InputError, RunError
from agentprop.records import Problem, Reject
from agentprop.stages.common.benchmarks import REPORT
from agentprop.stages.propose import run as propose
from agentprop.storage.ownership import lock
from agentprop.storage.run import open_run

N = 12


def write(path: Path, statements: Sequence[str], **more: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"problem": text, **more}) + "\n" for text in statements))
    return path


def run(out: Path, *files: Path, **settings: Any) -> list[Problem]:
    """The problems of a run that was decontaminated against files."""
    config = ProposeConfig(**{"n": N, "seed": 5, "workers": 1, "decontaminate": tuple(map(str, files)), **settings})
    propose.run(config, str(out), quiet=True)
    return list(open_run(out).iter(Problem))


def report(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / REPORT).read_text()))


def renumbered(text: str) -> str:
    """Every digit changed, so that no number stays."""
    return text.translate(str.maketrans("0123456789", "2345678913"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> list[Problem]:
    """The problems of a run without benchmarks."""
    out = tmp_path_factory.mktemp("clean") / "p"
    problems = run(out)
    assert not (out / REPORT).exists()
    return problems


def test_problems_of_a_benchmark_are_refused_and_replaced_by_others(clean: list[Problem], tmp_path: Path) -> None:
    published = [clean[2].statement, renumbered(clean[5].statement)]
    files = [write(tmp_path / "one.jsonl", published[:1]), write(tmp_path / "two.jsonl", published[1:], id="x")]
    found = run(tmp_path / "p", *files)
    assert len(found) == N
    assert {clean[2].id, clean[5].id}.isdisjoint(problem.id for problem in found)
    assert [problem.id for problem in found][:2] == [problem.id for problem in clean][:2]
    contaminated = [one for one in open_run(tmp_path / "p").iter(Reject) if one.code.startswith("contaminated:")]
    ids = {clean[2].id, clean[5].id}  # a third one may be alike
    rejects = [one for one in contaminated if Problem.model_validate_json(one.record or "").id in ids]
    assert [reject.code for reject in rejects] == ["contaminated:exact", "contaminated:template"]
    assert "one.jsonl#0" in rejects[0].message and "two.jsonl#0" in rejects[1].message
    assert Problem.model_validate_json(rejects[0].record or "").id == clean[2].id
    summary = open_run(tmp_path / "p").summary
    assert summary is not None and summary["reasons"]["contaminated:exact"] == 1
    assert summary["candidates"] == summary["accepted"] + summary["rejected"] + summary["failed"]


def test_the_report_names_the_files_and_every_hit(clean: list[Problem], tmp_path: Path) -> None:
    bench = write(tmp_path / "aime.jsonl", [clean[0].statement, "What else is there to ask?", clean[0].statement])
    run(tmp_path / "p", bench)
    found = report(tmp_path / "p")
    (entry,) = found["benchmarks"]
    assert (entry["name"], entry["statements"], entry["unreadable"]) == ("aime.jsonl", 2, 0)
    (hit,) = found["hits"]
    assert (hit["problem_id"], hit["benchmark"], hit["benchmark_id"]) == (clean[0].id, "aime.jsonl", "aime.jsonl#0")
    assert (hit["method"], found["hits_by_kind"], found["problems"]) == ("exact", {"exact": 1}, N + 1)


def test_a_run_without_hits_says_that_it_was_checked(tmp_path: Path) -> None:
    bench = write(tmp_path / "far.jsonl", ["Who wrote the first of these plays, and for whom was it written?"])
    run(tmp_path / "p", bench)
    assert (report(tmp_path / "p")["hits"], report(tmp_path / "p")["problems"]) == ([], N)


def test_a_run_goes_on_with_the_same_benchmarks_under_another_path_only(clean: list[Problem], tmp_path: Path) -> None:
    bench = write(tmp_path / "a" / "bench.jsonl", [clean[1].statement])
    run(tmp_path / "p", bench, n=4)
    moved = bench.rename(tmp_path / "b.jsonl")
    resumed = run(tmp_path / "p", moved)
    assert [p.id for p in resumed] == [p.id for p in run(tmp_path / "whole", moved)]
    assert len(report(tmp_path / "p")["hits"]) == 1, "the hit of the first session is still there"
    write(moved, ["Something else altogether is asked here, and nothing of it is old."])
    with pytest.raises(RunError, match="benchmarks"):
        run(tmp_path / "p", moved, n=N + 1)
    with pytest.raises(RunError, match="benchmarks"):
        run(tmp_path / "p", n=N + 1)


def test_starting_over_removes_the_report(clean: list[Problem], tmp_path: Path) -> None:
    run(tmp_path / "p", write(tmp_path / "bench.jsonl", [clean[0].statement]), n=2)
    propose.run(ProposeConfig(n=2, seed=4, workers=1), str(tmp_path / "p"), fresh=True, quiet=True)
    assert not (tmp_path / "p" / REPORT).exists()


def test_a_run_that_another_process_works_on_keeps_its_report(clean: list[Problem], tmp_path: Path) -> None:
    run(tmp_path / "p", write(tmp_path / "bench.jsonl", [clean[0].statement]), n=2)
    held = lock(tmp_path / "p")
    with pytest.raises(RunError, match="another agentprop process"):
        propose.run(ProposeConfig(n=2, seed=4, workers=1), str(tmp_path / "p"), fresh=True, quiet=True)
    os.close(held)
    assert (tmp_path / "p" / REPORT).exists()


def test_starting_over_leaves_a_strangers_report_alone(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / REPORT).write_text("mine")
    with pytest.raises(RunError, match="not an agentprop run"):
        propose.run(ProposeConfig(n=2, workers=1), str(tmp_path / "p"), fresh=True, quiet=True)
    assert (tmp_path / "p" / REPORT).read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "is empty"), ('{"a": 1}\n', "holds a question"), ('{"problem": "???"}\n', "holds a question")],
)
def test_a_file_that_holds_no_benchmark_is_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bench.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        run(tmp_path / "p", path)


def agentprop_command(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    sources = str(Path(agentprop.__file__).parents[1])
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AGENTPROP_")}
    command = [sys.executable, "-m", "agentprop", *arguments]
    environment = {**kept, "PYTHONPATH": sources, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)


def test_a_benchmark_directory_of_the_project_counts_without_any_flag(clean: list[Problem], tmp_path: Path) -> None:
    write(tmp_path / "benchmarks" / "aime.jsonl", [clean[0].statement])
    write(tmp_path / "benchmarks" / "more" / "math.json", [])
    (tmp_path / "benchmarks" / "more" / "math.json").write_text(json.dumps([{"question": clean[1].statement}]))
    (tmp_path / "agentprop.toml").write_text('benchmarks = "benchmarks"\n')
    line = ["propose", "--n", "3", "--seed", "5", "--workers", "1", "-q"]
    done = agentprop_command(tmp_path, *line, "--out", "p")
    assert (done.returncode, done.stderr) == (0, "")
    assert [hit["benchmark"] for hit in report(tmp_path / "p")["hits"]] == ["aime.jsonl", "math.json"]
    off = agentprop_command(tmp_path, *line, "--out", "off", "--set", "benchmarks=null")
    assert off.returncode == 0, off.stderr
    assert [p.id for p in open_run(tmp_path / "off").iter(Problem)] == [p.id for p in clean[:3]]


def test_the_flag_may_be_repeated(clean: list[Problem], tmp_path: Path) -> None:
    for name, problem in zip(("one", "two"), clean[:2], strict=True):
        write(tmp_path / f"{name}.jsonl", [problem.statement])
    line = ["propose", "--n", "2", "--seed", "5", "--workers", "1", "-q", "--out", "p"]
    done = agentprop_command(tmp_path, *line, "--decontaminate", "one.jsonl", "--decontaminate", "two.jsonl")
    assert done.returncode == 0, done.stderr
    assert [hit["problem_id"] for hit in report(tmp_path / "p")["hits"]] == [problem.id for problem in clean[:2]]
