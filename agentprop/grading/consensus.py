"""Attempts → V(q), by the paper's rule. A pure function, so stored attempts can be judged again at any time.

A problem is accepted iff (arXiv 2602.03279)
  1. at least two of three verifiers vote valid (of n: more than half),
  2. no rationale reports ambiguity, underspecification or unsolvability,
  3. the final answers agree with each other and with the claim, or the auditor settles the difference.

Ours, on points that the paper leaves open:
- Every answer counts in 3, also that of a verifier that votes invalid.
- A rationale reports in any words, not only by the three flags: see `reports`. So does the text of an unreadable reply.
- An attempt without a vote (cut off, lost, unreadable) is no vote against. If it could still turn the decision, the
  verdict is `undetermined`; if the others carry 1 without it, it is left out. Only a reply that came and could not be
  read, twice, is never left out: nobody knows what it reports, so the auditor is asked, and without one the verdict is
  `undetermined`.
- The auditor settles between the verifiers' own answers. If it votes valid with the claimed one, which a verifier must
  have found too, the problem is valid; with another that a verifier found, the claim is wrong. An answer that no
  verifier gave supports nothing and is `undetermined`; a vote against leaves the difference open, which is not
  acceptance.
- A comparison that could not be decided is a difference for the auditor; without one the verdict is `undetermined`.

Example: the claim is 5, and three verifiers give (vote, answer).

    >>> from agentprop.answers.outcome import different
    >>> def verdict_on(*votes, auditor=()):
    ...     roles = [("verifier", vote) for vote in votes] + [("auditor", vote) for vote in auditor]
    ...     attempts = [
    ...         Attempt(problem_id="p", role=role, verifier="m", vote=vote, answer=answer)
    ...         for role, (vote, answer) in roles
    ...     ]
    ...     compare = lambda one, other: same("text", "") if one == other else different("text", "")
    ...     tally = tally_votes("5", attempts, compare)
    ...     return tally.value, tally.code
    >>> verdict_on((True, "5"), (True, "5"), (False, "5"))  # two of three, and all answers agree
    ('valid', 'agrees')
    >>> verdict_on((True, "5"), (False, "6"), (False, "6"))
    ('invalid', 'outvoted')
    >>> verdict_on((True, "5"), (False, "6"), (None, None))  # the third vote could still turn it
    ('undetermined', 'no_vote')
    >>> verdict_on((True, "5"), (True, "5"), (None, None))  # it could not
    ('valid', 'agrees')
    >>> verdict_on((True, "5"), (True, "5"), (False, "6"))  # carried, but the answers differ
    ('invalid', 'answers_differ')
    >>> verdict_on((True, "5"), (True, "5"), (False, "6"), auditor=[(True, "5")])
    ('valid', 'settled')
    >>> verdict_on((True, "6"), (True, "6"), (False, "6"), auditor=[(True, "5")])  # the claim, which nobody else found
    ('undetermined', 'unsupported')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from agentprop.answers.outcome import Equivalence, same
from agentprop.grading.reports import FLAGS, reported
from agentprop.records import Attempt, Evidence, MadeBy, Problem, Verdict

CompareAnswers = Callable[[str, str], Equivalence]
"""(the claimed or an earlier answer, an answer) → the same, different or undetermined."""
Value = Literal["valid", "invalid", "undetermined"]
MALFORMED = "malformed"
"""Code of an attempt whose reply could not be read, even after a correction."""


@dataclass(frozen=True)
class Tally:
    """Result of counting a set of attempts."""

    value: Value
    """The verdict."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    answer: str | None = None
    """The answer that the verdict rests on."""
    disputed: bool = False
    """Nothing but the difference between answers prevents acceptance, and no auditor was asked yet."""


def quorum(voters: int) -> int:
    """Votes needed: two of three, and more than half of any other number."""
    return voters // 2 + 1


def tally_votes(claimed: str, attempts: Sequence[Attempt], compare: CompareAnswers) -> Tally:
    """Count the attempts, one of every verifier and perhaps one of the auditor, into V(q)."""
    verifiers = [attempt for attempt in attempts if attempt.role == "verifier"]
    auditor = next((attempt for attempt in attempts if attempt.role == "auditor"), None)
    # Flags before votes: a majority cannot overrule a report that the statement is ambiguous.
    refused = _flagged(verifiers) or _outvoted(verifiers)
    if refused is not None:
        return refused
    answers = [attempt.answer for attempt in verifiers if attempt.answer is not None]
    if not answers:
        return Tally("undetermined", "no_answer", "no verifier gave an answer")
    compared = _compared(claimed, answers, compare)
    unread = [attempt for attempt in verifiers if attempt.code == MALFORMED]
    if compared.status == "same" and not unread:
        votes = sum(attempt.vote is True for attempt in verifiers)
        message = f"{votes} of {len(verifiers)} vote valid, and all answers agree with the claim ({compared.rule})"
        return Tally("valid", "agrees", message, answers[0])
    # Only now the auditor: it settles a difference and nothing else, so its vote never adds to the verifiers'.
    if auditor is not None:
        return _audited(claimed, auditor, answers, compare)
    if compared.status == "same":
        message = f"{len(unread)} of {len(verifiers)} gave a reply that cannot be read: {unread[0].rationale}"
        return Tally("undetermined", MALFORMED, message, answers[0], disputed=True)
    if compared.status == "undetermined":
        return Tally("undetermined", "equivalence", compared.why, disputed=True)
    return _differing(answers, compared, compare)


