"""Documents from files of every kind, and one clear sentence for what is none."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentprop.errors import AgentpropError, InputError
from agentprop.extraction.corpus import (
    Document,
    Fields,
    UnreadableRecord,
    find_files,
    fingerprints,
    read_documents,
)
from agentprop.extraction.corpus.carriers import json_text
from agentprop.extraction.corpus.documents import final_answer

ROWS = [
    {"question": "What is 2 + 3?", "answer": "2 + 3 = 5\n#### 5"},
    {"question": "What is 4 · 6?", "answer": "4 · 6 = 24\n#### 24"},
]


def documents(*paths: Path, fields: Fields | None = None) -> list[Document | UnreadableRecord]:
    return list(read_documents(find_files([str(path) for path in paths]), fields))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def jsonl(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def in_kind(directory: Path, kind: str) -> Path:
    """The two documents in a file of the kind."""
    path = directory / f"corpus{kind}"
    if kind == ".jsonl.gz":
        path.write_bytes(gzip.compress(jsonl(ROWS).encode()))
    elif kind == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif kind == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["question", "answer"])
            writer.writeheader()
            writer.writerows(ROWS)
    elif kind == ".tex":
        pair = "\\begin{{problem}}{question}\\end{{problem}}% a remark\n\\begin{{solution}}{answer}\\end{{solution}}\n"
        write(path, "".join(pair.format(**row) for row in ROWS))
    elif kind in (".md", ".txt"):
        label = "## {}\n\n" if kind == ".md" else "{}:\n"
        write(
            path,
            "".join(
                label.format(p) + row[f] + "\n\n"
                for row in ROWS
                for p, f in (("Problem", "question"), ("Solution", "answer"))
            ),
        )
    else:
        write(path, json.dumps({"data": ROWS}) if kind == ".json" else jsonl(ROWS))
    return path


@pytest.mark.parametrize("kind", [".jsonl", ".jsonl.gz", ".json", ".parquet", ".csv", ".md", ".txt", ".tex"])
def test_every_kind_of_file_gives_the_same_documents(tmp_path: Path, kind: str) -> None:
    found = documents(in_kind(tmp_path, kind))
    assert [(d.question, d.answer) for d in found if isinstance(d, Document)] == [
        ("What is 2 + 3?", "5"),
        ("What is 4 · 6?", "24"),
    ]
    assert [d.id for d in found] == [f"corpus{kind}#0", f"corpus{kind}#1"]
    assert len({d.sha for d in found if isinstance(d, Document)}) == 2


def test_a_json_array_is_read_in_pieces_smaller_than_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "CHUNK", 16)
    path = write(tmp_path / "array.json", json.dumps(ROWS * 20, indent=1, ensure_ascii=False))
    assert len(documents(path)) == 40


def test_directories_are_read_recursively_and_patterns_expanded(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    write(tmp_path / "a" / "one.jsonl", jsonl(ROWS))
    write(tmp_path / "a" / "b" / "one.jsonl", jsonl(ROWS[:1]))
    write(tmp_path / "a" / "picture.png", "not a document")
    assert [d.id for d in documents(tmp_path)] == ["b/one.jsonl#0", "a/one.jsonl#0", "a/one.jsonl#1"]
    assert len(find_files([str(tmp_path / "**" / "*.jsonl"), str(tmp_path / "a")])) == 2


def test_fingerprints_change_with_the_content(tmp_path: Path) -> None:
    path = write(tmp_path / "one.jsonl", jsonl(ROWS))
    before = fingerprints([path])
    write(path, jsonl(ROWS[:1]))
    assert set(before) == {"one.jsonl"} and before != fingerprints([path])


def test_fields_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "odd.jsonl", json.dumps({"alpha": "Add 2 to 3", "beta": "5"}))
    with pytest.raises(InputError, match=r"no record of .*odd\.jsonl holds a question \(its fields: alpha, beta\)"):
        documents(path)
    (found,) = documents(path, fields=Fields(question="alpha", answer="beta"))
    assert isinstance(found, Document) and found.answer == "5"
    with pytest.raises(InputError, match="has a text field 'gamma'"):
        documents(path, fields=Fields(question="gamma"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"question": "\xc3\xa9t\xc3\xa9, caf\xe9"}', "not-utf-8"),
        (b'{"question": ', "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"[1, 2]", "not-an-object"),
        (b'{"question": "  "}', "no-question"),
        (b'{"question": {"answer": "nested"}}', "no-question"),
    ],
)
def test_a_damaged_record_is_told_apart_and_the_rest_is_read(tmp_path: Path, line: bytes, code: str) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(jsonl(ROWS[:1]).encode() + line + b"\n" + jsonl(ROWS[1:]).encode())
    first, damaged, last = documents(path)
    assert isinstance(first, Document) and isinstance(last, Document)
    assert isinstance(damaged, UnreadableRecord) and damaged.code == code and damaged.id == "mixed.jsonl#1"


def test_a_csv_row_with_too_few_fields_is_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "short.csv", "question,answer\nWhat is 1 + 1?,2\nalone\n")
    good, short = documents(path)
    assert isinstance(good, Document) and isinstance(short, UnreadableRecord) and short.code == "wrong-columns"


def huge_line(path: Path) -> Path:
    """A file of one gibibyte that is one line; all but its beginning is a hole."""
    with path.open("wb") as file:
        file.write(b'{"question": "' + b"x" * 8192)
        file.truncate(2**30)
    return path


def with_bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda d: d / "missing.jsonl", "there is no file .*missing.jsonl"),
        (lambda d: write(d / "empty.jsonl", ""), "empty.jsonl is empty"),
        (lambda d: d, "holds no document file"),
        (lambda d: write(d / "picture.png", "x"), "not a kind of file"),
        (lambda d: write(d / "corpus.tar.gz", "x"), "not a kind of file"),
        (lambda d: with_bytes(d / "core.jsonl", b"\x7fELF\x00\x00\x01"), "is a binary file"),
        (lambda d: with_bytes(d / "cut.jsonl.gz", gzip.compress(jsonl(ROWS).encode())[:-12]), "not a whole gzip file"),
        (lambda d: with_bytes(d / "cut.zip", b"PK\x03\x04 no more"), "not a whole zip file"),
        (lambda d: with_bytes(d / "fake.jsonl.gz", b"hello"), "not a whole gzip file"),
        (lambda d: with_bytes(d / "fake.parquet", b"PAR1 nothing"), "truncated or damaged"),
        (lambda d: write(d / "half.json", '[{"question": "What is'), "is not JSON"),
        (lambda d: with_bytes(d / "cyrillic.json", '[{"question": "Сколько?"}]'.encode("koi8-r")), "not recognised"),
        (lambda d: write(d / "quotes.csv", 'question\n"open'), "is not CSV"),
        (lambda d: huge_line(d / "huge.jsonl"), "line 1 of .*huge.jsonl is longer than 16 MiB"),
        (lambda d: huge_line(d / "huge.csv"), "line 1 of .*huge.csv is longer than 16 MiB"),
        (lambda d: huge_line(d / "huge.md"), "the text of .*huge.md is longer than 16 MiB"),
    ],
)
def test_an_unusable_source_is_one_sentence_with_a_hint(tmp_path: Path, make, sentence: str) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path)
    with pytest.raises(InputError, match=sentence) as caught:
        documents(path)
    assert caught.value.hint and "\n" not in caught.value.message


def test_a_gzip_file_that_unpacks_to_one_endless_line_is_stopped(tmp_path: Path) -> None:
    path = with_bytes(tmp_path / "bomb.jsonl.gz", gzip.compress(b'{"question": "' + b"x" * 2**26, 1))
    with pytest.raises(InputError, match="longer than 16 MiB"):
        documents(path)


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("so 7 - 2 = 5\n#### 5", "5"),
        ("thus $x = \\boxed{\\frac{7}{18}}$.", "\\frac{7}{18}"),
        ("first \\boxed{3}, then \\boxed 4", "4"),
        ("The answer is 12.", "12"),
        ("nothing here", ""),
    ],
)
def test_the_final_answer_is_found_at_the_end_of_a_solution(solution: str, answer: str) -> None:
    assert final_answer(solution) == answer


@pytest.mark.parametrize("kind", [".jsonl", ".json", ".csv", ".md", ".tex", ".parquet", ".jsonl.gz"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_a_sentence(tmp_path: Path, kind: str, data: bytes) -> None:
    path = with_bytes(tmp_path / f"any{kind}", data)
    try:
        found = documents(path)
    except AgentpropError as error:
        assert error.hint
        return
    assert all(item.id.startswith(f"any{kind}#") for item in found)
