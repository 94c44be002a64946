"""An answer that was computed and the one that a problem claims → whether they are the same."""

from __future__ import annotations

from agentprop.answers.equivalence import equivalent
from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.extract import final_answer
from agentprop.composition.answer_text import read_value, same_json
from agentprop.records import Problem


def compared_claim(answer: str, problem: Problem) -> Equivalence:
    """Compare the computed answer with the stored one, which must be a canonical text.

    A reply to the question may leave out a unit, give more figures than asked for, or be wrapped in words; a stored
    answer may not.
    """
    if answer == problem.answer:
        return same("identical", "the texts are identical")
    if final_answer(problem.answer) != problem.answer:
        return different("wrapped", "the stored answer is wrapped in other text")
    if problem.answer_type == "string":
        return different("text", "the strings differ")
    if problem.answer_type == "list":
        return same("list", "equal lists") if _equal_lists(answer, problem.answer) else different("list", "other lists")
    return equivalent(gold=answer, pred=problem.answer, require_unit=True)


def _equal_lists(left: str, right: str) -> bool:
    try:
        return same_json(read_value(left), read_value(right))
    except ValueError:
        return False
