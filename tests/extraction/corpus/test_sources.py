"""Directories, archives, links, splits and solution files: what is read, and what is left out and counted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from toy_files import LINES, ROWS, arrow, parquet, zipped

from agentprop.errors import InputError
from agentprop.extraction.corpus import (
    Corpus,
    CorpusReading,
    Document,
    UnreadableRecord,
    find_sources,
    fingerprints,
    report,
)
from agentprop.extraction.corpus.sources import Wanted


def tree(root: Path, **files: bytes) -> Path:
    """Files below a directory; in their names `__` stands for a dot and `___` for a slash."""
    for name, data in files.items():
        path = root / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def corpus(root: Path, *splits: str, wanted: Wanted = "train") -> Corpus:
    return Corpus(find_sources([str(root)], splits=splits, wanted=wanted), CorpusReading(splits=splits, wanted=wanted))


def names(read: Corpus) -> list[str]:
    return [file.name for file in read.sources.files]


def test_files_about_a_corpus_and_of_other_kinds_are_left_out_and_counted(tmp_path: Path) -> None:
    about = {"README__md": b"Problem: no\n", "LICENSE__txt": b"x", "dataset_info__json": b"{}", "state__json": b"{}"}
    about |= {"mkdocs__yml": b"x: 1", "train_config__yaml": b"x: 1", "pyproject__toml": b"x = 1"}
    other = {"a__png": b"x", "b___c__png": b"x", "run__py": b"x", "notes": b"x", "__gitattributes": b"x"}
    read = corpus(tree(tmp_path, one__jsonl=LINES, one__jsonl__lock=b"", **about, **other))
    assert names(read) == ["one.jsonl"]
    assert read.sources.left_out == {
        "about the corpus": 8,
        "kind .png": 2,
        "kind .py": 1,
        "kind without suffix": 1,
        "hidden": 1,
    }


def test_a_named_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    root = tree(tmp_path, README__md=b"Problem: What is 1 + 1?\n\nAnswer: 2\n")
    assert [one.question for one in corpus(root / "README.md").documents() if isinstance(one, Document)] == [
        "What is 1 + 1?"
    ]


def test_one_bad_file_never_ends_a_directory(tmp_path: Path) -> None:
    bad = {"a__jsonl": b"", "b__parquet": b"PAR1", "c__csv": b"x,x\n1,2\n", "d__zip": b"PK\x03\x04", "e__json": b"{}"}
    read = corpus(tree(tmp_path, good__jsonl=LINES, **bad))
    made = list(read.documents())
    assert sum(isinstance(one, Document) for one in made) == 2
    faults = {one.id: one.message for one in made if isinstance(one, UnreadableRecord)}
    assert set(faults) == {"a.jsonl", "b.parquet", "c.csv", "d.zip", "e.json"}
    assert report.summary(read)["unreadable files"] == faults


def test_a_directory_of_bad_files_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        list(corpus(tree(tmp_path, a__jsonl=b"", b__jsonl=b"")).documents())


def test_links_that_lead_out_of_a_directory_are_not_followed(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", secret__jsonl=LINES)
    root = tree(tmp_path / "corpus", one__jsonl=LINES)
    (root / "away.jsonl").symlink_to(outside / "secret.jsonl")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "again.jsonl").symlink_to(root / "one.jsonl")
    read = corpus(root)
    assert names(read) == ["again.jsonl", "one.jsonl"]
    assert read.sources.left_out == {"link that leads out of the directory": 1, "link to a directory": 2}
    assert len(corpus(root / "away.jsonl").sources.files) == 1, "a link that is named is followed"


def test_a_fifo_is_no_file(tmp_path: Path) -> None:
    tree(tmp_path, one__jsonl=LINES)
    os.mkfifo(tmp_path / "endless.jsonl")
    assert names(corpus(tmp_path)) == ["one.jsonl"]


# --- splits ---


def test_the_test_split_of_a_data_set_stays_out_of_what_is_learnt_from(tmp_path: Path) -> None:
    shards = {"math___train-00000-of-00002__parquet": parquet(), "math___test-00000-of-00001__parquet": parquet()}
    root = tree(tmp_path, lone_test__jsonl=LINES, dev___a__jsonl=LINES, train___a__jsonl=LINES, **shards)
    assert names(corpus(root)) == ["lone_test.jsonl", "train-00000-of-00002.parquet", "a.jsonl"]
    assert corpus(root).sources.left_out == {"split test": 1, "split validation": 1}
    assert len(names(corpus(root, wanted="all"))) == 5
    asked = [file.path.name for file in corpus(root, wanted="test").sources.files]
    assert sorted(asked) == ["a.jsonl", "lone_test.jsonl", "test-00000-of-00001.parquet"]
    assert names(corpus(root, "dev")) == ["a.jsonl"]


def test_splits_within_a_file_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"train": ROWS, "test": ROWS[:1], "extra": ROWS}))
    assert len(list(corpus(path).documents())) == 4
    assert len(list(corpus(path, "test").documents())) == 1
    read = corpus(path)
    list(read.documents())
    assert report.summary(read)["records of other splits"] == {"test": 1}


# --- saved data sets and caches ---


def test_a_saved_data_set_is_its_arrow_files(tmp_path: Path) -> None:
    data = {"train___data-00000-of-00001__arrow": arrow(stream=True), "test___data-00000-of-00001__arrow": b"x"}
    about = {"dataset_dict__json": b"{}", "train___state__json": b"{}", "train___cache-0f__arrow": b"x"}
    read = corpus(tree(tmp_path, **data, **about))
    assert sum(isinstance(one, Document) for one in read.documents()) == 2
    assert read.sources.left_out == {"about the corpus": 3, "split test": 1}


def test_the_cache_of_the_hub_is_read_through_its_links_once(tmp_path: Path) -> None:
    root = tree(tmp_path / "datasets--own--sums", blobs___aa=parquet(), blobs___bb=LINES, refs___main=b"new")
    for snapshot in ("old", "new"):
        place = root / "snapshots" / snapshot / "main"
        place.mkdir(parents=True)
        (place / "train-00000-of-00001.parquet").symlink_to(root / "blobs" / "aa")
        (place / "README.md").symlink_to(root / "blobs" / "bb")
    for place in (root, root / "snapshots" / "new"):
        read = corpus(place)
        assert [file.path.parts[-3] for file in read.sources.files] == ["new"]
        assert sum(isinstance(one, Document) for one in read.documents()) == 2
    assert corpus(root).sources.left_out == {"older snapshot": 1, "about the corpus": 1}


# --- archives ---


def test_an_archive_is_read_like_a_directory(tmp_path: Path) -> None:
    inner = {
        "set___train__jsonl": LINES,
        "set___test__jsonl": LINES,
        "README__md": b"x",
        "more__zip": zipped(a__jsonl=b""),
    }
    read = corpus(tree(tmp_path, corpus__zip=zipped(node_modules___x__jsonl=b"x", **inner)) / "corpus.zip")
    assert names(read) == ["corpus.zip/set/train.jsonl"]
    assert read.sources.left_out == {"about the corpus": 1, "kind .zip": 1, "split test": 1}
    assert len(set(fingerprints(read.sources.files).values())) == 1


# --- solutions in files of their own ---


def test_solutions_beside_questions_are_joined_by_id(tmp_path: Path) -> None:
    asked = "".join(json.dumps({"id": n, "question": f"What is {n} + 1?"}) + "\n" for n in range(3))
    solved = "".join(json.dumps({"id": n, "solution": f"It is {n} + 1 = {n + 1}."}) + "\n" for n in (2, 1, 0))
    read = corpus(tree(tmp_path, sums__jsonl=asked.encode(), sums_sol__jsonl=solved.encode()))
    made = [one for one in read.documents() if isinstance(one, Document)]
    assert [(one.id, one.answer) for one in made] == [
        ("sums.jsonl#0", "1"),
        ("sums.jsonl#1", "2"),
        ("sums.jsonl#2", "3"),
    ]
    assert report.summary(read)["layouts"][0]["solutions from"] == ["sums_sol.jsonl"]


def test_answers_beside_questions_are_joined_by_place(tmp_path: Path) -> None:
    asked = [{"question": "What is 1 + 1?"}, {"question": "What is 1 + 2?"}]
    told = [{"answer": 2}, {"answer": 3}]
    root = tree(tmp_path, questions__json=json.dumps(asked).encode(), answers__json=json.dumps(told).encode())
    made = [one for one in corpus(root).documents() if isinstance(one, Document)]
    assert [one.answer for one in made] == ["2", "3"]


def test_a_file_that_asks_itself_is_read_by_itself_whatever_its_name(tmp_path: Path) -> None:
    read = corpus(tree(tmp_path, sums__jsonl=LINES, sums_sol__jsonl=LINES))
    assert sum(isinstance(one, Document) for one in read.documents()) == 4
