"""Texts to passages to chunks: nothing is lost, every span is where it says."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from agentprop.extraction.corpus import Fields, UnreadableRecord, find_files
from agentprop.extraction.corpus.texts import Text, read_texts
from agentprop.extraction.teaching.chunks import Chunk, chunked, passages
from agentprop.records import content_id

WORDS = st.sampled_from(["word", "Ende. ", "\n\n", "\n", " ", "x" * 30, "$a^b$", "\t"])
PROSE = st.lists(WORDS, max_size=80).map("".join)


def text(content: str, item: str = "notes.md#0") -> Text:
    return Text(id=item, text=content, sha=content_id(content))


@settings(max_examples=300, deadline=None)
@given(PROSE, st.integers(5, 60))
def test_passages_hold_all_of_the_text_in_order_and_are_no_longer_than_asked(content: str, size: int) -> None:
    found = list(passages(text(content), size))
    assert "".join("".join(one.text.split()) for one in found) == "".join(content.split())
    assert all(content[one.start : one.end] == one.text and 0 < len(one.text) <= size for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert [one.opening for one in found] == [True, *[False] * (len(found) - 1)][: len(found)]


def test_a_text_is_cut_between_paragraphs_where_it_can() -> None:
    content = "First paragraph here.\n\nSecond one, which is long.\nIts last line."
    assert [one.text for one in passages(text(content), 45)] == content.split("\n\n")


def test_short_documents_of_one_file_share_a_chunk_and_files_do_not() -> None:
    texts = [text("a" * 40, "one.jsonl#0"), text("b" * 40, "one.jsonl#1"), text("c" * 40, "one.jsonl#2")]
    refused = UnreadableRecord(id="one.jsonl#3", code="not-json", message="…")
    found = list(chunked([*texts, refused, text("d" * 40, "two.md#0")], 100))
    assert [[p.document for p in one.passages] for one in found if isinstance(one, Chunk)] == [
        ["one.jsonl#0", "one.jsonl#1"],
        ["one.jsonl#2"],
        ["two.md#0"],
    ]
    assert [one for one in found if isinstance(one, UnreadableRecord)] == [refused]


def test_every_kind_of_file_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("A chapter without any problem.")
    (tmp_path / "proof.tex").write_text(r"By $\frac{1}{2}$, done.")
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt") as file:
        file.write('{"id": 3, "question": "Why?", "answer": "42"}\n{"note": "only this"}\nbroken\n{"empty": ""}\n')
    (tmp_path / "table.csv").write_text("text,url\nSome prose,http://x\n")
    found = list(read_texts(find_files([str(tmp_path)])))
    said = {one.id: one.text for one in found if isinstance(one, Text)}
    assert said == {
        "notes.md#0": "A chapter without any problem.",
        "proof.tex#0": r"By $\frac{1}{2}$, done.",
        "rows.jsonl.gz#0": "question: Why?\n\nanswer: 42",
        "rows.jsonl.gz#1": "note: only this",
        "table.csv#0": "text: Some prose",
    }
    refused = {one.id: one.code for one in found if isinstance(one, UnreadableRecord)}
    assert refused == {"rows.jsonl.gz#2": "not-json", "rows.jsonl.gz#3": "no-text"}


def test_named_fields_are_the_only_ones_and_repeated_texts_count_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"frage": "Wo?", "text": f"noise {i}"}) + "\n" for i in range(2)))
    one, other = read_texts([path], Fields(question="frage"))
    assert isinstance(one, Text) and one.text == "frage: Wo?"
    assert isinstance(other, UnreadableRecord) and other.code == "duplicate-document"


def test_what_no_file_can_hold_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a\\ud800b\\u0000c"}\n')
    (one,) = read_texts([path])
    assert isinstance(one, Text) and one.text == "text: a?b�c"
