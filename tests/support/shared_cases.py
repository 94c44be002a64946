"""Corpora and cases that may lie beside the checkout: read where they are, never shipped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from places import ROOT

SHARED = ROOT.parent / "shared"
EQUIVALENCE = SHARED / "cases" / "equivalence.jsonl"
RAW = SHARED / "corpora" / "raw"


class Gold(NamedTuple):
    """A right answer of a public corpus."""

    corpus: str
    text: str


def equivalence_cases() -> list[dict[str, Any]]:
    """Pairs of answers, each with its kind, what is expected and the options of the comparison."""
    return [json.loads(line) for line in EQUIVALENCE.read_text("utf-8").splitlines()] if EQUIVALENCE.is_file() else []


def golds() -> list[Gold]:
    """The right answers of four corpora, each text once per corpus, in the order of their files."""
    return list(dict.fromkeys(_golds())) if RAW.is_dir() else []


def _golds() -> Iterator[Gold]:
    for row in _lines(RAW / "college_math.jsonl"):
        yield Gold("college_math", row["answer"])
    for row in json.loads((RAW / "olympiadbench.json").read_text("utf-8")):
        yield from (Gold("olympiadbench", answer) for answer in row["final_answer"] or ())
    for row in _rows(RAW / "aqua_test.json"):
        option = row["options"]["ABCDE".index(row["correct"])]
        yield Gold("aqua", re.sub(r"^[A-E]\)", "", option))
    for path in sorted((RAW / "scibench").glob("*.json")):
        if not path.name.endswith("_sol.json"):
            yield from (Gold("scibench", row["answer_number"]) for row in json.loads(path.read_text("utf-8")))


def _rows(path: Path) -> list[dict[str, Any]]:
    """A JSON array, or one object a line under the same name."""
    text = path.read_text("utf-8")
    return json.loads(text) if text.lstrip().startswith("[") else _lines(path)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
