"""A benchmark → its problems, each with its answer or tests and the groups that it is counted in.

A benchmark is a file of rows in any layout and of any kind that extract reads, a glob or directory of such files, a
data set of the hub, or a run with problems. Of a data set with a test split only that is asked. Options stand under the
question, and the answer names one of them by letter and text, so that a reply may do either. What a row has for tests
of a program, `program_rows` finds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from agentprop.boundary import RecordFailure, contained
from agentprop.config.evaluate import EvaluateConfig
from agentprop.errors import InputError
from agentprop.extraction.corpus import Corpus, Document, ReadRow, UnreadableRecord, fingerprints, report
from agentprop.extraction.corpus.layout.options import LETTERS
from agentprop.extraction.corpus.layout.shapes import text_of
from agentprop.extraction.corpus.settings import reading_of, sources_of
from agentprop.grading.model_verifier import plain
from agentprop.grading.program_tests import ProgramTests
from agentprop.records import AnswerType, Certificate, Domain, Problem, Reject, check_storable
from agentprop.stages.common.layout_notes import LayoutNotes
from agentprop.stages.evaluate.program_rows import ENTRY, UnusableRow, read_program, tests_of_document
from agentprop.storage.reader import OURS
from agentprop.storage.run import open_run

WANTED: Final = "test"
"""Split that is asked of a data set that has one."""
GROUPS = ("category", "subject", "domain", "level", "difficulty", "split")
"""Columns that results are reported by, unless others are named."""
PACKED = ("answer", "solution", "ground_truth", "gold")
"""Columns in which exported rows have tests in place of an answer."""
Row = Mapping[str, Any]


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
    if (Path(source) / OURS).is_dir():
        stored = open_run(source)
        found: list[AskedQuestion | Reject] = [_of_run(problem, config) for problem in stored.iter(Problem)]
        inputs: Mapping[str, str] = {"source": stored.fingerprint}
        told: Mapping[str, Any] = {}
    else:
        corpus = Corpus(sources_of(config, [source], WANTED), reading_of(config, WANTED), LayoutNotes(quiet))
        found = list(_of_corpus(corpus, config))
        inputs, told = fingerprints(corpus.sources.files), report.summary(corpus)
    items: dict[str, AskedQuestion] = {}
    for item in found:
        if isinstance(item, AskedQuestion):
            items.setdefault(item.problem.id, item)
    unreadable = [item for item in found if isinstance(item, Reject)]
    if not items:
        why = f" ({unreadable[0].message})" if unreadable else ""
        raise InputError(f"{source} holds no question with an answer{why}", hint=_hint(config))
    repeated = len(found) - len(items) - len(unreadable)
    return Benchmark(list(items.values())[: config.limit], unreadable, repeated, inputs, told)


def _hint(config: EvaluateConfig) -> str:
    chosen = [name for name in (config.question_field, config.answer_field) if name]
    return f"check the fields {' and '.join(chosen)}" if chosen else "give --question-field and --answer-field"


# --- runs ---


def _of_run(problem: Problem, config: EvaluateConfig) -> AskedQuestion:
    level = str(len(set(problem.skills)))
    known = {"category": problem.category, "domain": problem.domain, "level": level, "skills": "+".join(problem.skills)}
    references = (problem.answer,) if problem.answer_type == "program" else ()
    return AskedQuestion(f"problem {problem.id}", problem, _chosen(known, config), references=references)


def _chosen(row: Row, config: EvaluateConfig) -> dict[str, str]:
    """Column → this row's value, for the columns that results are reported by."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    values = {name: plain(text_of(lowered.get(name.lower()))) for name in (GROUPS if config.by is None else config.by)}
    return {name: value for name, value in values.items() if value}


# --- files ---


def _of_corpus(corpus: Corpus, config: EvaluateConfig) -> Iterator[AskedQuestion | Reject]:
    for read in corpus.rows():
        yield contained(partial(_read, read, config), partial(_failed, read.made.id))


