"""Files of problems where runs can stand: every command reads them as extract does, and joins them by content."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from probe_commands import environment, probers
from probe_problems import problem, store
from pydantic import ValidationError
from typer.testing import CliRunner

from agentprop.cli import app
from agentprop.config import ExportConfig, ProbeConfig, VerifyConfig
from agentprop.config.parts import CorpusSettings
from agentprop.errors import InputError
from agentprop.records import Difficulty, Problem, Reject, Verdict
from agentprop.skills import bundled_directory
from agentprop.stages.common.foreign import open_sources, read_foreign
from agentprop.stages.common.intake import open_intake
from agentprop.stages.common.row_problems import RowProblem
from agentprop.stages.export import run as export
from agentprop.stages.probe import run as probe
from agentprop.stages.report import run as report
from agentprop.stages.report.options import ReportOptions
from agentprop.stages.verify import run as verify
from agentprop.storage.run import open_run

ROWS = [
    {"question": "Solve for $x$: $4x - 7 = 21$.", "answer": "7"},
    {"question": "Solve for $x$: $5x - 7 = 28$.", "answer": "6"},
    {"question": "Mia waters the garden every evening. How many cans?", "answer": "4"},
]
PROGRAMS = [
    {
        "text": "Write a function to double a number.",
        "code": "def twice(n):\n    return 2 * n",
        "test_list": ["assert twice(2) == 4", "assert twice(5) == 10"],
    },
    {
        "text": "Write a function to halve a number.",
        "code": "def half(n):\n    return n",
        "test_list": ["assert half(2) == 1", "assert half(8) == 4"],
    },
]
VALUES = {0: ("valid", "question_agrees"), 1: ("invalid", "question_differs"), 2: ("undetermined", "not_in_grammar")}


def json_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def settings(**given: Any) -> VerifyConfig:
    """With one skill, which is loaded at once."""
    library = {"skills": (str(bundled_directory() / "number-theory-factorial-zeros"),), "bundled_skills": False}
    return VerifyConfig(**{"workers": 1, **library, **given})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows one each in a JSON, a CSV and a Parquet file, and programs as JSON lines."""
    root = tmp_path_factory.mktemp("files")
    (root / "one.json").write_text(json.dumps(ROWS[:1]), encoding="utf-8")
    (root / "two.csv").write_text(f"question,answer\n{ROWS[1]['question']},6\n", encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(ROWS[2:]), root / "three.parquet")
    json_lines(root / "programs.jsonl", PROGRAMS)
    return root


@pytest.fixture(scope="module")
def verified(files: Path) -> Path:
    """One verify run over all of them."""
    names = ("one.json", "two.csv", "three.parquet", "programs.jsonl")
    verify.run(settings(), [str(files / name) for name in names], str(files / "v"), quiet=True)
    return files / "v"


def test_problems_of_several_files_are_judged_without_a_model(verified: Path) -> None:
    stored = open_run(verified)
    problems = {one.id: one for one in stored.iter(Problem)}
    found = {problems[one.problem_id].statement: (one.value, one.code) for one in stored.iter(Verdict)}
    assert [found[row["question"]] for row in ROWS] == list(VALUES.values())
    programs = [value for text, value in found.items() if text.startswith("Write a function")]
    assert programs == [("valid", "tests_pass"), ("invalid", "reference_fails")]


def test_the_summary_says_what_was_taken_for_what(verified: Path) -> None:
    summary = open_run(verified).summary
    assert summary is not None and summary["sources"]["files"] == 4
    assert [layout["kind"] for layout in summary["sources"]["layouts"]] == [
        "JSON", "a table", "Parquet", "JSON lines"
    ]  # fmt: skip


def test_an_id_is_made_from_the_content_and_not_from_the_file(verified: Path, tmp_path: Path) -> None:
    ids = {one.id for one in open_run(verified).iter(Problem)}
    (stored,) = open_sources([str(json_lines(tmp_path / "other.jsonl", ROWS))], CorpusSettings())
    assert {one.id for one in stored.iter(Problem)} <= ids


def test_a_run_over_files_goes_on_and_refuses_other_content(files: Path, tmp_path: Path) -> None:
    source, out = json_lines(tmp_path / "a.jsonl", ROWS[2:]), str(tmp_path / "v")
    first = verify.run(settings(), str(source), out, quiet=True)
    assert verify.run(settings(), [str(source)], out, quiet=True) == first
    json_lines(source, ROWS)
    with pytest.raises(Exception, match="have changed"):
        verify.run(settings(), str(source), out, quiet=True)


