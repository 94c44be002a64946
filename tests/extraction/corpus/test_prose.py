"""Problems in prose: Markdown, plain text, LaTeX and web pages."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.extraction.corpus import SourceFile
from agentprop.extraction.corpus.carriers import carrier_of
from agentprop.extraction.corpus.rows import Bad

TEXTS = tomllib.loads(Path(__file__).with_name("prose.toml").read_text(encoding="utf-8"))["text"]


@pytest.mark.parametrize("case", TEXTS, ids=[f"{case['suffix']} {case['name']}" for case in TEXTS])
def test_a_text_is_read_as_the_problems_that_it_labels(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / f"text{case['suffix']}"
    path.write_bytes(case["text"].lstrip().encode(case.get("encoding", "utf-8")))
    carrier = carrier_of(path.name)
    assert carrier is not None
    rows = list(carrier.rows(SourceFile(path)))
    if case["rows"]:
        assert rows == case["rows"]
    else:
        assert [row.code for row in rows if isinstance(row, Bad)] == ["no-question"] and len(rows) == 1