def _read(read: ReadRow, config: EvaluateConfig) -> AskedQuestion | Reject:
    try:
        return _item(read.row, read.made, config)
    except UnusableRow as fault:
        excerpt = plain(json.dumps(read.row, ensure_ascii=False, default=str)[:1000]) if read.row else None
        return Reject(
            stage="evaluate",
            item=read.made.id,
            outcome="rejected",
            code=fault.code,
            message=plain(str(fault)),
            record=excerpt,
        )


def _failed(source: str, failure: RecordFailure) -> Reject:
    """Return the reject of a row that could not be read, which is no other row's concern."""
    return Reject(stage="evaluate", item=source, outcome="failed", code=failure.code, message=failure.told)


def _item(row: Row, made: Document | UnreadableRecord, config: EvaluateConfig) -> AskedQuestion:
    if isinstance(made, UnreadableRecord):
        raise UnusableRow(made.code, made.message)
    statement, answer = _statement(row, made, config), _answer(made)
    program = tests_of_document(made, statement) if config.tests_field else None
    program = program or read_program(row, statement, _packed(row, made)) or tests_of_document(made, statement)
    if program is None and not answer:
        raise UnusableRow("no-answer", "the row has no answer and no tests")
    if made.lacks == "image":
        raise UnusableRow("needs-image", "the question has an image, and only text can be asked")
    problem = Problem(
        statement=f"{statement}\n\n{program.note}" if program is not None and program.note else statement,
        answer=answer,
        answer_type="program" if program is not None else "choice" if made.option is not None else _answer_type(row),
        unit=made.unit or None,
        figures=_whole(row.get("figures")),
        domain=_domain(row, program is not None),
        category=_text(row, GROUPS[:2]) or "benchmark",
        skills=_names(row.get("skills")),
        skill_ids=(),
        entry_point=program.entry_point if program is not None else None,
        tests=program.cases if program is not None else (),
        certificate=Certificate(form="none"),
        evidence="none",
    )
    if program is None:
        return AskedQuestion(made.id, check_storable(problem), _chosen(row, config))
    return AskedQuestion(made.id, check_storable(problem), _chosen(row, config), program.tests, program.references)


def _statement(row: Row, made: Document, config: EvaluateConfig) -> str:
    """The question with its options under it; of a method's task the text that tells it, not the code around it."""
    text = made.question.strip()
    if made.options:
        lines = [f"({letter}) {option}" for letter, option in zip(LETTERS, made.options, strict=False)]
        return "\n".join([text, "", *lines])
    if config.question_field is None and "." in _text(row, ENTRY):
        return _text(row, ("query",)).strip() or text
    return text


def _packed(row: Row, made: Document) -> str:
    """Tests in place of an answer, as in a row exported for a solver."""
    texts = (made.answer, _text(row, PACKED).strip())
    return next((text for text in texts if text.startswith("{")), "")


def _answer(made: Document) -> str:
    """The answer; of options the letter and the text, and of a worked solution that does not mark one all of it."""
    if made.option is not None:
        return f"({LETTERS[made.option]}) {made.options[made.option]}"
    return (made.answer or made.solution).strip()


def _text(row: Row, names: Sequence[str]) -> str:
    """The text of the first field with a usual name."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    return next((text for name in names if (text := text_of(lowered.get(name)))), "")


def _answer_type(row: Row) -> AnswerType:
    """Answer type of a row; `expression` if it has none."""
    found = text_of(row.get("answer_type"))
    return TypeAdapter(AnswerType).validate_python(found) if found in get_args(AnswerType) else "expression"


def _domain(row: Row, program: bool) -> Domain:
    found = text_of(row.get("domain"))
    fallback: Domain = "coding" if program else "mathematics"
    return TypeAdapter(Domain).validate_python(found) if found in get_args(Domain) else fallback


def _names(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _whole(value: Any) -> int | None:
    """Return significant figures; nobody asks for more than a thousand, and no file holds a number without end."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000 else None