def test_rows_that_are_no_problems_are_rejects(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", [ROWS[2], {"question": "And no answer?"}])
    summary = verify.run(settings(), str(source), str(tmp_path / "v"), quiet=True)
    assert (summary["problems"], summary["unreadable"]) == (1, 1)
    assert "no-answer" in {one.code for one in open_run(tmp_path / "v").iter(Reject)}


def test_a_file_without_problems_is_an_error(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", [{"question": "And no answer?"}])
    with pytest.raises(InputError, match="no question with an answer"):
        verify.run(settings(), str(source), str(tmp_path / "v"), quiet=True)


def test_fields_can_be_named(tmp_path: Path) -> None:
    rows = [{"question": "what it is called", "body": {"text": row["question"]}, "gold": row["answer"]} for row in ROWS]
    source = str(json_lines(tmp_path / "a.jsonl", rows))
    config = CorpusSettings(question_field="body.text", answer_field="gold")
    items = list(open_intake(source, config, stage="verify", traces=False).items)
    assert [item.problem.statement for item in items] == [row["question"] for row in ROWS]


@pytest.mark.parametrize(
    ("row", "asked", "tolerance"),
    [
        ({"answer": "4.2", "error": "1e-1"}, None, "1e-1"),
        ({"answer": "4.2", "error": "1e-1"}, "5%", "1e-1"),
        ({"answer": "4.2", "rel_tol": 0.02, "abs_tol": 0.0}, None, "2%"),
        ({"answer": "4.2"}, "5%", "5%"),
        ({"answer": "4.2", "figures": 2}, "5%", None),
        ({"answer": "4.2", "error": 3}, None, None),
    ],
)
def test_how_far_an_answer_may_be_off_says_the_row_and_else_the_setting(
    row: dict[str, Any], asked: str | None, tolerance: str | None, tmp_path: Path
) -> None:
    rows = json_lines(tmp_path / "p.jsonl", [{"question": f"How long is rope {n}, in m?", **row} for n in range(3)])
    read = read_foreign([str(rows)], CorpusSettings(tolerance=asked), "evaluate", quiet=True)
    assert [one.problem.tolerance for one in read if isinstance(one, RowProblem)] == [tolerance] * 3


def test_a_tolerance_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"must be a number such as 0\.01, or a percentage such as 5%"):
        CorpusSettings(tolerance="small")


def test_a_problem_of_a_file_is_that_of_a_run_if_question_and_answer_are(tmp_path: Path) -> None:
    proposed = [problem(number, answer=str(number)) for number in range(2)]
    run = store(tmp_path / "p", proposed)
    rows = [{"question": one.statement, "answer": one.answer} for one in proposed]
    source = json_lines(tmp_path / "a.jsonl", [*rows, ROWS[0]])
    assert proposed[0].answer_type == "integer"
    _, stored = open_sources([str(run), str(source)], CorpusSettings())
    assert [one.id for one in stored.iter(Problem)][:2] == [one.id for one in proposed]
    intake = open_intake([str(run), str(source)], CorpusSettings(), stage="verify", traces=False)
    assert [item.problem.statement for item in intake.items] == [
        *(one.statement for one in proposed),
        ROWS[0]["question"],
    ]


def test_what_was_judged_is_exported_and_reported(files: Path, verified: Path, tmp_path: Path) -> None:
    out = tmp_path / "good.jsonl"
    sources = [str(files / "one.json"), str(verified)]
    export.run(ExportConfig(format="jsonl"), sources, str(out))
    assert {json.loads(line)["answer"] for line in out.read_text().splitlines()} >= {"7"}
    done = report.run([str(files / "two.csv"), str(verified)], str(tmp_path / "r.html"), ReportOptions())
    assert (done["problems"], done["valid"], done["invalid"]) == (5, 2, 2) and (tmp_path / "r.html").is_file()


def test_a_file_can_be_printed_and_shown(files: Path) -> None:
    printed = CliRunner().invoke(app, ["cat", str(files / "one.json"), str(files / "two.csv")])
    assert [json.loads(line)["answer"] for line in printed.output.splitlines()] == ["7", "6"], printed.output
    shown = CliRunner().invoke(app, ["show", str(files / "two.csv"), "0"])
    assert shown.exit_code == 0 and "28" in shown.output


def stream(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    "written",
    [lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(), stream],
    ids=["JSON lines", "an Arrow stream"],
)
def test_rows_of_others_come_through_a_pipe(written: Callable[[list[dict[str, Any]]], bytes]) -> None:
    command = [sys.executable, "-m", "agentprop", "cat", "-"]
    done = subprocess.run(command, input=written(ROWS), capture_output=True, env=environment(), check=True)
    assert [json.loads(line)["statement"] for line in done.stdout.splitlines()] == [row["question"] for row in ROWS]


def test_problems_of_a_file_are_probed(tmp_path: Path) -> None:
    rows = [{"question": f"Problem {n}: what is it?", "answer": str(n)} for n in (4, 8)]
    with probers() as server:
        config = ProbeConfig(prober=(server.model("plain"),))
        summary = probe.run(config, [str(json_lines(tmp_path / "a.jsonl", rows))], str(tmp_path / "d"), quiet=True)
    assert summary["accepted"] == 2 and summary["sources"]["files"] == 1
    assert [(one.c, one.k) for one in open_run(tmp_path / "d").iter(Difficulty)] == [(4, 16), (8, 16)]
