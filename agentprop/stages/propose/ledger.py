"""Candidates, in the order of their indices → the accepted problems, the numbers, and the mastery for later batches.

Nothing here depends on the process that made a candidate or on its time. Memory: three digests of eight bytes per
accepted problem, and the mastery of one window of batches.

Batches of 32 candidates are made in parallel, `window` of them at a time, so batch b is drawn with the mastery, and
avoids the structures, after batch b − window. Example with a window of 2: in batch 0, 24 of 32 candidates succeed, 20
of them with a new structure. Mastery moves from 0.5 to 0.5 + (1 − 0.96³²)·(0.75 − 0.5) = 0.682, and batch 2 is the
first that is drawn with it.

    >>> ledger = Ledger(ProposeConfig(n=1), Curriculum(("algebra",)), window=2)
    >>> ledger.next, ledger.tallies = 32, {"algebra": [32, 24, 20]}
    >>> ledger.close_batch()
    >>> [round(ledger.mastery_for(batch).mastery["algebra"], 3) for batch in (0, 1, 2)]
    [0.5, 0.5, 0.682]
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Literal

from agentprop.agent.clauses import INERT
from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.agent.message_notes import MessageNotes
from agentprop.answers.gold import UNREADABLE
from agentprop.boundary import Tolerance, contained
from agentprop.composition.difficulty import spread
from agentprop.composition.freshness import ANY, Freshness
from agentprop.config import ProposeConfig
from agentprop.records import DeclaredDifficulty, Reject, content_id
from agentprop.stages.common.benchmarks import Benchmarks
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.common.plan import CandidateBatch
from agentprop.stages.propose.avoided import Avoided
from agentprop.stages.propose.digest import Digest, Episode
from agentprop.storage.columns import Storable, rebuilt

BATCH = 32
"""Candidates of a batch: enough that a module is compiled once for many, few enough that not many are under way, which
know nothing of each other's structures."""
WINDOW = 16
"""Batches in flight, unless the settings say otherwise."""
INDICES = 10**9
"""Candidates that a partition may number: those of partition p begin at p times this, so no two share a number."""

KNOWN = 20_000
"""Most structures that a batch is told to avoid: the latest ones."""
REMEMBERED = 2
"""Windows of batches whose failed structures a batch is told to avoid; then they may be tried again."""
SHARES = 16
"""Shares of all structures that batches prefer in turn: one for each batch under way."""

ONCE = "skills with one problem each"


