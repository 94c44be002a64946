"""A row that somebody else wrote, and what was read of it → a problem, with what the row gives to show it right.

Options stand under the question, and the answer names one of them by letter and text, so that a reply may do either.
What a row has for tests of a program, `program_rows` finds. Ids are made from the content, so that the same question
with the same answer is one problem wherever it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained
from agentprop.config.parts import CorpusSettings
from agentprop.extraction.corpus import Document, ReadRow, UnreadableRecord
from agentprop.extraction.corpus.layout.options import LETTERS
from agentprop.extraction.corpus.layout.shapes import text_of
from agentprop.extraction.corpus.layout.tests_of import FUNCTIONS
from agentprop.extraction.mining.question import document
from agentprop.grading.claims import Claim
from agentprop.grading.model_verifier import plain
from agentprop.records import AnswerType, Certificate, Domain, Judging, MadeBy, Problem, Reject, check_storable
from agentprop.stages.common.program_rows import UnusableRow, read_program, tests_of_document

CATEGORIES = ("category", "subject")
"""Columns of a problem's category."""
PACKED = ("answer", "solution", "ground_truth", "gold")
"""Columns in which exported rows have tests in place of an answer."""
CERTIFICATES = ("certificate", "code", "solution_code", "program", "python", "solution")
"""Columns in which a Python program may stand that computes the answer."""
GUESSED = "last equation"
"""Where an answer was read that the row does not call one."""
MAKER = "file"
"""Who made a problem that was read from somebody's file."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class RowProblem:
    """A problem of a row, with what the row has besides."""

    source: str
    """Source: `<file name>#<row>`."""
    problem: Problem
    """The problem."""
    claim: Claim
    """What the row gives to show that its answer is right."""


def problem_or_reject(read: ReadRow, config: CorpusSettings, stage: str) -> RowProblem | Reject:
    """The problem of a record, or why there is none; a record that fails is no other one's concern."""

    def failed(failure: RecordFailure) -> RowProblem | Reject:
        return Reject(stage=stage, item=read.made.id, outcome="failed", code=failure.code, message=failure.told)

    return contained(partial(_problem_or_reject, read, config, stage), failed)


def _problem_or_reject(read: ReadRow, config: CorpusSettings, stage: str) -> RowProblem | Reject:
    try:
        return row_problem(read.row, read.made, config)
    except UnusableRow as fault:
        excerpt = plain(json.dumps(read.row, ensure_ascii=False, default=str)[:1000]) if read.row else None
        return Reject(
            stage=stage,
            item=read.made.id,
            outcome="rejected",
            code=fault.code,
            message=plain(str(fault)),
            record=excerpt,
        )


def row_problem(row: Row, made: Document | UnreadableRecord, config: CorpusSettings) -> RowProblem:
    """The problem of a row. Raises UnusableRow."""
    if isinstance(made, UnreadableRecord):
        raise UnusableRow(made.code, made.message)
    judging = _judging(row)
    statement, answer = _statement(row, made, config, judging), _answer(made)
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
        figures=(figures := _whole(row.get("figures"))),
        tolerance=made.tolerance or (config.tolerance if figures is None else None),
        accepted=made.accepted or None,
        domain=_domain(row, program is not None),
        category=text_named(row, CATEGORIES) or "benchmark",
        skills=_names(row.get("skills")),
        skill_ids=(),
        entry_point=program.entry_point if program is not None else None,
        tests=program.cases if program is not None else (),
        judging=judging if program is not None and program.cases else None,
        certificate=Certificate(form="none"),
        evidence="none",
        made_by=MadeBy(name=MAKER, version=__version__),
    )
    claim = Claim(
        made.question.strip(),
        gold=made.options[made.option] if made.option is not None else document.gold(made.solution, made.answer),
        named=bool(made.answer) and made.answer_from != GUESSED,
        programs=_programs(row, made) if program is None else (),
        tests=program.tests if program is not None else None,
        references=program.references if program is not None else (),
        options=made.options,
        lacks=made.lacks,
    )
    return RowProblem(made.id, check_storable(problem), claim)


def _judging(row: Row) -> Judging | None:
    """How a judge runs the program, in a row that agentprop exported; None in any other."""
    try:
        return Judging.model_validate_json(text_named(row, ("judging",)))
    except ValidationError:
        return None


def _statement(row: Row, made: Document, config: CorpusSettings, judging: Judging | None) -> str:
    """The question with its options under it; of a method's task the text that tells it, not the code around it."""
    text = made.question.strip()
    if judging is not None and config.question_field is None:  # whose signature its own statement tells
        return text_named(row, ("question",)).strip() or text
    if made.options:
        lines = [f"({letter}) {option}" for letter, option in zip(LETTERS, made.options, strict=False)]
        return "\n".join([text, "", *lines])
    if config.question_field is None and "." in text_named(row, FUNCTIONS):
        return text_named(row, ("query",)).strip() or text
    return text


def _packed(row: Row, made: Document) -> str:
    """Tests in place of an answer, as in a row exported for a solver."""
    texts = (made.answer, text_named(row, PACKED).strip())
    return next((text for text in texts if text.startswith("{")), "")


def _answer(made: Document) -> str:
    """The answer; of options the letter and the text, and of a worked solution that does not mark one all of it."""
    if made.option is not None:
        return f"({LETTERS[made.option]}) {made.options[made.option]}"
    return (made.answer or made.solution).strip()


def _programs(row: Row, made: Document) -> tuple[str, ...]:
    """Texts that may be programs: the document's computation, and whatever stands in the usual columns."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    found = [made.computation, made.program, *(text_of(lowered.get(name)) for name in CERTIFICATES)]
    return tuple(dict.fromkeys(text for text in found if text.strip()))


def text_named(row: Row, names: Sequence[str]) -> str:
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
