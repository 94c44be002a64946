"""The trajectory of an accepted problem → its first failed draft and its last one, as answers to one prompt.

    system, task | think: draft 1, exec: conflict | think: draft 2, exec: ok | … submit, found valid
    prompt         rejected                         chosen

So every proposer that ever repaired a draft gives pairs, the built-in one too, and what is chosen was verified. The
later draft was written after the failure and is put where the first one stood. It is taken only if it needs the same
active skills and says nothing of the failure. Of the built-in proposer's drafts the sentence that answers the failure
is taken out, which leaves what it writes in a first draft. (Pairs of a rejected and a refined answer are PRefLexOR's,
arXiv 2410.12375; to take both from one verified trajectory is ours.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from agentprop.composition.proposer import AGAIN
from agentprop.export.proposer import chat_rows
from agentprop.export.rows import Messages, Preference
from agentprop.records import Trajectory, Turn

FAILED = "conflict"
"""Outcome of a draft's check that failed."""
REASON = "error:"
"""Beginning of the line of an observation that says why."""


@dataclass(frozen=True)
class Draft:
    """A message with an idea, and the code that tries it."""

    place: int
    """Number of the first turn."""
    think: str
    """The idea."""
    code: Turn
    """The turn that tried it."""


def preference(trajectory: Trajectory) -> Preference | None:
    """Return the pair of a trajectory whose problem was accepted; None if it has none."""
    found = drafts(trajectory.turns)
    failed = next((draft for draft in found if draft.code.outcome == FAILED), None)
    passed = next((draft for draft in reversed(found) if draft.code.outcome == "ok"), None)
    if failed is None or passed is None or passed.place < failed.place or passed.code.skills != failed.code.skills:
        return None
    think = without_failure(passed.think, reasons(trajectory.turns[failed.place : passed.place]))
    if think is None:
        return None
    before = [pair for t in trajectory.turns[: failed.place] for pair in _said(t)]
    noted = trajectory.turns[failed.place].observation
    return Preference(
        prompt=chat_rows([("system", trajectory.system), ("user", trajectory.prompt), *before]),
        chosen=_completion(replace(passed, think=think), noted),
        rejected=_completion(failed, noted),
    )


def drafts(turns: Sequence[Turn]) -> list[Draft]:
    """Return the ideas that the next turn tries in code."""
    return [
        Draft(place, turn.message, after)
        for place, (turn, after) in enumerate(pairwise(turns))
        if turn.action == "think" and turn.stage in ("draft", "refine") and after.action == "exec"
    ]


def reasons(turns: Sequence[Turn]) -> list[str]:
    """Return what the observations say of failures, without the names of errors."""
    lines = [line for turn in turns for line in turn.observation.splitlines() if REASON in line]
    return [line.rpartition(": ")[2] for line in lines]


def without_failure(message: str, failures: Sequence[str]) -> str | None:
    """Return a message without the sentence that answers a failure; None if it speaks of one all the same.

    >>> without_failure("v1 = 9 is above 5. The idea stands; other numbers may fit. Draft: ...", ["v1 = 9 is above 5"])
    'Draft: ...'
    >>> without_failure("Since v1 = 9 is above 5, I take 3.", ["v1 = 9 is above 5"])
    """
    for failure in failures:
        message = message.replace(f"{failure}{AGAIN}", "", 1)
    return None if any(failure in message for failure in failures) else message


def _said(turn: Turn) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("assistant", turn.message), ("tool", turn.observation)


def _completion(draft: Draft, noted: str) -> Messages:
    return chat_rows([("assistant", draft.think), ("tool", noted), ("assistant", draft.code.message)])
