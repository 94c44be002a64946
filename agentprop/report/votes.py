"""Attempt rows of verifiers and auditors → their agreement, and the problems on which they disagree.

Every attempt is kept in eight bytes, so that the attempts of a problem may come in any order and from several runs; of
several attempts with one verifier, role and number the last one read counts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from struct import Struct
from typing import Any, NamedTuple

from agentprop.report.index import ProblemIndex
from agentprop.report.text import LABEL, clip

VALID, INVALID, SILENT = 1, 0, 2
SIGNS = "-+?"
"""Signs of a vote in the list of problems: invalid, valid, undecided."""
_PACKED = Struct("<BBBBI")
_MOST = 255
"""Most verifiers, and most reason codes: their number fits a byte."""


class Vote(NamedTuple):
    """One attempt, as it is kept in memory."""

    judge: int
    """Position of the (role, verifier)."""
    number: int
    """Number of the attempt among those of this verifier, modulo 256."""
    vote: int
    """VALID, INVALID or SILENT."""
    code: int
    """Position of the reason code."""
    answer: int
    """Hash of the answer without blanks; 0 if there is none."""


@dataclass(frozen=True)
class VoterSummary:
    """Votes of one verifier or auditor on all problems."""

    role: str
    """verifier or auditor."""
    name: str
    """Its name."""
    attempts: int
    """Attempts, repeats included."""
    valid: int
    """Votes for valid."""
    invalid: int
    """Votes for invalid."""
    silent: int
    """Attempts without a vote."""
    codes: tuple[tuple[str, int], ...]
    """Reason codes, the most frequent first."""


@dataclass(frozen=True)
class Agreement:
    """Two verifiers on the problems that both voted on."""

    first: int
    """Position of one verifier."""
    second: int
    """Position of the other."""
    both: int
    """Problems on which both voted valid or invalid."""
    agree: int
    """Those on which the votes are equal."""
    answers: int
    """Problems on which both gave an answer."""
    same_answer: int
    """Those with answers equal to the letter; others may still be equivalent."""
    kappa: float | None
    """Cohen's κ, the agreement beyond chance; None if one of them always votes the same."""


class Votes:
    """The votes on every problem."""

    def __init__(self, index: ProblemIndex) -> None:
        self._index = index
        self._judges: dict[tuple[str, str], int] = {}
        self._codes: dict[str, int] = {}
        self._votes: list[bytes] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row with `problem_id`, `role`, `number`, `verifier`, `vote`, `answer`, `code`."""
        judge = _position(self._judges, (str(row["role"]), row["verifier"]))
        code = _position(self._codes, clip(row["code"], LABEL) or "")
        cast = SILENT if row["vote"] is None else int(row["vote"])
        vote = Vote(judge, row["number"] % 256, cast, code, _answer_hash(row["answer"]))
        problem = self._index.add(row["problem_id"])
        self._votes.extend([b""] * (problem + 1 - len(self._votes)))
        earlier = [v for v in _unpack(self._votes[problem]) if v[:2] != vote[:2]]
        self._votes[problem] = b"".join(_PACKED.pack(*v) for v in [*earlier, vote])

    def signs(self, problem_id: str) -> str:
        """The last vote of every verifier on a problem, such as `++?`; a blank if there is none."""
        signs = [" "] * len(self._judges)
        problem = self._index.find(problem_id)
        for vote in _unpack(self._votes[problem] if 0 <= problem < len(self._votes) else b""):
            signs[vote.judge] = SIGNS[vote.vote]
        return "".join(signs).rstrip()

    def judges(self) -> list[VoterSummary]:
        """Summaries of all verifiers and auditors."""
        votes: dict[int, Counter[int]] = {n: Counter() for n in self._judges.values()}
        codes: dict[int, Counter[str]] = {n: Counter() for n in self._judges.values()}
        names = list(self._codes)
        for packed in self._votes:
            for vote in _unpack(packed):
                votes[vote.judge][vote.vote] += 1
                codes[vote.judge][names[vote.code]] += 1
        return [
            VoterSummary(
                role,
                name,
                votes[n].total(),
                votes[n][VALID],
                votes[n][INVALID],
                votes[n][SILENT],
                tuple(codes[n].most_common(12)),
            )
            for (role, name), n in self._judges.items()
        ]

    def agreements(self) -> list[Agreement]:
        """Agreement of every pair of verifiers that attempted the same problems."""
        counts: dict[tuple[int, int], Counter[str]] = {}
        verifiers = {n for (role, _), n in self._judges.items() if role == "verifier"}
        for packed in self._votes:
            last = {vote.judge: vote for vote in _unpack(packed) if vote.judge in verifiers}
            for one, other in combinations(sorted(last), 2):
                _meet(counts.setdefault((one, other), Counter()), last[one], last[other])
        return [_agreement(pair, counted) for pair, counted in sorted(counts.items())]

    def contested(self) -> Iterator[tuple[int, str]]:
        """Yield positions of the problems without plain agreement, each with the reason."""
        auditors = {n for (role, _), n in self._judges.items() if role == "auditor"}
        for problem, packed in enumerate(self._votes):
            reason = _dispute(list(_unpack(packed)), auditors)
            if reason:
                yield problem, reason


def _unpack(packed: bytes) -> Iterator[Vote]:
    return (Vote(*fields) for fields in _PACKED.iter_unpack(packed))


def _position(known: dict[Any, int], key: Any) -> int:
    """Position of a key; keys that do not fit a byte share the last one."""
    return known.setdefault(key, len(known)) if len(known) < _MOST else known.get(key, _MOST - 1)


def _answer_hash(answer: str | None) -> int:
    if answer is None:
        return 0
    text = "".join(answer.split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest()) or 1


def _meet(counted: Counter[str], one: Vote, other: Vote) -> None:
    if SILENT not in (one.vote, other.vote):
        counted[f"{one.vote}{other.vote}"] += 1
    if one.answer and other.answer:
        counted["answers"] += 1
        counted["same"] += one.answer == other.answer


def _agreement(pair: tuple[int, int], counted: Counter[str]) -> Agreement:
    both = sum(counted[key] for key in ("00", "01", "10", "11"))
    agree = counted["00"] + counted["11"]
    return Agreement(*pair, both, agree, counted["answers"], counted["same"], _kappa(counted, both, agree))


def _kappa(counted: Counter[str], both: int, agree: int) -> float | None:
    one, other = counted["10"] + counted["11"], counted["01"] + counted["11"]
    if both == 0 or one in (0, both) or other in (0, both):
        return None
    chance = (one * other + (both - one) * (both - other)) / both**2
    return (agree / both - chance) / (1 - chance)


def _dispute(votes: list[Vote], auditors: set[int]) -> str | None:
    cast = {vote.vote for vote in votes if vote.judge not in auditors}
    if {VALID, INVALID} <= cast:
        return "votes differ"
    if SILENT in cast and len(cast) > 1:
        return "one could not say"
    if any(vote.judge in auditors for vote in votes):
        return "audited"
    if len({vote.answer for vote in votes if vote.vote == VALID} - {0}) > 1:
        return "answers are written differently"
    return None
