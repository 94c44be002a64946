"""A benchmark → the problems it asks, each with its answer or tests and with what it is counted under.

A benchmark is a file of rows (JSONL, JSON, CSV, Parquet, plain or gzipped), a glob of such files, or a run with
problems. Fields are found by their usual names. Program tasks have data for tests (`tests`), or code (`test`,
`test_list`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from agentprop.boundary import RecordFailure, contained
from agentprop.config.evaluate import EvaluateConfig
from agentprop.errors import InputError
from agentprop.extraction.corpus.documents import NAMES, final_answer, rows
from agentprop.extraction.corpus.sources import file_names, find_files, fingerprints
from agentprop.extraction.corpus.tables import Bad, text_of
from agentprop.grading.model_verifier import plain
from agentprop.records import AnswerType, Certificate, Domain, Problem, Reject, TestCase, check_storable
from agentprop.storage.reader import OURS
from agentprop.storage.run import open_run

GROUPS = ("category", "subject", "domain", "level", "difficulty", "split")
"""Columns that are reported by where nobody names others."""
QUESTION = (*NAMES["question"], "statement")
ANSWER = (*NAMES["answer"], "gold", "ground_truth", "solution")
TESTS = ("tests", "test", "test_list", "test_code")
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
    assertions: str = ""
    """Tests written as code, where there are no others."""


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
    return AskedQuestion(f"problem {problem.id}", problem, _chosen(known, config))


def _chosen(row: Row, config: EvaluateConfig) -> dict[str, str]:
    """The columns that are reported by, and this row's values."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    values = {name: plain(text_of(lowered.get(name.lower()))) for name in (GROUPS if config.by is None else config.by)}
    return {name: value for name, value in values.items() if value}


# --- files ---


def _of_file(path: Path, name: str, config: EvaluateConfig) -> Iterator[AskedQuestion | Reject]:
    for number, row in enumerate(rows(path)):
        source = f"{name}#{number}"
        yield contained(partial(_read, source, row, config), partial(_failed, source))


def _read(source: str, row: Row | Bad, config: EvaluateConfig) -> AskedQuestion | Reject:
    try:
        return _item(source, row, config)
    except _Unusable as fault:
        excerpt = json.dumps(row, ensure_ascii=False, default=str)[:1000]
        message, record = plain(str(fault)), plain(excerpt)
        return Reject(
            stage="evaluate", item=source, outcome="rejected", code=fault.code, message=message, record=record
        )


def _failed(source: str, failure: RecordFailure) -> Reject:
    """Return the reject of a row that could not be read, which is no other row's concern."""
    return Reject(stage="evaluate", item=source, outcome="failed", code=failure.code, message=failure.told)


class _Unusable(ValueError):
    """A row that cannot be asked."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


def _item(source: str, row: Row | Bad, config: EvaluateConfig) -> AskedQuestion:
    if isinstance(row, Bad):
        raise _Unusable(row.code, row.message)
    statement = _text(row, config.question_field, QUESTION).strip()
    if not statement:
        raise _Unusable("no-question", "the row has no question")
    tests, assertions, entry_point = _tests(row, config)
    answer = _answer(row, config)
    if not tests and not assertions and not answer:
        raise _Unusable("no-answer", "the row has no answer and no tests")
    program = bool(tests or assertions)
    if program and entry_point and entry_point not in statement:
        statement += f"\n\nThe function is called `{entry_point}`."
    problem = Problem(
        statement=statement,
        answer=answer,
        answer_type="program" if program else _answer_type(row),
        unit=_text(row, "unit") or None,
        figures=_whole(row.get("figures")),
        domain=_domain(row, program),
        category=_text(row, None, GROUPS[:2]) or "benchmark",
        skills=_names(row.get("skills")),
        skill_ids=(),
        entry_point=entry_point,
        tests=tests,
        certificate=Certificate(form="none"),
        evidence="none",
    )
    return AskedQuestion(source, check_storable(problem), _chosen(row, config), assertions)


def _text(row: Row, chosen: str | None, names: Sequence[str] = ()) -> str:
    """The text of the chosen field, or of the first with a usual name."""
    if chosen is not None:
        return plain(text_of(row.get(chosen)))
    lowered = {str(key).lower(): value for key, value in row.items()}
    return plain(next((text for name in names if (text := text_of(lowered.get(name)))), ""))


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
    """Return significant figures; nobody asks for more than a thousand, and no file holds a number without end."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000 else None


# --- programs ---


def _tests(row: Row, config: EvaluateConfig) -> tuple[tuple[TestCase, ...], str, str | None]:
    """(tests as data, tests as code, the function they call)."""
    named = _text(row, None, NAMES["entry_point"]) or None
    packed = _packed(_text(row, config.answer_field, ANSWER))
    if packed is not None:
        return _cases(packed["tests"]), "", packed.get("entry_point") or named
    found = next((row[name] for name in TESTS if row.get(name)), None)
    if isinstance(found, list) and found and isinstance(found[0], Mapping):
        return _cases(found), "", named
    code = text_of(found)
    function = named or _called(code, _text(row, None, NAMES["program"])) if code else named
    if code and function is None:
        raise _Unusable("no-function", "the row has tests as code, and no word of the function they call")
    return (), code, function


def _called(code: str, program: str) -> str | None:
    """The function of the reference program that the tests call; without a program the first that they assert of."""
    defined = [name for name in re.findall(r"^def (\w+)", program, re.MULTILINE) if re.search(rf"\b{name}\(", code)]
    asserted = re.search(r"^assert (\w+)\(", code, re.MULTILINE)
    return defined[0] if defined else asserted[1] if asserted else None


def _packed(answer: str) -> dict[str, Any] | None:
    """Tests in place of an answer, as an exported solver's row has them."""
    if not answer.startswith("{"):
        return None
    try:
        found = json.loads(answer)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("tests"), list) else None


def _cases(found: Sequence[Any]) -> tuple[TestCase, ...]:
    try:
        return tuple(TestCase.model_validate(case) for case in found)
    except ValidationError:
        raise _Unusable("bad-tests", "a test is not {arguments, expected} with JSON texts") from None
