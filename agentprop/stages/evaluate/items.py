"""A benchmark → its problems, each with its answer or tests and the groups that it is counted in.

A benchmark is a file of rows in any layout and of any kind that extract reads, a glob or directory of such files, a
data set of the hub, or a run with problems. Of a data set with a test split only that is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from agentprop.config.evaluate import EvaluateConfig
from agentprop.errors import InputError
from agentprop.extraction.corpus import Corpus, fingerprints, report
from agentprop.extraction.corpus.documents import CorpusReading
from agentprop.extraction.corpus.layout.paths import at, parsed
from agentprop.extraction.corpus.layout.shapes import text_of
from agentprop.extraction.corpus.settings import reading_of, sources_of
from agentprop.grading.model_verifier import plain
from agentprop.grading.program_tests import ProgramTests
from agentprop.models.chat import Choice
from agentprop.records import Problem, Reject
from agentprop.stages.common.layout_notes import LayoutNotes
from agentprop.stages.common.row_problems import Row, problem_or_reject
from agentprop.stages.evaluate.recorded import replies_in
from agentprop.storage.reader import OURS
from agentprop.storage.run import open_run
from agentprop.storage.stores import is_url

WANTED: Final = "test"
"""Split that is asked of a data set that has one."""
GROUPS = ("category", "subject", "domain", "level", "difficulty", "split")
"""Columns that results are reported by, unless others are named."""


@dataclass(frozen=True)
class AskedQuestion:
    """A problem to ask."""

    source: str
    """Source: `<file name>#<row>`."""
    problem: Problem
    """The problem."""
    groups: Mapping[str, str]
    """Column → value it is counted under."""
    tests: ProgramTests | None = None
    """Tests of a program that are not data in agentprop's own form."""
    references: tuple[str, ...] = ()
    """The row's own programs, one of which must pass."""
    replies: tuple[Choice, ...] = ()
    """Replies to it that were recorded."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that was read."""

    items: Sequence[AskedQuestion]
    """Problems in order, without repeats."""
    unreadable: Sequence[Reject]
    """Rows that cannot be asked, with their reasons."""
    repeated: int
    """Number of rows left out because an earlier one asks the same."""
    inputs: Mapping[str, str]
    """Fingerprints of what was read."""
    sources: Mapping[str, Any] = field(default_factory=dict)
    """What was taken from which files, and what was left out."""


def read_benchmark(source: str, config: EvaluateConfig, *, quiet: bool = True) -> Benchmark:
    """Read all of it, and tell what is taken for what unless `quiet`. Raises InputError if there is nothing to ask."""
    if is_url(source) or (Path(source) / OURS).is_dir():
        if config.reply_field is not None:
            raise InputError(f"{source} is a run, which has no field of replies", hint="name a file of rows")
        stored = open_run(source)
        found: list[AskedQuestion | Reject] = [_of_run(problem, config) for problem in stored.iter(Problem)]
        inputs: Mapping[str, str] = {"source": stored.fingerprint}
        told: Mapping[str, Any] = {}
    else:
        corpus = Corpus(sources_of(config, [source], WANTED), _reading(config), LayoutNotes(quiet))
        found = list(_of_corpus(corpus, config))
        inputs, told = fingerprints(corpus.sources.files), report.summary(corpus)
    items: dict[str, AskedQuestion] = {}
    repeated = 0
    for item in found:
        if isinstance(item, AskedQuestion):
            first = items.get(item.problem.id)
            repeated += first is not None and not item.replies
            items[item.problem.id] = item if first is None else replace(first, replies=first.replies + item.replies)
    unreadable = [item for item in found if isinstance(item, Reject)]
    if not items:
        why = f" ({unreadable[0].message})" if unreadable else ""
        raise InputError(f"{source} holds no question with an answer{why}", hint=_hint(config))
    if config.reply_field is not None and not any(item.replies for item in items.values()):
        raise InputError(
            f"no row of {source} has a reply in the field {config.reply_field}", hint="give --reply-field its name"
        )
    return Benchmark(list(items.values())[: config.limit], unreadable, repeated, inputs, told)


def _reading(config: EvaluateConfig) -> CorpusReading:
    """How the rows are read: what a model said to them is no part of the problem."""
    reading = reading_of(config, WANTED)
    return replace(reading, fields=reading.fields.model_copy(update={"reply": config.reply_field}))


def _hint(config: EvaluateConfig) -> str:
    chosen = [name for name in (config.question_field, config.answer_field) if name]
    return f"check the fields {' and '.join(chosen)}" if chosen else "give --question-field and --answer-field"


def _of_run(problem: Problem, config: EvaluateConfig) -> AskedQuestion:
    level = str(len(set(problem.skills)))
    known = {"category": problem.category, "domain": problem.domain, "level": level, "skills": "+".join(problem.skills)}
    references = (problem.answer,) if problem.answer_type == "program" else ()
    return AskedQuestion(f"problem {problem.id}", problem, _chosen(known, config), references=references)


def _of_corpus(corpus: Corpus, config: EvaluateConfig) -> Iterator[AskedQuestion | Reject]:
    for read in corpus.rows():
        replies: tuple[Choice, ...] = ()
        if config.reply_field is not None:
            replies = replies_in(at(parsed(config.reply_field), read.row))
            read = read._replace(row={name: v for name, v in read.row.items() if name != config.reply_field})
        found = problem_or_reject(read, config, "evaluate")
        if isinstance(found, Reject):
            yield found
        else:
            yield AskedQuestion(
                found.source,
                found.problem,
                _chosen(read.row, config),
                found.claim.tests,
                found.claim.references,
                replies,
            )


def _chosen(row: Row, config: EvaluateConfig) -> dict[str, str]:
    """Column → this row's value, for the columns that results are reported by."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    values = {name: plain(text_of(lowered.get(name.lower()))) for name in (GROUPS if config.by is None else config.by)}
    return {name: value for name, value in values.items() if value}
