"""A problem with its solution in words → a conversation to imitate: the question, and the solution as the reply."""

from __future__ import annotations

from agentprop.export.rows import ChatMessage, ConversationRow
from agentprop.export.solver import question_answer, with_answer_format
from agentprop.records import Problem


def worked(problem: Problem) -> ConversationRow:
    """Make the row of a problem that has a solution; the reply ends in the form that the question asks for."""
    asked = with_answer_format(question_answer(problem)).question
    return ConversationRow(
        messages=(ChatMessage(role="user", content=asked), ChatMessage(role="assistant", content=reply(problem)))
    )


def reply(problem: Problem) -> str:
    """The solution as a model would give it: its last words, the answer, in a box; a program ends with its code."""
    text = problem.solution.text if problem.solution is not None else ""
    if problem.answer_type == "program":
        return text
    return rf"{text.removesuffix('.').removesuffix(problem.answer)}\boxed{{{problem.answer}}}."
