"""Sources that are no runs → the problems in them, in any layout and of any kind that extract reads.

What is taken for what is told, and what could not be read keeps its place as a reject.
"""

from __future__ import annotations

import glob
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from agentprop.config.parts import CorpusSettings
from agentprop.errors import InputError
from agentprop.extraction.corpus import Corpus, fingerprints, report
from agentprop.extraction.corpus.carriers import carrier_of
from agentprop.extraction.corpus.settings import reading_of, sources_of
from agentprop.extraction.corpus.sources import HUB
from agentprop.records import AnswerType, Problem, Reject, content_id
from agentprop.stages.common.layout_notes import LayoutNotes
from agentprop.stages.common.row_problems import RowProblem, problem_or_reject
from agentprop.stages.common.stdin import STDIN, piped
from agentprop.storage import reader
from agentprop.storage.parts import OURS, PARTS
from agentprop.storage.reader import StoredRun
from agentprop.storage.run import Run, open_run

WANTED: Final = "all"
"""Splits that are read, if nobody names others: who names a file means all of it."""
STAGE = "files"
"""Stage of a run that is made of files."""


def is_run(source: str) -> bool:
    """Whether a source is to be opened as a run directory: it is one, or there is nothing that it could be instead."""
    if reader.is_run(source):
        return True
    named = source.startswith(HUB) or glob.has_magic(source) or carrier_of(source) is not None
    return source != STDIN and not named and not Path(source).exists()


def check_no_runs_inside(sources: Sequence[str]) -> None:
    """Raises InputError for a source without a name, and for a directory that holds runs, which are no corpus."""
    for source in sources:
        if not source:
            raise InputError("the name of a source is empty", hint="name it; a variable of the shell may not be set")
        inside = [] if source == STDIN else sorted(Path(source).glob(f"*/{OURS}"))
        if inside:
            raise InputError(f"{source} holds run directories", hint=f"name the run itself, such as {inside[0].parent}")
        if (Path(source) / PARTS).is_dir() and any((Path(source) / PARTS).glob(f"*/{OURS}")):
            raise InputError(
                f"{source} holds the parts of a divided run", hint=f"put them together: agentprop merge {source}"
            )


@dataclass
class ForeignProblems:
    """Somebody's files, read as problems."""

    corpus: Corpus
    """The files."""
    config: CorpusSettings
    """How they are read."""
    stage: str
    """Stage whose rejects the unreadable rows become."""

    @property
    def inputs(self) -> dict[str, str]:
        """Fingerprints of the files."""
        return fingerprints(self.corpus.sources.files)

    def __iter__(self) -> Iterator[RowProblem | Reject]:
        """Every row, in order. Raises InputError if no file can be read."""
        return (problem_or_reject(read, self.config, self.stage) for read in self.corpus.rows())

    def summary(self) -> dict[str, Any]:
        """What was taken from which files; complete once all was read."""
        return report.summary(self.corpus)


def read_foreign(sources: Sequence[str], config: CorpusSettings, stage: str, *, quiet: bool) -> ForeignProblems:
    """Files, patterns, directories, archives, hub ids and `-`. Raises InputError for a source that names none."""
    check_no_runs_inside(sources)
    named = [_stdin_file() if source == STDIN else source for source in sources]
    corpus = Corpus(sources_of(config, named, WANTED), reading_of(config, WANTED), LayoutNotes(quiet))
    return ForeignProblems(corpus, config, stage)


def _stdin_file() -> str:
    """The file that holds what came on stdin. Raises InputError for the stream of a stage."""
    found = piped()
    if isinstance(found, Path):
        return str(found)
    raise InputError("the stream of a stage is no file of problems", hint="pipe it into verify or probe")


class RunOfFiles(StoredRun):
    """A run that was made of somebody's files for the length of a command, and is deleted with it."""

    def __init__(self, stored: StoredRun, folder: str, source: str) -> None:
        super().__init__(stored.layout, stored.stage, stored.segments)
        self._source = source
        self._cleaned = weakref.finalize(self, rmtree, folder, ignore_errors=True)

    @property
    def name(self) -> str:
        """The files as the user named them."""
        return self._source


def open_sources(
    sources: Sequence[str], config: CorpusSettings, *, quiet: bool = True, warn: bool = True
) -> list[StoredRun]:
    """Runs as they are, and files as runs of their problems and rejects, each problem once; in the given order.

    A problem of a file that has the question and the answer of a problem in one of the runs is that problem.
    """
    named = list(dict.fromkeys(sources))
    runs = {source: open_run(source, warn=warn and not place) for place, source in enumerate(named) if is_run(source)}
    files = [source for source in named if source not in runs]
    known = answer_types(list(runs.values())) if files else {}
    return [runs.get(source) or _run_of(source, config, known, quiet) for source in named]


def _run_of(source: str, config: CorpusSettings, known: Mapping[bytes, AnswerType], quiet: bool) -> RunOfFiles:
    foreign = read_foreign([source], config, STAGE, quiet=quiet)
    folder = tempfile.mkdtemp(prefix="agentprop-files-")
    name = Path(folder) / (Path(source).name.partition(".")[0].strip(STDIN) or "stdin")
    seen: set[str] = set()
    repeated = 0
    with Run.open(name, STAGE, {}, inputs=foreign.inputs) as made:
        for found in foreign:
            record = found if isinstance(found, Reject) else as_known(found.problem, known)
            repeated += record.id in seen
            if record.id not in seen:
                seen.add(record.id)
                made.add(record)
                made.commit({})
        counts = {"repeated": repeated} if repeated else {}
        made.finish({**counts, "sources": foreign.summary()})
    return RunOfFiles(open_run(name), folder, source)


# --- the same problem by its content ---


def answer_types(runs: Sequence[StoredRun]) -> dict[bytes, AnswerType]:
    """Question and answer of each problem of the runs, hashed → the kind of its answer, which files may not say."""
    columns = ["statement", "answer", "answer_type"]
    rows = (row for stored in runs for row in stored.iter_rows(Problem, columns))
    return {_content(row["statement"], row["answer"]): row["answer_type"] for row in rows}


def as_known(problem: Problem, known: Mapping[bytes, AnswerType]) -> Problem:
    """A problem of a file; if one of the runs has its question and answer, then by the id that it has there."""
    kind = known.get(_content(problem.statement, problem.answer)) if known else None
    if kind is None or kind == problem.answer_type:
        return problem
    return Problem.model_validate({**problem.model_dump(), "id": "", "answer_type": kind})


def _content(statement: str, answer: str) -> bytes:
    return bytes.fromhex(content_id(statement, answer))