def verdict(problem: Problem, attempts: Sequence[Attempt], tally: Tally, made_by: MadeBy) -> Verdict:
    """The record of a tally, with every attempt behind it."""
    evidence: Evidence = problem.evidence if tally.value == "valid" else "none"
    return Verdict(
        problem_id=problem.id,
        value=tally.value,
        code=tally.code,
        message=tally.message,
        answer=tally.answer,
        evidence=evidence,
        attempt_ids=tuple(a.id for a in attempts),
        made_by=made_by,
    )


def flags_of(attempt: Attempt) -> tuple[str, ...]:
    """Flags that an attempt raises about the statement, by name or in the words of its rationale."""
    raised = {*attempt.code.split(","), *reported(_said(attempt))}
    return tuple(flag for flag in FLAGS if flag in raised)


def _said(attempt: Attempt) -> str:
    """What an attempt says of the statement: its rationale, or the visible text of a reply that could not be read."""
    if attempt.vote is not None:
        return attempt.rationale
    text = attempt.response if attempt.code == MALFORMED else None
    return "" if text is None or "<think>" in text.rpartition("</think>")[2] else text.rpartition("</think>")[2]


def _flagged(attempts: Sequence[Attempt]) -> Tally | None:
    """Refusal by the second condition, if it is not met."""
    for flag in FLAGS:
        reporters = [attempt for attempt in attempts if flag in flags_of(attempt)]
        if reporters:
            said = _brief(" ".join(_said(reporters[0]).split()) or reporters[0].rationale)
            message = f"{len(reporters)} of {len(attempts)} report the statement as {flag}: {said}"
            return Tally("invalid", flag, message)
    return None


def _outvoted(verifiers: Sequence[Attempt]) -> Tally | None:
    """Refusal or open outcome by the first condition, if it is not met."""
    votes = [attempt.vote for attempt in verifiers]
    needed, valid = quorum(len(votes)), votes.count(True)
    if valid >= needed:
        return None
    message = f"{valid} of {len(votes)} vote valid, and {needed} are needed"
    silent = [attempt for attempt in verifiers if attempt.vote is None]
    if valid + len(silent) < needed:  # even if every missing vote were valid
        against = next((attempt.rationale for attempt in verifiers if attempt.vote is False), "")
        return Tally("invalid", "outvoted", f"{message}: {against}")
    return Tally("undetermined", silent[0].code or "no_vote", f"{message}; {len(silent)} could not say")


def _compared(claimed: str, answers: Sequence[str], compare: CompareAnswers) -> Equivalence:
    """Compare all pairs for the third condition: different if any two differ, undetermined if any comparison is."""
    found = same("identical", "the texts are identical")
    # Every pair, because "the same to a given precision" is not transitive.
    for one, other in [*((claimed, answer) for answer in answers), *combinations(answers, 2)]:
        compared = compare(one, other)
        if compared.status == "different":
            return compared
        # One undecided comparison keeps the whole undecided, unless a later pair certainly differs.
        if compared.status == "undetermined" or found.status == "same":
            found = compared if found.status == "same" else found
    return found


def _audited(claimed: str, auditor: Attempt, answers: Sequence[str], compare: CompareAnswers) -> Tally:
    """Decide between the verifiers' answers by the auditor's attempt."""
    flagged = _flagged([auditor])
    if flagged is not None:
        return flagged
    if auditor.vote is None:
        return Tally("undetermined", f"audit_{auditor.code or 'no_vote'}", f"the auditor: {auditor.rationale}")
    if not auditor.vote or auditor.answer is None:
        return Tally("invalid", "unsettled", f"the auditor cannot settle the answers: {auditor.rationale}")
    compared = compare(claimed, auditor.answer)
    if compared.status == "undetermined":
        return Tally("undetermined", "equivalence", compared.why, auditor.answer)
    settled = claimed if compared.status == "same" else auditor.answer
    if all(compare(settled, answer).status != "same" for answer in answers):
        message = f"the auditor gives {_brief(auditor.answer)}, which no verifier found itself"
        return Tally("undetermined", "unsupported", message, auditor.answer)
    if compared.status == "same":
        return Tally("valid", "settled", f"the auditor settles the difference: {auditor.rationale}", auditor.answer)
    return Tally("invalid", "answer_differs", f"the auditor gives {_brief(auditor.answer)}", auditor.answer)


def _differing(answers: Sequence[str], compared: Equivalence, compare: CompareAnswers) -> Tally:
    """Name a difference without an auditor: all answers against the claim, or against each other."""
    # `disputed`, because an auditor may still settle either kind of difference.
    if all(compare(answers[0], other).status == "same" for other in answers[1:]):
        message = f"all verifiers give {_brief(answers[0])}: {compared.why}"
        return Tally("invalid", "answer_differs", message, answers[0], disputed=True)
    return Tally("invalid", "answers_differ", f"the answers differ: {compared.why}", disputed=True)


def _brief(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
