"""A difference between answers → the question to the auditor, whose reply has the form of a verifier's.

The auditor sees the statement, the claim, and every answer with its reasons, but neither names nor votes, so that
reputation and majority do not decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.grading.model_verifier import form_of
from agentprop.records import Attempt, Problem


def question(problem: Problem, attempts: Sequence[Attempt]) -> str:
    """Text that the auditor is shown."""
    answers = [
        f"<verifier>\n<answer>\n{attempt.answer}\n</answer>\n<rationale>\n{attempt.rationale}\n</rationale>\n</verifier>"
        for attempt in attempts
        if attempt.role == "verifier" and attempt.answer is not None
    ]
    return "\n\n".join(
        [
            f"<statement>\n{problem.statement}\n</statement>",
            f"The answer is {form_of(problem)}.",
            f"<claimed>\n{problem.answer}\n</claimed>",
            *answers,
            "Settle which answer to the statement above is right.",
        ]
    )
