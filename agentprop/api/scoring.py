"""A right answer and a reply → a score: the one function by which every environment scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from agentprop.answers.precision import stated
from agentprop.errors import InputError
from agentprop.export.reward import grade
from agentprop.export.solver import question_answer
from agentprop.records import AnswerType, Problem


def score(
    gold: str | float | Problem,
    reply: str | None,
    *,
    answer_type: str | None = None,
    tolerance: str | None = None,
    accepted: Sequence[str] = (),
) -> float | None:
    r"""Score a reply by the right answer: 1.0 right, 0.0 wrong or missing, None if neither can be shown.

    `gold` is an answer as a text or a number, a program's hidden tests as `dataset` and `export` write them, or a
    Problem. The answer is looked for in the reply (in \boxed{} or where it usually stands), and compared whatever its
    notation; a program runs in the sandbox. `answer_type` is the kind of answer if it is known: integer, rational,
    expression, quantity, boolean, list, string, set, choice or program. A number may be off by the `tolerance`: an
    amount such as `0.01`, or a percentage of the larger one such as `5%`. Other answers that are `accepted` are right
    too. Raises InputError for a gold or a reply of another type, and for a kind or a tolerance that there is not.

    >>> score("1/2", "Each of them gets \\boxed{0.5}."), score("1/2", "It is 2."), score("1/2", None)
    (1.0, 0.0, 0.0)
    >>> score("50.7", "The pressure is 50.66."), score("50.7", "The pressure is 50.66.", tolerance="5%")
    (0.0, 1.0)
    """
    if isinstance(gold, Problem):
        answer_type, tolerance = answer_type or gold.answer_type, tolerance or gold.tolerance
        accepted = accepted or gold.accepted or ()
        gold = question_answer(gold).answer
    if answer_type is not None and answer_type not in get_args(AnswerType):
        raise InputError(f"there is no kind of answer {answer_type}", hint=f"kinds: {', '.join(get_args(AnswerType))}")
    if tolerance is not None:
        stated(f"±{tolerance}")
    return grade(reply, gold, answer_type, tolerance=tolerance, accepted=accepted)
