"""Files to documents: question, solution, answer and program, found by the names of their fields.

A fault of a whole file is an `InputError`; a fault of one record comes out as an `UnreadableRecord` in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentprop.errors import InputError, ShardError
from agentprop.extraction.corpus.prose import read_prose
from agentprop.extraction.corpus.sources import checked, file_names, kind_of
from agentprop.extraction.corpus.tables import Bad, Row, read_csv, read_json, read_jsonl, text_of
from agentprop.records import Part, content_id

UNRECOGNISED_LIMIT = 50
"""Records without a question, from the start of a file, after which the file is refused as a whole."""

NAMES: dict[str, tuple[str, ...]] = {
    "question": ("question", "problem", "prompt", "query", "instruction", "input", "task"),
    "solution": ("solution", "rationale", "worked_solution", "explanation", "reasoning", "response", "output"),
    "answer": ("final_answer", "answer", "expected_answer", "target", "label"),
    "program": ("canonical_solution", "reference_solution", "code", "program"),
    "test": ("test", "tests", "test_code"),
    "entry_point": ("entry_point", "function_name"),
}
"""Usual names of each part's field, the likeliest first."""


class Fields(Part):
    """Which field holds what; None means: found by its name."""

    question: str | None = None
    """Field of the question."""
    solution: str | None = None
    """Field of the worked solution."""
    answer: str | None = None
    """Field of the final answer."""
    program: str | None = None
    """Field of the reference program."""
    test: str | None = None
    """Field of the tests of a program."""
    entry_point: str | None = None
    """Field of the function's name."""


class Document(Part):
    """A question with whatever its source knows about its answer."""

    id: str
    """`<file name>#<index>`, counting the file's records from 0."""
    question: str
    """What is asked, or the head of a program to write."""
    solution: str = ""
    """Worked solution."""
    answer: str = ""
    """Final answer."""
    program: str = ""
    """Reference program, or the body that follows the question."""
    test: str = ""
    """Test code of the program."""
    entry_point: str = ""
    """Name of the function the tests call."""
    sha: str = ""
    """Hash of question, solution and program."""


class UnreadableRecord(Part):
    """A record that is there but cannot be used."""

    id: str
    """`<file name>#<index>`."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    excerpt: str = ""
    """The beginning of the record."""


def read_documents(files: Sequence[Path], fields: Fields | None = None) -> Iterator[Document | UnreadableRecord]:
    """Every record of every file, in order."""
    for path, name in file_names(files).items():
        yield from _read_file(path, name, fields or Fields())


def _read_file(path: Path, name: str, fields: Fields) -> Iterator[Document | UnreadableRecord]:
    recognised = False
    seen: set[str] = set()
    index = 0
    for index, row in enumerate(rows(checked(path)), 1):
        item = f"{name}#{index - 1}"
        made = UnreadableRecord(id=item, **row._asdict()) if isinstance(row, Bad) else _document(item, row, fields)
        recognised = recognised or isinstance(made, Document)
        if not recognised and isinstance(row, dict):
            seen |= set(row)
            if index >= UNRECOGNISED_LIMIT:
                break
        yield made
    if not recognised and (seen or index == 0):
        raise InputError(_nothing_found(path, seen, fields), hint=_field_hint(kind_of(path)))


def rows(path: Path) -> Iterator[Row | Bad]:
    """The records of a file, whatever its kind."""
    kind = kind_of(path)
    if kind == ".parquet":
        return _parquet(path)
    readers = {".jsonl": read_jsonl, ".json": read_json, ".csv": read_csv}
    return readers.get(kind or "", read_prose)(path)


def _parquet(path: Path) -> Iterator[Row]:
    from agentprop.storage import read_foreign_parquet

    try:
        yield from read_foreign_parquet(path)
    except ShardError as error:
        raise InputError(error.message, hint="copy it again, or convert it to .jsonl") from error


def _nothing_found(path: Path, seen: set[str], fields: Fields) -> str:
    if fields.question and seen:
        return f"no record of {path} has a text field {fields.question!r}"
    fields_seen = ", ".join(sorted(seen)[:8])
    return f"no record of {path} holds a question" + (f" (its fields: {fields_seen})" if seen else "")


def _field_hint(kind: str | None) -> str:
    if kind in (".md", ".txt", ".tex"):
        return "label the parts `Problem:`, `Solution:`, `Answer:`, or use \\begin{problem} … \\end{problem}"
    return "name the field with --question-field"


def _document(item: str, row: Mapping[str, Any], fields: Fields) -> Document | UnreadableRecord:
    found = {part: _pick(row, getattr(fields, part), names) for part, names in NAMES.items()}
    if not found["question"].strip():
        return UnreadableRecord(
            id=item,
            code="no-question",
            message="the record has no question field with text in it",
            excerpt=json.dumps(dict(row), ensure_ascii=False, default=str)[:200],
        )
    if not found["solution"]:
        found["solution"] = found["answer"]
    if len(found["answer"]) > 60 or "####" in found["answer"] or not found["answer"]:
        found["answer"] = final_answer(found["answer"] or found["solution"])
    sha = content_id(found["question"], found["solution"], found["program"])
    return Document(id=item, sha=sha, **found)


def _pick(row: Mapping[str, Any], chosen: str | None, names: Sequence[str]) -> str:
    """The text of the chosen field, or of the first field with a usual name."""
    if chosen is not None:
        return text_of(row.get(chosen))
    lowered = {str(key).lower(): value for key, value in row.items()}
    return next((text for name in names if (text := text_of(lowered.get(name)))), "")


def final_answer(solution: str) -> str:
    """What a worked solution ends in: after `####`, in the last `\\boxed{…}`, or after “the answer is”."""
    if "####" in solution:
        return solution.rsplit("####", 1)[1].strip()
    if (boxed := solution.rfind(r"\boxed")) >= 0:
        return _braced(solution[boxed + len(r"\boxed") :])
    matches = re.findall(r"answer is:?\s*([^\s].*?)(?:\.(?:\s|$)|\n|$)", solution, re.IGNORECASE)
    return matches[-1].strip() if matches else ""


def _braced(text: str) -> str:
    """The content of the brace that begins the text; `\\boxed 7` has none and means its first word."""
    if not text.startswith("{"):
        return text.split()[0].strip("$.") if text.split() else ""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[1:position].strip()
    return ""
