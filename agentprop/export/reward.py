"""A response and the answer of an exported row → a reward, in the signatures that other trainers call.

    TRL     GRPOTrainer(reward_funcs=trl_reward, …)
    verl    reward.custom_reward_function.path=<this file> reward.custom_reward_function.name=compute_score

An exported answer is one text, so its kind is read off it unless the row names it (`answer_type`): tests of a program,
a list, words, a measured quantity whose decimals say its figures, else a value. Answers are compared as everywhere in
agentprop; programs run in the sandbox. A response that never finished thinking, or holds no answer, earns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_args

from agentprop.answers.reading.chemistry import chemical
from agentprop.answers.reading.extract import final_answer
from agentprop.answers.reading.nodes import Clock, Words
from agentprop.answers.reading.numerals import number_in_words
from agentprop.answers.reading.reader import read
from agentprop.answers.reading.words import SYNONYMS
from agentprop.boundary import contained
from agentprop.errors import InputError
from agentprop.export.solver import HiddenCases, hidden_tests
from agentprop.grading.judged_tests import program_tests
from agentprop.grading.probers import grade_answer, graded
from agentprop.records import AnswerType, Problem
from agentprop.sandbox import Sandbox

PROGRAM_S = 10.0
"""Time limit in seconds for all tests of a program."""
WORDS = re.compile(r"(?!(?:true|false|yes|no|pi|inf)$)(?:(?![²³¹])[^\W\d_]){2,}|0(?!\d\d$)\d+|0[01]{2}", re.IGNORECASE)
"""Answers compared letter by letter: as mathematics, `abba` would be a product and `0101` a number. The AIME writes 25
as `025`."""
RUN = re.compile(r"[A-J]{2,6}")
"""Letters of options."""
PAIR = re.compile(r"\s*[\[(][^\[\](),;]+[,;][^\[\](),;]+[\])]\s*")
"""Two values in brackets."""
MEASURED = re.compile(r"[-+]?(\d+\.\d+)\S*\s+[^\W\d_].*")
"""A decimal with a unit."""


def grade(
    response: Any,
    answer: Any,
    answer_type: str | None = None,
    *,
    tolerance: str | None = None,
    accepted: Sequence[str] = (),
) -> float | None:
    """Grade a response: 1 right, 0 wrong, None if neither was shown, the answer is unreadable, or grading failed.

    A response is a text, a conversation, or None for none; an answer is a text, a number or a list of them. A number
    may be off by the `tolerance`, such as `0.01` or `5%`, and answers that are `accepted` are right too. A blank answer
    or NaN, as tables write one that is missing, grades nothing. Raises InputError for what is neither.
    """
    text, gold, allowed = _text(response), _answer(answer), {"tolerance": tolerance, "accepted": tuple(accepted)}
    if not gold.strip():
        return None
    return contained(lambda: _grade(text, gold, answer_type, allowed), lambda failure: None)


def _grade(response: str, answer: str, answer_type: str | None, allowed: Mapping[str, Any]) -> float | None:
    tests = hidden_tests(answer)
    outcome = _outcome(response, answer, answer_type, allowed) if tests is None else _passes(response, tests)
    return {"correct": 1.0, "wrong": 0.0, "too_slow": 0.0}.get(outcome)


def trl_reward(
    completions: Sequence[Any], solution: Sequence[Any], answer_type: Sequence[str | None] | None = None, **_: object
) -> list[float | None]:
    """For TRL: None leaves an example out."""
    kinds = answer_type if answer_type is not None else [None] * len(completions)
    rows = zip(completions, solution, kinds, strict=True)
    return [grade(completion, given, kind) for completion, given, kind in rows]


def compute_score(
    data_source: str, solution_str: Any, ground_truth: Any, extra_info: object = None, **_: object
) -> float:
    """For verl, which has no word for what cannot be shown: it earns nothing."""
    kind = extra_info.get("answer_type") if isinstance(extra_info, Mapping) else None
    return grade(solution_str, ground_truth, kind if isinstance(kind, str) else None) or 0.0


# --- what trainers pass ---


def _text(completion: Any) -> str:
    """A text, a conversation or its last message, with its content as a text, in parts, or missing."""
    match completion:
        case None:
            return ""
        case str():
            return completion
        case {"content": content}:
            return _text(content)
        case {"type": "text" | "output_text", "text": str(text)}:
            return text
        case {"type": str()}:
            return ""  # an image, or a thought: no part of the answer's text
        case [*_, {"role": _} as last]:
            return _text(last)
        case [*parts]:
            return "".join(map(_text, parts))
    raise InputError(
        f"A completion is a text or a conversation, not {type(completion).__name__}.",
        hint="Pass str, or a list of messages with a role and content.",
    )


def _answer(given: Any) -> str:
    """A row's answer as the text that it would have been exported as."""
    match given:
        case str():
            return given
        case bool():
            return "Yes" if given else "No"
        case float() if given != given:
            return ""
        case int() | float():
            return str(given)
        case list() | tuple():
            return repr(list(given))
    raise InputError(
        f"A row's answer is a text or a number, not {type(given).__name__}.",
        hint="Export with --format trl-grpo or verl, or fill the column `solution` (TRL) or `ground_truth` (verl).",
    )


