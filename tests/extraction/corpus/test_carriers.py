"""Files of every kind give the same documents; a damaged one is told in a sentence; anybody can add a kind."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from toy_files import KINDS, LINES, ROWS, in_kind, zipped, zstd

from agentprop.errors import InputError
from agentprop.extraction.corpus import (
    Carrier,
    Document,
    SourceFile,
    UnreadableRecord,
    carriers,
    find_files,
    read_documents,
    register,
)
from agentprop.extraction.corpus.texts import Text, read_texts


def documents(*paths: Path, encoding: str | None = None) -> list[Document | UnreadableRecord]:
    files = find_files([str(path) for path in paths])
    return list(read_documents([SourceFile(f.path, f.member, f.name, encoding=encoding) for f in files]))


@pytest.mark.parametrize("suffix", KINDS)
def test_every_kind_of_file_gives_the_same_documents(tmp_path: Path, suffix: str) -> None:
    found = documents(in_kind(tmp_path, suffix))
    assert [(one.question, one.answer) for one in found if isinstance(one, Document)] == [
        ("What is 2 + 3?", "5"),
        ("What is 4 · 6?", "24"),
    ]
    assert len(found) == 2 and len({one.id for one in found}) == 2


@pytest.mark.parametrize("suffix", [suffix for suffix in KINDS if "crlf" not in suffix])
def test_every_kind_of_file_gives_texts(tmp_path: Path, suffix: str) -> None:
    texts = [one.text for one in read_texts(find_files([str(in_kind(tmp_path, suffix))])) if isinstance(one, Text)]
    assert len(texts) == 2 and "What is 4 · 6?" in texts[1]


def test_an_encoding_that_nobody_recognises_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes('{"question": "Сколько будет 2 + 3?", "answer": "5"}\n'.encode("koi8-r"))
    with pytest.raises(InputError, match="encoding that is not recognised") as refused:
        documents(path)
    assert "--encoding" in (refused.value.hint or "")
    (found,) = documents(path, encoding="koi8-r")
    assert isinstance(found, Document) and found.question == "Сколько будет 2 + 3?"


def test_one_damaged_line_of_a_text_in_utf_8_is_not_taken_for_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(LINES + b'{"question": "caf\xe9 2 + 2?", "answer": "4"}\n' + LINES.replace(b"4", b"5"))
    assert [one.code for one in documents(path) if isinstance(one, UnreadableRecord)] == ["not-utf-8"]


def test_a_damaged_record_of_another_encoding_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(LINES.decode().replace("·", "x").encode() + b'{"question": "\x81\xff?"}\n')
    found = documents(path, encoding="gb18030")
    assert [type(one) for one in found] == [Document, Document, UnreadableRecord]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("cut.jsonl.zst", zstd(LINES * 50)[:-9], "not a whole zstd file"),
        ("cut.jsonl.xz", b"\xfd7zXZ\x00 nothing", "not a whole xz file"),
        ("fake.jsonl.bz2", b"nothing", "not a whole bzip2 file"),
        ("fake.arrow", b"ARROW1 nothing at all", "truncated or damaged"),
        ("fake.zip", b"PK\x05\x06", "not a whole zip file"),
        ("twice.csv", b"question,answer,question\nWhat is 1 + 1?,2,x\n", "several columns called 'question'"),
        ("open.csv", b'question,answer\n"What is 1 + 1?,2\n', "is not CSV"),
        ("broken.xml", b"<a><b q='1'>", "is not XML"),
        ("item.xml", b"<assessmentItem id='q'><itemBody>Is it?</itemBody></assessmentItem>", "is in QTI"),
        ("plain.xml", b"<a>only text</a>", "no elements with fields"),
        ("deep.json", b"[" * 100_000, "nested too deeply"),
        ("broken.json", b'{"question": "a" "b"}', "is not JSON"),
        ("empty.html", b"<p>Nothing is asked here.</p>", "labels no problem"),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=sentence) as refused:
        documents(path)
    assert refused.value.hint and "\n" not in refused.value.message


def test_two_columns_of_one_name_are_refused_in_arrow_files_too(tmp_path: Path) -> None:
    data = pa.table([["What is 1 + 1?"], ["2"], ["x"]], names=["question", "answer", "question"])
    with pa.OSFile(str(tmp_path / "twice.arrow"), "wb") as sink, pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write_table(data)
    with pytest.raises(InputError, match="two columns called question"):
        documents(tmp_path / "twice.arrow")


def test_the_rows_before_a_fault_are_kept_and_the_fault_is_told(tmp_path: Path) -> None:
    path = tmp_path / "half.json"
    path.write_text(json.dumps(ROWS)[:-40])
    first, fault = documents(path)
    assert isinstance(first, Document) and isinstance(fault, UnreadableRecord)
    assert (fault.id, fault.code) == ("half.json", "unreadable-file") and "is not JSON" in fault.message


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xml"
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(f'<!DOCTYPE a [<!ENTITY e0 "x">{lines}]><a><b><question>&e11;</question></b></a>')
    with pytest.raises(InputError, match="declares entities"):
        documents(path)
    path.write_text('<!DOCTYPE a [<!ENTITY e SYSTEM "/etc/passwd">]><a><b><question>&e;</question></b></a>')
    with pytest.raises(InputError, match="declares entities"):
        documents(path)


def test_rows_of_xml_may_be_attributes_and_repeat_their_children(tmp_path: Path) -> None:
    path = tmp_path / "rows.xml"
    path.write_text(
        '<set><problem id="1" question="How much is 1 + 1?"><choice>1</choice><choice>2</choice>'
        '<answer>B</answer></problem><problem id="2" question="How much is 2 - 1?"><choice>1</choice>'
        "<choice>2</choice><answer>A</answer></problem></set>"
    )
    found = documents(path)
    assert [(one.question, one.answer) for one in found if isinstance(one, Document)] == [
        ("How much is 1 + 1?", "2"),
        ("How much is 2 - 1?", "1"),
    ]


def test_a_password_on_an_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "locked.zip"
    data = bytearray(zipped(corpus__jsonl=LINES))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the bit that says: encrypted
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be unpacked"):
        documents(path)


# --- kinds of others ---

THEIRS = '''
"""Questions, one a line, with the answer behind an equals sign."""
from agentprop.extraction.corpus import Carrier
from agentprop.extraction.corpus.streams import opened


def rows(file):
    with opened(file) as stream:
        for line in stream:
            question, _, answer = line.decode().strip().rpartition(" = ")
            yield {"question": question, "answer": answer}


CARRIER = Carrier("a quiz", (".quiz",), rows)
'''


@pytest.fixture
def quiz(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.quiz"
    path.write_text("How much is 2 + 3? = 5\n")
    return path


def test_a_kind_can_be_registered(quiz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="not a kind of file"):
        documents(quiz)
    monkeypatch.setattr(carriers, "_registered", {})

    def rows(file: SourceFile) -> Iterator[dict[str, str]]:
        for line in file.path.read_text().splitlines():
            question, _, answer = line.rpartition(" = ")
            yield {"question": question, "answer": answer}

    register(Carrier("a quiz", (".quiz",), rows))
    (found,) = documents(quiz)
    assert isinstance(found, Document) and (found.question, found.answer) == ("How much is 2 + 3?", "5")


def test_an_installed_package_can_bring_a_kind(quiz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = quiz.parent / "site"
    (package / "quizzes-1.0.dist-info").mkdir(parents=True)
    (package / "quizzes.py").write_text(THEIRS)
    (package / "quizzes-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: quizzes\nVersion: 1.0\n")
    (package / "quizzes-1.0.dist-info" / "entry_points.txt").write_text(
        "[agentprop.carriers]\nquiz = quizzes:CARRIER\n"
    )
    monkeypatch.syspath_prepend(str(package))
    importlib.invalidate_caches()
    carriers._known.cache_clear()
    try:
        (found,) = documents(quiz)
        assert isinstance(found, Document) and found.answer == "5"
    finally:
        carriers._known.cache_clear()
        sys.modules.pop("quizzes", None)


YAML = """
- question: What is $2+3$?
  answer: 005
- question: When does it start?
  answer: 12:30
"""
TOML = """
[[train]]
question = "What is $2+3$?"
answer = "005"

[[train]]
question = "When does it start?"
answer = "12:30"
"""


@pytest.mark.parametrize(("name", "text"), [("quiz.yaml", YAML), ("quiz.yml", YAML), ("quiz.toml", TOML)])
def test_answers_in_yaml_and_toml_are_the_text_that_stands_there(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = documents(tmp_path / name)
    assert [one.answer for one in found if isinstance(one, Document)] == ["005", "12:30"]


def test_yaml_that_refers_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text("a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    with pytest.raises(InputError, match="refers to other nodes"):
        documents(tmp_path / "bomb.yaml")


def test_lines_may_end_in_a_carriage_return_alone(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(b'question,answer\r"What is 2, and 3 more?",5\rWhat is 4+6?,10\r')
    found = [one for one in documents(tmp_path / "old.csv") if isinstance(one, Document)]
    assert [(one.question, one.answer) for one in found] == [("What is 2, and 3 more?", "5"), ("What is 4+6?", "10")]
