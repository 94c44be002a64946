"""Enormous and endless inputs end in a sentence, and only a record and a chunk of them are in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

from agentprop.errors import InputError
from agentprop.extraction.corpus import Document, find_files, read_documents, streams
from agentprop.extraction.corpus.carriers import json_text

ROW = {"question": "How much is 2 + 3?", "solution": "2 + 3 = 5 " + "x" * 2000, "answer": "5"}
MIB = 1 << 20


def documents(path: Path) -> list[object]:
    return list(read_documents(find_files([str(path)])))


def endless(path: Path, head: bytes, tail: bytes = b"") -> Path:
    """An archive member of 24 MiB that compresses to nothing: a head, then one letter, then a tail."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        name = path.name.removesuffix(".zip")
        with archive.open(name, "w", force_zip64=True) as member:
            member.write(head)
            for _ in range(24):
                member.write(b"x" * MIB)
            member.write(tail)
    return path


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.jsonl.zip", b'{"question": "'),
        ("a.json.zip", b'[{"question": "'),
        ("a.csv.zip", b"question,answer\n"),
        ("a.xml.zip", b"<a><b q='1'><question>How much?</question><c>"),
        ("a.md.zip", b"Problem: "),
        ("a.html.zip", b"<p>Problem: "),
        ("a.tex.zip", b"\\begin{problem} "),
    ],
)
def test_a_record_that_never_ends_is_refused(tmp_path: Path, name: str, head: bytes) -> None:
    with pytest.raises(InputError, match="longer than 16 MiB"):
        documents(endless(tmp_path / name, head))


def test_what_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "RATIO_FROM", 4 * MIB)
    monkeypatch.setattr(streams, "MAX_RATIO", 100)
    path = tmp_path / "blank.jsonl.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("blank.jsonl", json.dumps({**ROW, "x": "é"}, ensure_ascii=False) + "\n" * 8 * MIB)
    (read, fault) = documents(path)
    assert isinstance(read, Document) and "more than 100 times its size" in str(fault)


def test_an_object_that_is_too_large_for_a_record_is_read_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "CHUNK", 512)
    monkeypatch.setattr(json_text, "MAX_RECORD_BYTES", 4096)
    monkeypatch.setattr(json_text.JsonStream.value, "__defaults__", (4096,))
    rows = [{**ROW, "question": f"How much is {n} + 3?"} for n in range(20)]
    shapes = {
        "wrapped.json": {"version": 1, "data": rows},
        "nested.json": {"meta": {"n": 1}, "data": {"train": rows}},
        "by_id.json": {f"q{n}": row for n, row in enumerate(rows)},
        "columns.json": {name: [row[name] for row in rows] for name in ROW},
    }
    for name, value in shapes.items():
        (tmp_path / name).write_text(json.dumps(value))
        found = documents(tmp_path / name)
        assert [one.question for one in found if isinstance(one, Document)] == [row["question"] for row in rows], name
        assert len(found) == 20


def test_values_cut_at_any_place_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"question": "é 2 + 3?", "answer": -12.5e3, "ok": True, "n": None, "x": float("-inf")}] * 3
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    for size in range(1, 40):
        monkeypatch.setattr(json_text, "CHUNK", size)
        found = documents(path)
        assert [one.answer for one in found if isinstance(one, Document)] == ["-12500"] * 3, size


MEASURE = """
import resource, sys
from agentprop.extraction.corpus import find_files, read_documents
next(iter(read_documents(find_files([sys.argv[2]]))))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(sum(1 for _ in read_documents(find_files([sys.argv[1]]))))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def written(path: Path, lines: Iterator[str]) -> Path:
    with path.open("w") as file:
        file.writelines(lines)
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    row, count = json.dumps(ROW), 16_000  # 33 MiB
    if suffix == ".json":
        lines = iter(['{"data": [', *(f"{',' if n else ''}{row}\n" for n in range(count)), "]}"])
    else:
        lines = (f"{row}\n" for _ in range(count))
    large = written(tmp_path / f"large{suffix}", lines)
    small = written(tmp_path / "small.jsonl", iter([f"{row}\n"]))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(large), str(small)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    read, kibibytes = map(int, done.stdout.split())
    assert read == count and kibibytes < 24_000