# --- what the answer is ---


def _outcome(response: str, answer: str, answer_type: str | None, allowed: Mapping[str, Any]) -> str:
    kind = _typed(answer_type) or _kind(answer)
    if answer_type is None and kind == "list" and PAIR.fullmatch(answer) and PAIR.fullmatch(final_answer(response)):
        kind = "expression"  # an interval, whose brackets count
    if answer_type is None and kind == "string":
        allowed = {**allowed, "accepted": (*allowed["accepted"], *_capitals(answer))}
    problem = Problem.model_construct(
        statement="", answer=answer, answer_type=kind, figures=_figures(answer), unit=None, **allowed
    )
    found = grade_answer(problem, response).outcome
    if found == "wrong" and answer_type is None and _may_be_said(kind, answer, response):
        said = _outcome(response, answer, "expression", allowed)
        return said if said == "correct" or kind == "list" else found
    return found


def _typed(answer_type: str | None) -> AnswerType | None:
    return next((known for known in get_args(AnswerType) if known == answer_type), None)


def _kind(answer: str) -> AnswerType:
    if answer.startswith("[") and answer.endswith("]"):
        return "list"
    named = number_in_words(answer) is not None or (answer != answer.lower() and chemical(answer) is not None)
    return "string" if WORDS.fullmatch(answer) and not named and not _stands_for_another(answer) else "expression"


def _stands_for_another(word: str) -> bool:
    """Whether another word says the same, or it is read as one or as a time: `Tue`, `DNE`, `noon`."""
    if word.casefold() in SYNONYMS:
        return True
    read_as = read(word).nodes[:1]
    return any(isinstance(node, Clock) or (isinstance(node, Words) and node.value != word) for node in read_as)


def _may_be_said(kind: AnswerType, answer: str, response: str) -> bool:
    """Whether an answer that nobody typed may be written otherwise than as that text.

    `[1, 2]` may be an interval, `convergent` stands in `The series is convergent`, and `ACD` is `A, C and D`. The very
    letters have to be there: `CABCA` is not `cabca`.
    """
    if kind != "string" or not answer.isalpha():
        return kind == "list"
    said = final_answer(response)
    if RUN.fullmatch(answer) and sorted(set(answer)) == re.findall(r"\b[A-J]\b", said):
        return True
    return any(re.search(rf"(?<!\w){word}(?!\w)", said) for word in (answer, *_capitals(answer)))


def _capitals(word: str) -> tuple[str, ...]:
    """`monday` for `Monday`, and the other way round: a word that nobody called a string may begin a sentence."""
    forms = (word.lower(), word.capitalize())
    return forms if word in forms else ()


def _figures(answer: str) -> int | None:
    found = MEASURED.fullmatch(answer)
    return len(found[1].replace(".", "").lstrip("0")) or None if found else None


def _passes(response: str, tests: HiddenCases) -> str:
    problem = Problem.model_construct(tests=tests.cases, entry_point=tests.entry_point, judging=tests.judging)
    judge = program_tests(problem, _sandbox(), PROGRAM_S)
    program = judge.program(response)
    return "wrong" if program is None else graded(judge.passes(program), program, overran="too_slow").outcome


@cache
def _sandbox() -> Sandbox:
    """The sandbox of this process. Raises SandboxUnavailable if untrusted code cannot be isolated."""
    return Sandbox(preload=())
