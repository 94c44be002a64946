"""Attempts → V(q), by the paper's rule and nothing else. A pure function, so attempts can be judged again at any time.

A problem is accepted iff
  1. at least two of three verifiers vote valid (of n: more than half),
  2. no rationale reports ambiguity, underspecification or unsolvability,
  3. the final answers agree with each other and with the claim, or the auditor settles the difference.

Ours, where the paper is silent: every answer counts in 3, also that of a verifier who votes invalid. An attempt without
a vote (cut off, lost, unreadable) is no vote against: where it could still turn the decision the verdict is
`undetermined`, and where two others carry 1 without it, it is left out. The auditor settles a difference by voting
valid with an answer that is the claimed one; with another answer the claim is wrong, and a vote against leaves the
difference open, which is not acceptance. A comparison that could not be decided is a difference to be settled; without
an auditor it leaves the verdict undetermined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from agentprop.answers.outcome import Equivalence, same
from agentprop.grading.verifier_reply import FLAGS
from agentprop.records import Attempt, Evidence, MadeBy, Problem, Verdict

Same = Callable[[str, str], Equivalence]
"""Compares (the claimed or an earlier answer, an answer)."""
Value = Literal["valid", "invalid", "undetermined"]


@dataclass(frozen=True)
class Tally:
    """What a set of attempts amounts to."""

    value: Value
    """The verdict."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    answer: str | None = None
    """The answer arrived at."""
    disputed: bool = False
    """Whether only the answers stand between it and acceptance, and no auditor has spoken."""


def quorum(seats: int) -> int:
    """Votes that carry: two of three, and more than half of any other number."""
    return seats // 2 + 1


def weigh(claimed: str, attempts: Sequence[Attempt], alike: Same) -> Tally:
    """V(q) of the verifiers' attempts, one for each seat, and of the auditor's where there is one."""
    verifiers = [attempt for attempt in attempts if attempt.role == "verifier"]
    auditor = next((attempt for attempt in attempts if attempt.role == "auditor"), None)
    refused = _flagged(verifiers) or _outvoted(verifiers)
    if refused is not None:
        return refused
    answers = [attempt.answer for attempt in verifiers if attempt.answer is not None]
    if not answers:
        return Tally("undetermined", "no_answer", "no verifier gave an answer")
    compared = _compared(claimed, answers, alike)
    if compared.status == "same":
        votes = sum(attempt.vote is True for attempt in verifiers)
        told = f"{votes} of {len(verifiers)} vote valid, and all answers agree with the claim ({compared.rule})"
        return Tally("valid", "agrees", told, answers[0])
    if auditor is not None:
        return _settled(claimed, auditor, alike)
    if compared.status == "undetermined":
        return Tally("undetermined", "equivalence", compared.why, disputed=True)
    return _differing(answers, compared, alike)


def verdict(problem: Problem, attempts: Sequence[Attempt], standing: Tally, made_by: MadeBy) -> Verdict:
    """The record of a standing, with every attempt behind it."""
    evidence: Evidence = problem.evidence if standing.value == "valid" else "none"
    return Verdict(
        problem_id=problem.id,
        value=standing.value,
        code=standing.code,
        message=standing.message,
        answer=standing.answer,
        evidence=evidence,
        attempt_ids=tuple(a.id for a in attempts),
        made_by=made_by,
    )


def flags_of(attempt: Attempt) -> tuple[str, ...]:
    """What an attempt reports of the statement."""
    return tuple(flag for flag in attempt.code.split(",") if flag in FLAGS)


def _flagged(attempts: Sequence[Attempt]) -> Tally | None:
    """The second condition."""
    for flag in FLAGS:
        reporters = [attempt for attempt in attempts if flag in flags_of(attempt)]
        if reporters:
            told = f"{len(reporters)} of {len(attempts)} report the statement as {flag}: {reporters[0].rationale}"
            return Tally("invalid", flag, told)
    return None


def _outvoted(verifiers: Sequence[Attempt]) -> Tally | None:
    """The first condition."""
    votes = [attempt.vote for attempt in verifiers]
    needed, cast = quorum(len(votes)), votes.count(True)
    if cast >= needed:
        return None
    told = f"{cast} of {len(votes)} vote valid, and {needed} are needed"
    silent = [attempt for attempt in verifiers if attempt.vote is None]
    if cast + len(silent) < needed:
        against = next((attempt.rationale for attempt in verifiers if attempt.vote is False), "")
        return Tally("invalid", "outvoted", f"{told}: {against}")
    return Tally("undetermined", silent[0].code or "no_vote", f"{told}; {len(silent)} could not say")


def _compared(claimed: str, answers: Sequence[str], alike: Same) -> Equivalence:
    """The third condition: different if any two differ, undetermined if any two could not be compared."""
    found = same("identical", "the texts are identical")
    for one, other in [*((claimed, answer) for answer in answers), *combinations(answers, 2)]:
        compared = alike(one, other)
        if compared.status == "different":
            return compared
        if compared.status == "undetermined" or found.status == "same":
            found = compared if found.status == "same" else found
    return found


def _settled(claimed: str, auditor: Attempt, alike: Same) -> Tally:
    """What the auditor makes of a difference."""
    if auditor.vote is None:
        return Tally("undetermined", f"audit_{auditor.code or 'no_vote'}", f"the auditor: {auditor.rationale}")
    flagged = _flagged([auditor])
    if flagged is not None:
        return flagged
    if not auditor.vote or auditor.answer is None:
        return Tally("invalid", "unsettled", f"the auditor cannot settle the answers: {auditor.rationale}")
    compared = alike(claimed, auditor.answer)
    if compared.status == "same":
        return Tally("valid", "settled", f"the auditor settles the difference: {auditor.rationale}", auditor.answer)
    if compared.status == "undetermined":
        return Tally("undetermined", "equivalence", compared.why, auditor.answer)
    return Tally("invalid", "answer_differs", f"the auditor gives {_brief(auditor.answer)}", auditor.answer)


def _differing(answers: Sequence[str], compared: Equivalence, alike: Same) -> Tally:
    """A difference without an auditor: all against the claim, or each other."""
    if all(alike(answers[0], other).status == "same" for other in answers[1:]):
        told = f"all verifiers give {_brief(answers[0])}: {compared.why}"
        return Tally("invalid", "answer_differs", told, answers[0], disputed=True)
    return Tally("invalid", "answers_differ", f"the answers differ: {compared.why}", disputed=True)


def _brief(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
