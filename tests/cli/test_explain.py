"""`extract --explain`: what would be taken for what, and how a wrong guess is corrected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run

ROWS = [
    {"note": f"Why ask {n}?", "data": {"q": f"What is {n} + 2?", "a": n + 2, "why": f"{n} + 2 = {n + 2}"}}
    for n in range(5)
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_a_person_sees_what_is_taken_and_three_documents(corpus: Path, agentprop: Run) -> None:
    done = agentprop("extract", "--explain", corpus)
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert {"corpus.jsonl: JSON lines", "question = data.q, 5 of 5", "answer = data.a, 5 of 5"} <= set(lines)
    assert [line for line in lines if line.startswith("corpus.jsonl#")] == [f"corpus.jsonl#{n}" for n in range(3)]
    assert sorted(path.name for path in corpus.parent.iterdir()) == ["corpus.jsonl"], "nothing is written"


def explained(agentprop: Run, *arguments: object) -> dict[str, Any]:
    done = agentprop("extract", "--explain", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_wrong_guess_is_corrected_part_by_part(corpus: Path, agentprop: Run) -> None:
    found = explained(agentprop, corpus)
    assert found["samples"][1] == {
        "id": "corpus.jsonl#1",
        "question": "What is 1 + 2?",
        "answer": "3",
        "answer_from": "field",
    }
    flags = ("--question-field", "note", "--answer-field", "-", "--solution-field", "data.why")
    corrected = explained(agentprop, corpus, *flags)
    assert corrected["layouts"][0]["taken"]["question"] == "note, 5 of 5, as given"
    assert corrected["samples"][1] == {
        "id": "corpus.jsonl#1",
        "question": "Why ask 1?",
        "solution": "1 + 2 = 3",
        "answer": "3",
        "answer_from": "last equation",
    }


def test_what_is_left_out_and_cannot_be_read_is_told(corpus: Path, agentprop: Run) -> None:
    (corpus.parent / "README.md").write_text("Problem: none\n")
    (corpus.parent / "picture.png").write_bytes(b"x")
    (corpus.parent / "twice.csv").write_text("question,question\nWhat?,Why?\n")
    (corpus.parent / "old.jsonl").write_bytes('{"question": "Café 1 + 1?"}\n'.encode("latin-1"))
    found = explained(agentprop, corpus.parent)
    assert found["files left out"] == {"about the corpus": 1, "kind .png": 1}
    assert list(found["unreadable files"]) == ["twice.csv"]
    assert [layout["kind"] for layout in found["layouts"]] == ["JSON lines", "JSON lines in cp1252"]


def test_a_source_that_holds_nothing_is_an_error(tmp_path: Path, agentprop: Run) -> None:
    (tmp_path / "log.jsonl").write_text('{"level": "info", "host": "a"}\n')
    done = agentprop("extract", "--explain", "log.jsonl")
    assert done.returncode == 1 and done.stdout == ""
    assert "error: no record of log.jsonl holds a question (its fields: host, level)" in done.stderr
    assert "hint: name the field with --question-field, such as data.question or messages[0].content" in done.stderr


def test_an_unknown_encoding_is_an_error(corpus: Path, agentprop: Run) -> None:
    done = agentprop("extract", "--explain", corpus, "--encoding", "klingon")
    assert done.returncode == 1 and "error: there is no encoding 'klingon'" in done.stderr


def test_without_an_output_there_must_be_explain(corpus: Path, agentprop: Run) -> None:
    done = agentprop("extract", corpus)
    assert done.returncode == 2 and "'--out'" in done.stderr and "--explain" in done.stderr


# --- a run that brings nothing ---


def test_a_run_without_a_skill_says_why_and_fails(corpus: Path, agentprop: Run) -> None:
    done = agentprop("extract", corpus, "--question-field", "note", "--out", "run")
    assert done.returncode == 1 and done.stdout.strip() == "run"
    said = done.stderr.splitlines()
    assert "corpus.jsonl (JSON lines): question = note, 5 of 5, as given; answer = data.a, 5 of 5" in said
    (error,) = [line for line in said if line.startswith("error: ")]
    assert error.startswith("error: no skill was extracted from 5 documents: 5 × unread (")
    assert any(line.startswith("hint: `agentprop extract --explain SOURCE`") for line in said)
    again = agentprop("extract", corpus, "--question-field", "note", "--out", "run", "--json")
    assert again.returncode == 1 and json.loads(again.stdout)["reasons"] == {"unread": 5}
