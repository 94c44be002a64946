"""A right answer, before anything is compared with it: can it be read to its end, and is it recognised when respelled?

A problem whose answer fails cannot be graded: right replies to it would earn nothing. Plain numbers pass at once; the
readings of the others are compared as trees, so that no worker process is started.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentprop.answers.compare_scalars import QuickScalars
from agentprop.answers.equivalence import AnswerSpec, judge
from agentprop.answers.kinds import AnswerKind, as_kind, compare_strings
from agentprop.answers.outcome import Hard
from agentprop.answers.reading.extract import final_answer, gold_answer
from agentprop.answers.reading.nodes import Node
from agentprop.answers.reading.plain import plain_number
from agentprop.answers.reading.reader import read
from agentprop.answers.respellings import respellings

UNREADABLE = "unreadable_answer"
"""The reason code with which stages refuse a problem whose answer fails."""


@dataclass(frozen=True, slots=True)
class GoldCheck:
    """Whether a right answer can be graded."""

    ok: bool
    """It reads to its end and equals its own respellings."""
    why: str = ""
    """What is wrong with it, in a sentence."""
    respelling: str = ""
    """The respelling that was not recognised, if that is what is wrong."""

    def __bool__(self) -> bool:
        return self.ok


_FINE = GoldCheck(True)


def check_gold(gold: str, *, kind: AnswerKind | None = None, question: str | None = None) -> GoldCheck:
    """Whether the text can serve as a right answer of that kind."""
    if kind in (None, "number") and plain_number(gold) is not None:
        return _FINE
    answer = gold_answer(gold)
    if not answer.strip():
        return GoldCheck(False, "The answer is empty.")
    if kind == "string":
        return _check_string(answer)
    nouns = AnswerSpec(question=question).nouns
    reading = read(answer, nouns)
    if not reading.complete:
        return GoldCheck(False, f"The answer cannot be read: {reading.remainder}.")
    nodes = as_kind(reading.nodes, kind)
    if not nodes:
        return GoldCheck(False, f"The answer is no {kind}.")
    for respelling in respellings(gold):
        again = gold_answer(respelling.text)
        if not _shared(nodes, as_kind(read(again, nouns).nodes, kind)) and not _judged_same(
            answer, again, kind, question
        ):
            told = f"The answer is not recognised as {respelling.text!r:.200} ({respelling.name})."
            return GoldCheck(False, told, respelling.text)
    return _FINE


def _check_string(answer: str) -> GoldCheck:
    for respelling in respellings(answer, string=True):
        verdict = compare_strings(answer, final_answer(respelling.text), ignore_case=False)
        if verdict.status != "same":
            return GoldCheck(False, f"The string is not recognised as {respelling.text!r:.200}.", respelling.text)
    return _FINE


def _judged_same(answer: str, again: str, kind: AnswerKind | None, question: str | None) -> bool:
    """The comparison says so, as far as it gets without a worker; the trees of the two differ only in their names."""
    try:
        return judge(answer, again, AnswerSpec(kind=kind, question=question), QuickScalars()).status == "same"
    except Hard:
        return True


def _shared(left: tuple[Node, ...], right: tuple[Node, ...]) -> bool:
    """The two have a reading in common."""
    return any(node in right for node in left)
