"""Several runs → their records, one after the other, and the counters that the passes over them fill."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from agentprop.boundary import HINT_WITHOUT_RUN, RecordFailure, Tolerance, contained
from agentprop.records import Record
from agentprop.report.difficulty import Difficulties
from agentprop.report.index import ProblemIndex, number_of
from agentprop.report.skills import SkillPairs
from agentprop.report.verdicts import VerdictTable
from agentprop.report.votes import Votes
from agentprop.storage import Row
from agentprop.storage.reader import StoredRun


@dataclass
class ReportData:
    """Data gathered by the passes over the runs."""

    runs: Sequence[StoredRun]
    index: ProblemIndex = field(default_factory=ProblemIndex)
    verdicts: VerdictTable = field(init=False)
    votes: Votes = field(init=False)
    difficulties: Difficulties = field(init=False)
    pairs: SkillPairs = field(default_factory=SkillPairs)
    makers: Counter[str] = field(default_factory=Counter)
    declared: Counter[float] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    valid: Counter[int] = field(default_factory=Counter)
    elsewhere: int = 0
    shown: Tolerance = field(default_factory=lambda: Tolerance(1.0, hint=HINT_WITHOUT_RUN))

    def __post_init__(self) -> None:
        self.verdicts = VerdictTable(self.index)
        self.votes = Votes(self.index)
        self.difficulties = Difficulties(self.index)

    def rows(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[tuple[int, Row]]:
        """Yield (position of the run, row) for every record of a kind."""
        for number, stored in enumerate(self.runs):
            if stored.rows.get(record_type.kind):
                yield from ((number, row) for row in stored.iter_rows(record_type, columns))

    def once(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[tuple[int, Row]]:
        """Yield the same without records that an earlier run also holds, as runs that read a pipe do."""
        several = sum(bool(stored.rows.get(record_type.kind)) for stored in self.runs) > 1
        seen: set[int] = set()
        for number, row in self.rows(record_type, columns):
            record = number_of(row["id"]) if several else -1
            if record not in seen or not several:
                seen.add(record)
                yield number, row

    def each(self, rows: Iterable[tuple[int, Row]], work: Callable[[int, Row], None]) -> None:
        """Do the work of a pass for every row; a row that fails is told of and left out, and no other one."""

        def done(number: int, row: Row) -> None:
            work(number, row)
            self.shown.add()

        for number, row in rows:
            contained(partial(done, number, row), partial(self._failed, number, row))

    def _failed(self, number: int, row: Row, failure: RecordFailure) -> None:
        name = next((str(row[key]) for key in ("id", "problem_id", "item") if key in row), "a record")
        print(f"{name} of {self.runs[number].name} cannot be shown: {failure.told}", file=sys.stderr)
        self.shown.add(failure)
