"""A benchmark → the problems it asks, each with its answer or tests and with what it is counted under.

A benchmark is a file of rows (JSONL, JSON, CSV, Parquet, plain or gzipped), a glob of such files, or a run with
problems. Fields are found by their usual names; what a row asks of a program is read by `program_rows`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from agentprop.config.evaluate import EvaluateConfig
from agentprop.errors import InputError
from agentprop.extraction.corpus.documents import NAMES, final_answer, rows
from agentprop.extraction.corpus.sources import file_names, find_files, fingerprints
from agentprop.extraction.corpus.tables import Bad, text_of
from agentprop.grading.program_tests import ProgramTests
from agentprop.records import AnswerType, Certificate, Domain, Problem, Reject
from agentprop.stages.evaluate.program_rows import UnusableRow, read_program
from agentprop.storage.reader import OURS
from agentprop.storage.run import open_run

GROUPS = ("category", "subject", "domain", "level", "difficulty", "split")
"""Columns that are reported by where nobody names others."""
QUESTION = (*NAMES["question"], "statement", "question_content", "instruct_prompt", "complete_prompt", "text")
ANSWER = (*NAMES["answer"], "gold", "ground_truth", "solution")
LONG = 60
"""Characters beyond which an answer is taken for a worked solution that ends in one."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class AskedQuestion:
    """A problem to ask."""

    source: str
    """Where it comes from: `<file name>#<row>`."""
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
    """What is asked."""

    items: Sequence[AskedQuestion]
    """Problems in order, each once."""
    unreadable: Sequence[Reject]
    """Rows that cannot be asked, and why."""
    repeated: int
    """Rows left out because an earlier one asks the same."""
    inputs: Mapping[str, str]
    """Fingerprints of what was read."""


def read_benchmark(source: str, config: EvaluateConfig) -> Benchmark:
    """Read all of it. Raises InputError where there is nothing to ask."""
    if (Path(source) / OURS).is_dir():
        stored = open_run(source)
        found: list[AskedQuestion | Reject] = [_of_run(problem, config) for problem in stored.iter(Problem)]
        inputs: Mapping[str, str] = {"source": stored.fingerprint}
    else:
        files = find_files([source])
        found = [item for path, name in file_names(files).items() for item in _of_file(path, name, config)]
        inputs = fingerprints(files)
    items: dict[str, AskedQuestion] = {}
    for item in found:
        if isinstance(item, AskedQuestion):
            items.setdefault(item.problem.id, item)
    unreadable = [item for item in found if isinstance(item, Reject)]
    if not items:
        why = f" ({unreadable[0].message})" if unreadable else ""
        raise InputError(f"{source} holds no question with an answer{why}", hint=_hint(config))
    repeated = len(found) - len(items) - len(unreadable)
    return Benchmark(list(items.values())[: config.limit], unreadable, repeated, inputs)


def _hint(config: EvaluateConfig) -> str:
    chosen = [name for name in (config.question_field, config.answer_field) if name]
    return f"check the fields {' and '.join(chosen)}" if chosen else "name them with --question-field, --answer-field"


# --- runs ---


def _of_run(problem: Problem, config: EvaluateConfig) -> AskedQuestion:
    level = str(len(set(problem.skills)))
    known = {"category": problem.category, "domain": problem.domain, "level": level, "skills": "+".join(problem.skills)}
    references = (problem.answer,) if problem.answer_type == "program" else ()
    return AskedQuestion(f"problem {problem.id}", problem, _chosen(known, config), references=references)


def _chosen(row: Row, config: EvaluateConfig) -> dict[str, str]:
    """The columns that are reported by, and this row's values."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    values = {name: text_of(lowered.get(name.lower())) for name in (GROUPS if config.by is None else config.by)}
    return {name: value for name, value in values.items() if value}


# --- files ---


def _of_file(path: Path, name: str, config: EvaluateConfig) -> Iterator[AskedQuestion | Reject]:
    for number, row in enumerate(rows(path)):
        source = f"{name}#{number}"
        try:
            yield _item(source, row, config)
        except UnusableRow as fault:
            excerpt = json.dumps(row, ensure_ascii=False, default=str)[:1000]
            yield Reject(
                stage="evaluate", item=source, outcome="rejected", code=fault.code, message=str(fault), record=excerpt
            )


def _item(source: str, row: Row | Bad, config: EvaluateConfig) -> AskedQuestion:
    if isinstance(row, Bad):
        raise UnusableRow(row.code, row.message)
    statement = _statement(row, config)
    if not statement:
        raise UnusableRow("no-question", "the row has no question")
    program = read_program(row, statement, _text(row, config.answer_field, ANSWER).strip())
    answer = _answer(row, config)
    if program is None and not answer:
        raise UnusableRow("no-answer", "the row has no answer and no tests")
    problem = Problem(
        statement=f"{statement}\n\n{program.note}" if program is not None and program.note else statement,
        answer=answer,
        answer_type="program" if program is not None else _answer_type(row),
        unit=_text(row, "unit") or None,
        figures=_whole(row.get("figures")),
        domain=_domain(row, program is not None),
        category=_text(row, None, GROUPS[:2]) or "benchmark",
        skills=_names(row.get("skills")),
        skill_ids=(),
        entry_point=program.entry_point if program is not None else None,
        tests=program.cases if program is not None else (),
        certificate=Certificate(form="none"),
        evidence="none",
    )
    if program is None:
        return AskedQuestion(source, problem, _chosen(row, config))
    return AskedQuestion(source, problem, _chosen(row, config), program.tests, program.references)


def _statement(row: Row, config: EvaluateConfig) -> str:
    """The question; where the usual field holds the code around a method, the one that tells the task."""
    named = _text(row, None, NAMES["entry_point"])
    names = ("query", *QUESTION) if "." in named else QUESTION
    return _text(row, config.question_field, names).strip()


def _text(row: Row, chosen: str | None, names: Sequence[str] = ()) -> str:
    """The text of the chosen field, or of the first with a usual name."""
    if chosen is not None:
        return text_of(row.get(chosen))
    lowered = {str(key).lower(): value for key, value in row.items()}
    return next((text for name in names if (text := text_of(lowered.get(name)))), "")


def _answer(row: Row, config: EvaluateConfig) -> str:
    """The answer; where a field holds a worked solution, what that ends in."""
    text = _text(row, config.answer_field, ANSWER).strip()
    return final_answer(text) or text if len(text) > LONG or "####" in text or "\\boxed" in text else text


def _answer_type(row: Row) -> AnswerType:
    """As the row has it; any mathematical answer where it has none."""
    found = text_of(row.get("answer_type"))
    return TypeAdapter(AnswerType).validate_python(found) if found in get_args(AnswerType) else "expression"


def _domain(row: Row, program: bool) -> Domain:
    found = text_of(row.get("domain"))
    fallback: Domain = "coding" if program else "mathematics"
    return TypeAdapter(Domain).validate_python(found) if found in get_args(Domain) else fallback


def _names(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
