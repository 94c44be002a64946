"""The layouts of public corpora: what is taken for what, and the documents that come out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.extraction.corpus import Corpus, CorpusReading, Document, Fields, UnreadableRecord, find_sources

LAYOUTS = [
    layout
    for table in ("layouts.toml", "traps.toml")
    for layout in tomllib.loads(Path(__file__).with_name(table).read_text(encoding="utf-8"))["layout"]
]


def corpus(path: Path, **fields: str) -> Corpus:
    sources = find_sources([str(path)], wanted="train")
    return Corpus(sources, CorpusReading(Fields(**fields), wanted="train"))


def written(directory: Path, text: str, suffix: str = ".jsonl") -> Path:
    path = directory / f"corpus{suffix}"
    path.write_text(text.strip() + "\n", encoding="utf-8")
    return path


def holds(document: Document, expected: dict[str, Any]) -> dict[str, Any]:
    """The fields of a document that something is expected of, as TOML writes them."""
    return {name: json.loads(json.dumps(document.model_dump()[name])) for name in expected}


@pytest.mark.parametrize("layout", LAYOUTS, ids=[layout["name"] for layout in LAYOUTS])
def test_the_layout_is_found(layout: dict[str, Any], tmp_path: Path) -> None:
    read = corpus(written(tmp_path, layout["rows"], layout.get("suffix", ".jsonl")))
    made = list(read.documents())
    documents = [one for one in made if isinstance(one, Document)]
    refused = [one.code for one in made if isinstance(one, UnreadableRecord)]
    assert refused == layout.get("refused", [])
    assert len(documents) == layout.get("documents", len(layout["rows"].strip().splitlines()))
    assert holds(documents[0], layout["first"]) == layout["first"]
    last = layout.get("last", {})
    assert holds(documents[-1], last) == last
    found = read.reports[0].layout
    told = {} if found is None else found.told()
    for part, where in layout.get("taken", {}).items():
        assert told[part].startswith(where)
