"""The curate stage: every row has a decision and comes back in its layout, and a run that was ended goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from probe_commands import probers
from typer.testing import CliRunner

from agentprop.cli import app
from agentprop.config import CurateConfig, ProbeConfig
from agentprop.errors import AgentpropError, ConfigError, InputError
from agentprop.records import Problem, Reject, Verdict
from agentprop.stages.curate import rows as curated_rows
from agentprop.stages.curate import run as curate
from agentprop.stages.curate.decisions import PLACES, RowDecision
from agentprop.stages.curate.report import CuratedTotals, page
from agentprop.stages.probe import run as probe
from agentprop.storage.run import open_run

ZEROS = "number-theory-factorial-zeros"
ROWS: list[dict[str, Any]] = [
    {"id": "a", "question": "Solve for $x$: $4x - 7 = 21$.", "answer": "7", "note": "kept"},
    {"id": "b", "question": "Solve for $x$: $5x - 7 = 28$.", "answer": "6", "note": None},
    {"id": "c", "question": "Mia waters the garden every evening. How many cans?", "answer": "4", "note": 'é; "q"'},
    {"id": "d", "question": "Solve for  $x$: $4x-7=21$", "answer": "7", "note": "again"},
    {"id": "e", "question": "Simplify:", "answer": "3", "note": ""},
    {"id": "f", "question": "What is $6 \\cdot 7$? The answer is 42.", "answer": "42", "note": "told"},
    {"id": "g", "question": "What is the remainder when $7^{10}$ is divided by $6$?", "answer": "1", "note": "x"},
]
WANTED = {
    "a": ("accepted", "question_agrees"),
    "b": ("rejected", "question_differs"),
    "c": ("undetermined", "not_in_grammar"),
    "d": ("rejected", "duplicate"),
    "e": ("rejected", "empty-statement"),
    "f": ("rejected", "tells-answer"),
    "g": ("accepted", "question_agrees"),
}


def write_json_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_json(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"train": rows}), encoding="utf-8")


def write_table(path: Path, rows: list[dict[str, Any]], separator: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_table(path: Path, separator: str) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


KINDS: dict[str, Any] = {
    "set.jsonl": (write_json_lines, read_json_lines),
    "set.json": (write_json, lambda path: json.loads(path.read_text(encoding="utf-8"))),
    "set.csv": (lambda path, rows: write_table(path, rows, ";"), lambda path: read_table(path, ";")),
    "set.tsv": (lambda path, rows: write_table(path, rows, "\t"), lambda path: read_table(path, "\t")),
    "set.parquet": (
        lambda path, rows: pq.write_table(pa.Table.from_pylist(rows), path),
        lambda path: pq.read_table(path).to_pylist(),
    ),
    "set.arrow": (
        lambda path, rows: pyarrow.feather.write_feather(pa.Table.from_pylist(rows), str(path)),
        lambda path: pyarrow.feather.read_table(str(path)).to_pylist(),
    ),
}


def settings(*sources: Path, **given: Any) -> CurateConfig:
    """Settings with a library of one skill, which is loaded at once."""
    from agentprop.skills import bundled_directory

    skills = (str(bundled_directory() / ZEROS),)
    library = {"skills": skills, "bundled_skills": False}
    return CurateConfig(**{"sources": tuple(map(str, sources)), "workers": 1, **library, **given})


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds of files at once, each with the same rows; only the first file's can be new."""
    root = tmp_path_factory.mktemp("curated")
    write_json_lines(root / "set.jsonl", [*ROWS[:5], "no row", *ROWS[5:]])  # type: ignore[list-item]
    curate.run(settings(root / "set.jsonl"), str(root / "run"), quiet=True)
    return root / "run"


def rows_of(root: Path, name: str = "set.jsonl") -> dict[str, tuple[str, dict[str, Any]]]:
    """Id → (place, row)."""
    read = KINDS[name][1]
    places = [place for place in PLACES if (root / place / name).is_file()]
    return {row["id"]: (place, row) for place in places for row in read(root / place / name) if row.get("id")}


def test_every_row_has_a_decision_with_its_reason(curated: Path) -> None:
    found = rows_of(curated)
    assert {key: (place, row["agentprop_code"]) for key, (place, row) in found.items()} == WANTED
    assert all(row["agentprop_reason"] for _, row in found.values())
    assert found["b"][1]["agentprop_verdict"] == "invalid" and found["b"][1]["agentprop_found"] == "7"
    assert found["d"][1]["agentprop_verdict"] is None and found["d"][1]["agentprop_source"] == "set.jsonl#3"


