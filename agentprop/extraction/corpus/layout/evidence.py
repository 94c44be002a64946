"""A sample of rows as its paths, and what was taken from it with the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from agentprop.extraction.corpus.layout.instructions import NO_INSTRUCTIONS, Instructions
from agentprop.extraction.corpus.layout.options import Form
from agentprop.extraction.corpus.layout.paths import Path, fields, written
from agentprop.extraction.corpus.rows import Row


class Taken(NamedTuple):
    """A path that was taken for a part, and why."""

    part: str
    """The part."""
    path: Path
    """Where it is."""
    found: int
    """Rows of the sample in which it is."""
    of: int
    """Rows of the sample."""
    why: str
    """`given`, `name` or `shape`."""
    message: int | None = None
    """For a chat, the position of the message that is meant in most rows."""

    def __str__(self) -> str:
        where = written(self.path) + ("" if self.message is None else f"[{self.message}].content")
        how = {"given": ", as given", "shape": ", by its shape"}.get(self.why, "")
        return f"{where}, {self.found:,} of {self.of:,}{how}"


@dataclass(frozen=True)
class Layout:
    """Which paths hold which parts."""

    taken: Mapping[str, tuple[Taken, ...]]
    """Part → its paths, the best first; the others are for rows in which it is empty."""
    columns: tuple[Path, ...] = ()
    """Paths of options that have a field each."""
    right_first: bool = False
    """Whether the first of these is the right one, and the others are wrong."""
    form: Form = ""
    """How the answer names an option."""
    inline: bool = False
    """Whether options stand in the question."""
    instructions: Instructions = NO_INSTRUCTIONS
    """What every question says of the reply; it is left out."""
    marked: bool = False
    """Whether question and solution stand in one text, each after a mark."""

    def told(self) -> dict[str, str]:
        """Part → what was taken, for a person."""
        told = {part: "; else ".join(map(str, paths)) for part, paths in self.taken.items()}
        if self.columns:
            told["options"] = ", ".join(map(written, self.columns)) + (
                ", the first is right" if self.right_first else ""
            )
        if self.marked:
            told["solution"] = "in the text of the question, after a mark"
        if self.inline:
            told["options"] = "in the question"
        if any(self.instructions):
            left_out = " … ".join(" ".join(text.split()) for text in self.instructions if text)
            told["question"] += f"; without “{left_out}”"
        if self.form and "answer" in told:
            told["answer"] += f", the {self.form} of an option"
        return told


class RowSample:
    """Rows, and the values of each of their paths."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.values: dict[Path, list[Any]] = {}
        for number, row in enumerate(rows):
            for path, value in fields(row):
                if path not in self.values:
                    self.values[path] = [None] * len(rows)
                self.values[path][number] = value

    def __len__(self) -> int:
        return len(self.rows)

    def filled(self, path: Path) -> list[Any]:
        """The values of a path that are there."""
        return [value for value in self.values[path] if value is not None and value != ""]

    def columns(self) -> Iterator[tuple[Path, list[Any]]]:
        """Fields of the top level with one value a row, and the values that are there."""
        for path in self.values:
            values = self.filled(path)
            if len(path) == 1 and values and not any(isinstance(value, dict | list | bytes) for value in values):
                yield path, values
