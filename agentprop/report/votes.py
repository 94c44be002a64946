"""Attempt rows of verifiers and auditors → who agrees with whom, and the problems on which they do not.

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
"""How a vote is written in the list of problems: invalid, valid, could not say."""
_PACKED = Struct("<BBBBI")
_MOST = 255
"""Verifiers, and reason codes, that fit a byte."""


class Vote(NamedTuple):
    """One attempt, as it is kept."""

    judge: int
    """Position of the (role, verifier)."""
    number: int
    """Which attempt of this verifier, modulo 256."""
    vote: int
    """VALID, INVALID or SILENT."""
    code: int
    """Position of the reason code."""
    answer: int
    """Hash of the answer without blanks; 0 where there is none."""


@dataclass(frozen=True)
class VoterSummary:
    """What one verifier or auditor said over all problems."""

    role: str
    """verifier or auditor."""
    name: str
    """Who."""
    attempts: int
    """Problems and repeats tried."""
    valid: int
    """Votes for valid."""
    invalid: int
    """Votes for invalid."""
    silent: int
    """Attempts that could not say."""
    codes: tuple[tuple[str, int], ...]
    """Reason codes, the most frequent first."""


@dataclass(frozen=True)
class Agreement:
    """Two verifiers on the problems that both voted on."""

    first: int
    """Position of one judge."""
    second: int
    """Position of the other."""
    both: int
    """Problems on which both said valid or invalid."""
    agree: int
    """On which they said the same."""
    answers: int
    """On which both gave an answer."""
    same_answer: int
    """The same to the letter; answers written differently may still be equivalent."""
    kappa: float | None
    """Cohen's κ: agreement beyond chance; None where one of them always says the same."""


class Votes:
    """The votes on every problem."""

    def __init__(self, index: ProblemIndex) -> None:
        self._index = index
        self._judges: dict[tuple[str, str], int] = {}
        self._codes: dict[str, int] = {}
        self._votes: list[bytes] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Note a row with `problem_id`, `role`, `number`, `verifier`, `vote`, `answer`, `code`."""
        judge = _position(self._judges, (str(row["role"]), row["verifier"]))
        code = _position(self._codes, clip(row["code"], LABEL) or "")
        said = SILENT if row["vote"] is None else int(row["vote"])
        vote = Vote(judge, row["number"] % 256, said, code, _answer_hash(row["answer"]))
        problem = self._index.add(row["problem_id"])
        self._votes.extend([b""] * (problem + 1 - len(self._votes)))
        earlier = [v for v in _unpack(self._votes[problem]) if v[:2] != vote[:2]]
        self._votes[problem] = b"".join(_PACKED.pack(*v) for v in [*earlier, vote])

    def signs(self, problem_id: str) -> str:
        """The last vote of every judge on a problem, such as `++?`; a blank where there is none."""
        signs = [" "] * len(self._judges)
        problem = self._index.find(problem_id)
        for vote in _unpack(self._votes[problem] if 0 <= problem < len(self._votes) else b""):
            signs[vote.judge] = SIGNS[vote.vote]
        return "".join(signs).rstrip()

    def judges(self) -> list[VoterSummary]:
        """Every verifier and auditor."""
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
        """Every pair of verifiers that met."""
        counts: dict[tuple[int, int], Counter[str]] = {}
        verifiers = {n for (role, _), n in self._judges.items() if role == "verifier"}
        for packed in self._votes:
            last = {vote.judge: vote for vote in _unpack(packed) if vote.judge in verifiers}
            for one, other in combinations(sorted(last), 2):
                _meet(counts.setdefault((one, other), Counter()), last[one], last[other])
        return [_agreement(pair, counted) for pair, counted in sorted(counts.items())]

    def contested(self) -> Iterator[tuple[int, str]]:
        """Positions of the problems on which there was no plain agreement, each with the reason."""
        auditors = {n for (role, _), n in self._judges.items() if role == "auditor"}
        for problem, packed in enumerate(self._votes):
            reason = _dispute(list(_unpack(packed)), auditors)
            if reason:
                yield problem, reason


def _unpack(packed: bytes) -> Iterator[Vote]:
    return (Vote(*fields) for fields in _PACKED.iter_unpack(packed))


def _position(known: dict[Any, int], key: Any) -> int:
    """Where a key stands; those that do not fit a byte share the last place."""
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
    said = {vote.vote for vote in votes if vote.judge not in auditors}
    if {VALID, INVALID} <= said:
        return "votes differ"
    if SILENT in said and len(said) > 1:
        return "one could not say"
    if any(vote.judge in auditors for vote in votes):
        return "audited"
    if len({vote.answer for vote in votes if vote.vote == VALID} - {0}) > 1:
        return "answers are written differently"
    return None