def test_rows_that_cannot_be_read_are_rejected_in_their_place(curated: Path) -> None:
    (unread,) = [row for row in read_json_lines(curated / "rejected/set.jsonl") if "id" not in row]
    assert (unread["agentprop_source"], unread["agentprop_code"]) == ("set.jsonl#5", "not-an-object")


def test_the_summary_accounts_for_every_row(curated: Path) -> None:
    summary = open_run(curated).summary
    assert summary is not None
    assert summary["rows"] == 8 == sum(summary[place] for place in PLACES)
    assert list(summary["funnel"].values()) == [7, 6, 6, 4, 3, 2]
    assert summary["likely wrong answers"] == 1
    assert summary["reasons"]["undetermined"] == {"not_in_grammar": 1}


def test_the_run_holds_the_accepted_problems_and_a_reason_for_each_other_row(curated: Path) -> None:
    stored = open_run(curated)
    problems = {problem.id for problem in stored.iter(Problem)}
    values = {verdict.problem_id: verdict.value for verdict in stored.iter(Verdict)}
    assert stored.complete and len(problems) == 2
    assert {values[problem] for problem in problems} == {"valid"}
    assert len(list(stored.iter(Reject))) == 6


def test_the_report_and_the_audit_name_the_wrong_answer(curated: Path) -> None:
    (line,) = read_json_lines(curated / "gold_audit.jsonl")
    assert (line["document"], line["gold"], line["found"]) == ("set.jsonl#1", "6", "7")
    text = (curated / "report.md").read_text(encoding="utf-8")
    assert "8 rows: 2 accepted, 1 undetermined, 5 rejected." in text
    assert "| `set.jsonl#1` | Solve for $x$: $5x - 7 = 28$. | 6 | 7 |" in text


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows as files of every kind, in one run: a row is new in the first file and a repeat in the others."""
    root = tmp_path_factory.mktemp("kinds")
    for name, (write, _) in KINDS.items():
        write(root / name, ROWS)
    curate.run(settings(*(root / name for name in KINDS)), str(root / "run"), quiet=True)
    return root / "run"


@pytest.mark.parametrize("name", KINDS)
def test_rows_come_back_as_they_came(name: str, kinds: Path) -> None:
    found = rows_of(kinds, name)
    assert found.keys() == WANTED.keys()
    for before in ROWS:
        after = found[before["id"]][1]
        kept = {key: value for key, value in after.items() if not key.startswith("agentprop_")}
        empty = "" if name.endswith(("csv", "tsv")) else None
        assert kept == {key: empty if value is None else value for key, value in before.items()}
        assert list(after)[: len(before)] == list(before)


def test_columns_of_a_parquet_file_keep_their_types(kinds: Path) -> None:
    before = pq.read_schema(kinds.parent / "set.parquet")
    after = pq.read_schema(kinds / "rejected/set.parquet")
    assert after.names[: len(before)] == before.names and after.types[: len(before)] == before.types


def test_an_ended_run_goes_on_and_comes_to_the_same(
    curated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = curated.parent / "set.jsonl"
    curate.run(settings(source, limit=3), str(tmp_path / "run"), quiet=True)
    assert open_run(tmp_path / "run").rows["verdict"] == 3
    looked_at = []
    seen = curated_rows._contaminated
    monkeypatch.setattr(curated_rows, "_contaminated", lambda found, _: looked_at.append(found) or seen(found, None))
    curate.run(settings(source), str(tmp_path / "run"), quiet=True)
    assert [one.source for one in looked_at] == ["set.jsonl#4", "set.jsonl#6", "set.jsonl#7"]
    for place in PLACES:
        assert (tmp_path / "run" / place / "set.jsonl").read_text() == (curated / place / "set.jsonl").read_text()
    assert open_run(tmp_path / "run").summary == open_run(curated).summary


def test_undetermined_rows_are_kept_if_that_is_asked_for(curated: Path, tmp_path: Path) -> None:
    source = curated.parent / "set.jsonl"
    summary = curate.run(settings(source, accept_undetermined=True), str(tmp_path / "run"), quiet=True)
    assert (summary["accepted"], summary["undetermined"]) == (3, 0)
    assert rows_of(tmp_path / "run")["c"][0] == "accepted"


def test_problems_of_a_benchmark_are_rejected(tmp_path: Path) -> None:
    long = "Find the sum of the first 20 odd positive integers that are divisible by 3 and not by 9."
    write_json_lines(tmp_path / "set.jsonl", [*ROWS[:1], {"id": "h", "question": long, "answer": "1"}])
    write_json_lines(tmp_path / "exam.jsonl", [{"question": long.replace("20", "50"), "answer": "2"}])
    config = settings(tmp_path / "set.jsonl", decontaminate=(str(tmp_path / "exam.jsonl"),))
    curate.run(config, str(tmp_path / "run"), quiet=True)
    assert rows_of(tmp_path / "run")["h"][1]["agentprop_code"] == "contaminated:template"
    assert json.loads((tmp_path / "run/contamination.json").read_text())["hits_by_kind"] == {"template": 1}


def test_a_row_that_an_earlier_one_contradicts_needs_evidence_of_its_own(tmp_path: Path) -> None:
    story = ROWS[2]["question"]
    rows = [{"question": story, "answer": "4"}, {"question": story, "answer": "5"}]
    write_json_lines(tmp_path / "set.jsonl", rows)
    summary = curate.run(settings(tmp_path / "set.jsonl"), str(tmp_path / "run"), quiet=True)
    assert summary["reasons"]["undetermined"] == {"not_in_grammar": 1, "answers_differ": 1}


def test_a_table_whose_first_record_is_broken_stays_a_table(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text(
        'question,answer\n"What, now?",1,2,3\n"What is $6 \\cdot 7$?",42\n', encoding="utf-8"
    )
    curate.run(settings(tmp_path / "set.csv"), str(tmp_path / "run"), quiet=True)
    (good,), (bad,) = (read_table(tmp_path / "run" / place / "set.csv", ",") for place in ("accepted", "rejected"))
    assert (good["answer"], bad["question"], bad["agentprop_code"]) == ("42", "", "wrong-columns")


def test_a_curated_set_can_be_curated_again(curated: Path, tmp_path: Path) -> None:
    summary = curate.run(settings(curated / "accepted/set.jsonl"), str(tmp_path / "run"), quiet=True)
    assert (summary["rows"], summary["accepted"]) == (2, 2)
    (row, _) = read_json_lines(tmp_path / "run/accepted/set.jsonl")
    assert list(row)[:4] == ["id", "question", "answer", "note"] and len(row) == 11


def test_accepted_problems_are_probed_and_get_their_pass_rate(tmp_path: Path) -> None:
    rows = [{"question": f"Problem {n}. Solve for $x$: $x - 1 = {n - 1}$.", "answer": str(n)} for n in (4, 8)]
    write_json_lines(tmp_path / "set.jsonl", rows)
    config = settings(tmp_path / "set.jsonl", accept_undetermined=True)
    out = str(tmp_path / "run")
    curate.run(config, out, quiet=True)
    with probers() as server:
        probing = ProbeConfig(prober=(server.model("plain"),))
        probe.run(probing, curate.to_probe(config, out), f"{out}/{curate.PROBE}", quiet=True)
    summary = curate.with_pass_rates(config, out)
    found = read_json_lines(tmp_path / "run/accepted/set.jsonl")
    assert [row["agentprop_pass_rate"] for row in found] == [4 / 16, 8 / 16]
    (rate,) = summary["pass rates"].values()
    assert rate["problems"] == 2 and "mean pass rate 0.38" in (tmp_path / "run/report.md").read_text()


@pytest.mark.parametrize(
    ("rows", "given", "error", "told"),
    [
        ([{"question": "Why?", "remark": "none"}], {}, InputError, "no question with an answer"),
        (ROWS, {"lints": ("no-such",)}, ConfigError, "no lint check no-such"),
        (ROWS, {"question_field": "body"}, InputError, "has a text field 'body'"),
    ],
)
def test_what_cannot_be_curated_is_told_in_a_sentence(
    rows: list[dict[str, Any]], given: dict[str, Any], error: type[AgentpropError], told: str, tmp_path: Path
) -> None:
    write_json_lines(tmp_path / "set.jsonl", rows)
    with pytest.raises(error, match=told):
        curate.run(settings(tmp_path / "set.jsonl", **given), str(tmp_path / "run"), quiet=True)


def test_the_command_says_what_it_would_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_json_lines(tmp_path / "set.jsonl", [{"question": "What is 1 + 1?", "gold": "2"}])
    done = CliRunner().invoke(app, ["curate", "set.jsonl", "--out", "run", "--answer-field", "gold", "--dry-run"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["sources"], found["answer_field"]) == (["set.jsonl"], "gold")


def test_the_report_shows_a_question_as_it_stands_and_makes_neither_html_nor_an_image_of_it() -> None:
    question = "Is <b>2</b> < ![x](http://host/x.png) & 3?"
    decision = RowDecision(
        "set.jsonl#0", {}, "undetermined", "not_in_grammar", "not read", problem={"statement": question}
    )
    totals = CuratedTotals()
    totals.add(decision)
    assert r"Is &lt;b&gt;2&lt;/b&gt; &lt; !\[x](http://host/x.png) &amp; 3?" in page("set", totals, None)