@dataclass
class Ledger:
    """Totals of the commits so far; all of it can be restored from the stored state and shards."""

    config: ProposeConfig
    curriculum: Curriculum
    benchmarks: Benchmarks | None = None
    once: int = 0
    """Skills with one problem each, such as lifted programs."""
    window: int = WINDOW
    """Batches by which mastery lags behind; a run keeps the number that it began with."""
    rounds: int = 0
    """Batches that a part must finish, if a merge asked for more than the problems of its own quota."""
    next: int = 0
    """Number of the next candidate, counted from the first one of the partition."""
    accepted: int = 0
    """Accepted problems."""
    mined: int = 0
    """Accepted problems that compose a mined skill."""
    counts: Counter[str] = field(default_factory=Counter)
    """Candidates by outcome and reason, and turns, pruned, replaced, repaired."""
    tallies: dict[str, list[int]] = field(default_factory=dict)
    """Category → [candidates, successes, problems that count and have a new structure] of the open batch."""
    snapshots: list[MasteryState] = field(default_factory=list)
    """Mastery after each of the last `window` batches."""
    statements: set[bytes] = field(default_factory=set)
    """Digests of the accepted statements."""
    templates: Counter[bytes] = field(default_factory=Counter)
    structures: dict[bytes, None] = field(default_factory=dict)
    """Digests of their structures, in the order in which they came."""
    known: list[int] = field(default_factory=list)
    """Number of structures after each of the last `window` batches."""
    failed: list[list[str]] = field(default_factory=lambda: [[]])
    """Names of the structures of which nothing came, by batch; the open batch is the last."""
    last_failure: str = ""
    """Message of the last unexpected failure of this session."""
    notes: MessageNotes = field(default_factory=MessageNotes)
    """How the proposer wrote its messages, and the faults that candidates met."""
    avoided: Avoided = field(init=False)
    """Statements that a language model is told to avoid."""
    failures: Avoided = field(init=False)
    """Why attempts at a bundle failed, by bundle, if the model is told."""
    first_forecast: dict[str, Any] = field(default_factory=dict)
    """What was forecast after the first handful of candidates."""
    in_vain: int = 0
    """Candidates of this session since the last one that was accepted."""
    session: tuple[int, int] = (0, 0)
    """Candidates and accepted problems before this session."""

    def __post_init__(self) -> None:
        self.avoided = Avoided(self.window * BATCH // 2)
        self.failures = Avoided(self.window * BATCH // 2, self.config.remember_failures)

    def state(self) -> dict[str, Any]:
        """The state that resuming needs, beside the stored problems."""
        return {
            "next": self.next,
            "window": self.window,
            "counts": dict(self.counts),
            "mined": self.mined,
            "tallies": self.tallies,
            "snapshots": [[s.mastery, s.novelty] for s in self.snapshots],
            "known": self.known,
            "failed": self.failed,
            **({} if self.own_proposer else self._of_a_model()),
            **({"mined_share": self.curriculum.mined_share} if self.config.partitions > 1 else {}),
        }

    def _of_a_model(self) -> dict[str, Any]:
        """The part of the state that only a language model's run has."""
        told = {key: value for key, value in self.first_forecast.items() if key != "seconds"}  # which no one can repeat
        state = {"notes": self.notes.state(), "avoided": self.avoided.state(), "first_forecast": told}
        return {**state, "failures": self.failures.state()} if self.config.remember_failures else state

    @property
    def offset(self) -> int:
        """Index of the first candidate."""
        return INDICES * self.config.partition if isinstance(self.config.partition, int) else 0

    @property
    def done(self) -> bool:
        """True if no candidate is owed; a part ends with a whole batch, so that it can be merged up to its end."""
        if self.accepted < self.config.n or self.config.partitions == 1:
            return self.accepted >= self.config.n
        return self.next % BATCH == 0 and self.next >= self.rounds * BATCH

    @property
    def owed(self) -> int:
        """Problems to accept until it is done: at least one."""
        return max(self.config.n - self.accepted, 1)

    @property
    def own_proposer(self) -> bool:
        """True for the built-in proposer."""
        return self.config.proposer == "builtin"

    def restore(self, state: Mapping[str, Any], stored: Iterator[tuple[str, str, str]]) -> None:
        """Restore a committed state; `stored` gives (statement, template, structure) of the stored problems."""
        for problem in stored:
            self.remember(*problem)
        self.next, self.mined, self.window = int(state["next"]), int(state["mined"]), int(state["window"])
        self.counts = Counter(state["counts"])
        self.tallies = dict(state["tallies"])
        self.snapshots = [MasteryState(mastery, novelty) for mastery, novelty in state["snapshots"]]
        self.known = [*state.get("known", [0] * len(self.snapshots))]
        self.failed = [[*names] for names in state.get("failed", [[]])]
        self.notes = MessageNotes.restored(state.get("notes", {}))
        self.avoided = Avoided(self.window * BATCH // 2)
        self.avoided.restore(state.get("avoided", {}))
        self.failures = Avoided(self.window * BATCH // 2, self.config.remember_failures)
        self.failures.restore(state.get("failures", {}))
        self.first_forecast = dict(state.get("first_forecast", {}))
        self.session = (self.counts["candidates"], self.accepted)

    def remember(self, statement: str, template: str, structure: str = "") -> None:
        """Count a problem as accepted."""
        self.accepted += 1
        self.statements.add(_digest(statement))
        self.templates[bytes.fromhex(template[:16])] += 1
        self.structures.setdefault(bytes.fromhex(structure))

    def mastery_for(self, batch: int) -> MasteryState:
        """The mastery that a batch is drawn with: that of a window earlier."""
        position = self._position(batch)
        return self.snapshots[position] if position is not None else self.curriculum.start()

    def fresh_for(self, batch: int) -> Freshness:
        """What a batch avoids: structures accepted or failed a window earlier, and the shares of the batches near it.

        Nothing if tasks are tried more than once: the tries of one may fall in two batches, and have one composition.
        """
        if self.config.tries > 1:
            return ANY
        position = self._position(batch)
        count = self.known[position] if position is not None else 0
        known = frozenset(islice(self.structures, max(0, count - KNOWN), count))
        return Freshness(known, self._failed_before(batch), batch % SHARES, SHARES)

    def _failed_before(self, batch: int) -> frozenset[bytes]:
        """Structures that failed a window before a batch, or up to REMEMBERED windows earlier."""
        first = self.next // BATCH - len(self.failed) + 1  # number of the oldest batch that is kept
        last = batch - self.window + 1 - first
        some = self.failed[max(0, last - REMEMBERED * self.window) : max(0, last)]
        return frozenset(bytes.fromhex(name) for names in some for name in names)

    def _position(self, batch: int) -> int | None:
        """Place of what was known a window before a batch, among what is kept of the last batches."""
        first = self.next // BATCH - len(self.snapshots)  # number of the batch behind the oldest snapshot
        position = batch - self.window - first
        return position if 0 <= position < len(self.snapshots) else None

    def batch(self, first: int, limit: int, most: int = BATCH) -> CandidateBatch | None:
        """The candidates from `first` on, up to `most` of one batch; None if none may be drawn yet, or ever.

        What a candidate is drawn with is settled by commits a fixed distance earlier, however many are open.
        """
        number = first // BATCH
        last = min(first + most, (number + 1) * BATCH, limit)
        if last <= first or number >= self.next // BATCH + self.window:
            return None
        if self.own_proposer:
            return CandidateBatch(self._indices(first, last), self.mastery_for(number), fresh=self.fresh_for(number))
        last = min(last, self.avoided.end(first))
        if last > self.avoided.horizon(self.next):
            return None
        told = self.avoided.before(first), self.failures.before(first)
        return CandidateBatch(self._indices(first, last), self.mastery_for(number), *told)

    def _indices(self, first: int, last: int) -> range:
        return range(self.offset + first, self.offset + last)

    def close_batch(self) -> None:
        """Update the mastery after a whole batch."""
        self.snapshots = [*self.snapshots, self.curriculum.updated(self.latest, self.tallies)][-self.window :]
        self.known = [*self.known, len(self.structures)][-self.window :]
        self.failed = [*self.failed, []][-(REMEMBERED + 1) * self.window :]
        self.tallies = {}

    @property
    def latest(self) -> MasteryState:
        """The mastery after the last whole batch."""
        return self.snapshots[-1] if self.snapshots else self.curriculum.start()

    def _counted(self, what: str) -> dict[str, int]:
        """What was counted by reason or rule."""
        return {k.removeprefix(f"{what}: "): v for k, v in sorted(self.counts.items()) if k.startswith(f"{what}: ")}

    def refusal(self, candidate: Digest) -> tuple[str, str] | None:
        """Why a candidate does not count: (code, message), or None."""
        if candidate.failure is not None:
            return candidate.failure.code, candidate.failure.told
        if candidate.episode is None:
            return ("unwritten", words) if (words := candidate.words) else ("no_plan", "no composition was found")
        if candidate.problem is None:
            if candidate.episode.inert is not None:
                return f"{INERT}{candidate.episode.inert}", "a clause of its last submission does nothing"
            ended = candidate.words or "the trajectory ended without an accepted submission"
            return candidate.episode.stop, ended
        if candidate.missed:
            return "difficulty", f"{_told(candidate.problem.difficulty)} where {self.config.difficulty} was asked for"
        if candidate.verdict is not None and not self._passes(candidate):
            value, code, message = candidate.verdict
            return f"{value}:{code}", message
        if candidate.unreadable:
            return UNREADABLE, candidate.unreadable
        if _digest(candidate.problem.statement) in self.statements:
            return "duplicate", "the same statement was accepted before"
        if self.templates[bytes.fromhex(candidate.problem.template[:16])] >= self.config.max_template_repeats:
            return "template_repeats", "too many accepted problems differ from it in numbers alone"
        # With this problem the share would be (mined + 1)/(accepted + 1).
        if candidate.mined and self.mined + 1 > self.curriculum.mined_share * (self.accepted + 1):
            return "mined_share", "the share of mined problems would be too large"
        return self.benchmarks.refusal(candidate.problem.statement) if self.benchmarks is not None else None

    def _passes(self, candidate: Digest) -> bool:
        """True if a candidate's verdict does not stand in the way of acceptance."""
        value = candidate.verdict[0] if candidate.verdict is not None else "valid"
        return value == "valid" or (value == "undetermined" and self.config.keeps_undetermined)

    def commit(self, candidate: Digest) -> list[Storable]:
        """Accept or refuse one candidate, and return the records to store."""
        self.next = candidate.index + 1 - self.offset
        self.counts["candidates"] += 1
        refused = contained(partial(self.refusal, candidate), lambda failure: (failure.code, failure.told))
        if candidate.failure is None:
            tally = self.tallies.setdefault(candidate.category, [0, 0, 0])
            self.tallies[candidate.category] = [
                tally[0] + 1,
                tally[1] + self._succeeds(candidate),
                tally[2] + (refused is None and self._is_new(candidate.structure)),
            ]
            if candidate.problem is None and candidate.structure:
                self.failed[-1].append(candidate.structure)
        if candidate.episode is not None:
            self._tally(candidate.episode)
        self.counts.update({f"rewritten: {rule}": count for rule, count in candidate.rewritten.items()})
        self._note(candidate, refused)
        if refused is None:
            assert candidate.problem is not None  # refusal() made sure
            self.remember(candidate.problem.statement, candidate.problem.template, candidate.structure)
            self.mined += candidate.mined
            self.counts["accepted"] += 1
            if candidate.problem.difficulty is not None:
                # Rounded up, it could enter the next band.
                score = math.floor(10 * candidate.problem.difficulty.score) / 10
                self.counts[f"score: {score:.1f}"] += 1
            if (told := candidate.problem.told) is not None:
                self.counts[told] += 1
            if candidate.verdict is not None and candidate.verdict[0] != "valid":
                self.counts["undetermined"] += 1
            return [candidate.problem.record, *candidate.records]
        code, message = refused
        unexpected = is_unexpected(code)
        self.last_failure = message if unexpected else self.last_failure
        failed = unexpected or code == "infrastructure" or code.startswith("undetermined")
        outcome: Literal["rejected", "failed"] = "failed" if failed else "rejected"
        self.counts[outcome] += 1
        self.counts[f"{outcome}: {code}"] += 1
        record = rebuilt(candidate.problem.record).model_dump_json() if candidate.problem is not None else None
        item = str(candidate.index)
        refusal = Reject(stage="propose", item=item, outcome=outcome, code=code, message=message, record=record)
        return [refusal, *candidate.records]

    def _is_new(self, structure: str) -> bool:
        """True if no accepted problem has the structure; also of a problem that is not composed."""
        return not structure or bytes.fromhex(structure) not in self.structures

    def _succeeds(self, candidate: Digest) -> bool:
        """True if a candidate counts as a success of its category: its problem, if it was judged, passes."""
        if candidate.verdict is not None:
            return self._passes(candidate)
        return candidate.problem is not None

    def _note(self, candidate: Digest, refused: tuple[str, str] | None) -> None:
        """Take note of what a language model's candidate cost, how it was written, and why it does not count."""
        self.in_vain = 0 if refused is None else self.in_vain + 1
        if self.own_proposer:
            return
        self.notes += candidate.notes
        for usage in candidate.usage:
            self.counts["requests"] += 1
            self.counts["prompt_tokens"] += usage.prompt_tokens
            self.counts["cached_tokens"] += usage.cached_tokens
            self.counts["completion_tokens"] += usage.completion_tokens
        if refused is not None and candidate.problem is not None:
            code, message = refused
            self.notes = self.notes.with_fault(code, message, candidate.problem.statement)
            if code in ("template_repeats", "duplicate"):
                self.avoided.add(candidate.category, candidate.problem.template, candidate.problem.statement)
        if self.config.remember_failures and candidate.episode is not None and refused is not None:
            for reason in candidate.episode.conflicts:
                self.failures.add(candidate.episode.bundle, reason, reason)
        if candidate.draft:
            self.counts["redrafted"] += 1
        if candidate.reminded:
            self.counts["reminded"] += 1
        self.avoided.close(self.next)
        self.failures.close(self.next)

    @property
    def ended(self) -> tuple[int, int]:
        """(candidates, accepted problems) of this session."""
        return self.counts["candidates"] - self.session[0], self.accepted - self.session[1]

    def _tally(self, episode: Episode) -> None:
        self.counts["turns"] += episode.turns
        self.counts["pruned"] += episode.pruned
        self.counts["replaced"] += episode.replaced
        self.counts["repaired"] += episode.repaired

    @property
    def tolerance(self) -> Tolerance:
        """How many candidates failed unexpectedly, of those so far or at least to come."""
        reasons = {name.removeprefix("failed: "): n for name, n in self.counts.items() if name.startswith("failed: ")}
        share, candidates = self.config.max_failures, self.counts["candidates"]
        return tolerance_of(share, reasons, candidates, total=self.config.n, last=self.last_failure)

    def _difficulty(self) -> dict[str, Any]:
        """Declared difficulty of the accepted problems, beside what was asked for."""
        scores = {float(score): count for score, count in self._counted("score").items()}
        if not scores and self.config.difficulty is None:
            return {}
        asked = {"asked": self.config.difficulty} if self.config.difficulty is not None else {}
        missed = {"missed": self.counts["rejected: difficulty"]} if asked else {}
        return {**asked, **missed, **spread(scores)}

    def summary(self) -> dict[str, Any]:
        """The numbers that the command prints; in = accepted + rejected + failed."""
        c = self.counts
        if c["candidates"] != c["accepted"] + c["rejected"] + c["failed"]:
            raise AssertionError(f"candidates are not accounted for: {dict(c)}")
        reasons = {**self._counted("rejected"), **self._counted("failed")}
        return {
            "candidates": c["candidates"],
            "accepted": c["accepted"],
            "rejected": c["rejected"],
            "failed": c["failed"],
            **({"undetermined": c["undetermined"]} if self.config.keeps_undetermined else {}),
            "reasons": reasons,
            "pruned_trajectories": c["pruned"],
            "replaced_trajectories": c["replaced"],
            "repaired_trajectories": c["repaired"],
            **({"rewritten": rewritten} if (rewritten := self._counted("rewritten")) else {}),
            **({"with_solution": c["solved"]} if c["solved"] else {}),
            **({"without_solution": unsolved} if (unsolved := self._counted("unsolved")) else {}),
            **({"redrafted": c["redrafted"]} if c["redrafted"] else {}),
            **({"reminded": c["reminded"]} if c["reminded"] else {}),
            "turns": c["turns"],
            "templates": len(self.templates),
            "largest_template": max(self.templates.values(), default=0),
            "mined": self.mined,
            **({"difficulty": told} if (told := self._difficulty()) else {}),
            **({ONCE: self.once} if self.once else {}),
            "mastery": {category: round(m, 3) for category, m in self.latest.mastery.items()},
        }


def _told(found: DeclaredDifficulty | None) -> str:
    """A declared difficulty in words."""
    return f"the declared difficulty is {found.band} (D = {found.score:g})" if found else "no difficulty is declared"


def _digest(statement: str) -> bytes:
    return bytes.fromhex(content_id(statement)[:16])
