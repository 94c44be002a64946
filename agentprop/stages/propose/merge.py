"""The parts of a divided run → one run of exactly n problems, which is an ordinary run of `propose`.

The first n problems in canonical order, with their trajectories, attempts and verdicts; what did not become a problem
stays in the parts. A merge that was killed, or is repeated with a larger n, decides all rows again, which costs little,
checks that those it has stored come first, and appends the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentprop.composition.difficulty import spread
from agentprop.config import ProposeConfig
from agentprop.engine import Interruption
from agentprop.errors import BoundReached, ConfigError, RunError
from agentprop.records import Attempt, Problem, Record, Reject, Skill, Trajectory, Verdict, content_id
from agentprop.stages.common.partitions import (
    added,
    journalled,
    numbers_of,
    part_directory,
    stored_parts,
    write_owed,
)
from agentprop.stages.common.progress import Progress
from agentprop.stages.propose.canonical import MergeRules, Row, canonical, rounds_for
from agentprop.stages.propose.ledger import BATCH, INDICES
from agentprop.storage.directory import Directory
from agentprop.storage.parts import Identity, Segment
from agentprop.storage.run import Run, StoredRun

COLUMNS = ("id", "statement", "template", "index", "evidence")
REASONS = {
    "duplicate": "an earlier problem of another part has the same statement",
    "template_repeats": "too many earlier problems differ from it in numbers alone",
    "mined_share": "the share of mined problems would be too large",
}


def merge(out: str, n: int | None = None, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Merge the parts under `out`. Raises BoundReached, with what each part owes stored, if they hold fewer than n."""
    identities = stored_parts(out)
    first = next(identity for identity in identities if identity is not None)
    config = ProposeConfig.model_validate({**first.config, "partition": None, **({"n": n} if n else {})})
    parts = [_part(out, number, identity) for number, identity in enumerate(identities)]
    rules = MergeRules(config.max_template_repeats, max((part.mined_share for part in parts), default=1.0))
    with Run.open(out, "propose", config, fresh=fresh, inputs=first.inputs, models=first.models) as run:
        whole = _Merging(run, config, parts, rules)
        with Interruption("what is merged") as stop, Progress("merge", config.n, quiet=quiet) as bar:
            for _ in whole.steps():
                bar.update(done=rules.kept)
                if stop():
                    raise KeyboardInterrupt
        run.flush()
        summary = whole.summary()
        if rules.kept < config.n:
            run.summarise(summary)
            raise _owed(out, config.n, rules.kept, parts)
        run.finish(summary, inputs={f"part {part.number}": part.run.fingerprint for part in parts})
    return summary


def _owed(out: str, n: int, kept: int, parts: Sequence[StoredPart]) -> BoundReached:
    """Store what is owed, and say it."""
    rounds = rounds_for(n, kept, [part.rounds for part in parts])
    write_owed(out, n, rounds)
    behind = [part.number for part in parts if part.rounds < rounds]
    named = f"partition{'s' if len(behind) > 1 else ''} {numbers_of(behind)}"
    return BoundReached(
        f"the parts give {kept} of {n} problems so far; {named} of {len(parts)} should finish {rounds} rounds of "
        f"{BATCH} candidates, which is noted for them",
        hint="run the same command for them again (finished ones end at once), then merge again",
    )


@dataclass
class StoredPart:
    """A part, as far as its journal goes."""

    number: int
    run: StoredRun
    state: Mapping[str, Any]
    _loaded: tuple[int, dict[str, list[Record]]] = field(default=(-1, {}))
    """Position of the segment that was read last, and its records by problem."""

    @property
    def rounds(self) -> int:
        """Batches that it has finished."""
        return int(self.state.get("next", 0)) // BATCH

    @property
    def mined_share(self) -> float:
        """Largest share of mined problems in the run."""
        return float(self.state.get("mined_share", 0.0))

    def rows(self) -> Iterator[Row]:
        """Yield its accepted problems, in order."""
        for position, segment in enumerate(self.run.segments):
            for row in self.run.iter_rows(Problem, COLUMNS, segment):
                yield Row(
                    (row["index"] - INDICES * self.number) // BATCH,
                    self.number,
                    row["index"],
                    bytes.fromhex(content_id(row["statement"])[:16]),
                    bytes.fromhex(row["template"][:16]),
                    row["evidence"] == "self-consistent",
                    row["id"],
                    position,
                )

    def records(self, row: Row) -> list[Record]:
        """The problem of a row with all that was stored of it."""
        if self._loaded[0] != row.segment:
            self._loaded = (row.segment, _by_problem(self.run, self.run.segments[row.segment]))
        return self._loaded[1][row.id]


def _part(out: str, number: int, identity: Identity | None) -> StoredPart:
    path = part_directory(out, number)
    if identity is None:
        return StoredPart(number, StoredRun(Directory(path), "propose", []), {})
    return StoredPart(number, *journalled(path, identity.stage))


def _by_problem(run: StoredRun, segment: Segment) -> dict[str, list[Record]]:
    """Problem → its records in the order of a commit."""
    problems = {problem.id: problem for problem in run.iter(Problem, segment)}
    wanted = {problem.trajectory_id for problem in problems.values()}
    traces = {trace.id: trace for trace in run.iter(Trajectory, segment) if trace.id in wanted}
    verdicts = {verdict.problem_id: verdict for verdict in run.iter(Verdict, segment)}
    attempts = {attempt.id: attempt for attempt in run.iter(Attempt, segment)}
    found: dict[str, list[Record]] = {}
    for problem in problems.values():
        verdict = verdicts.get(problem.id)
        trace = traces.get(problem.trajectory_id or "")
        judged = [attempts[name] for name in verdict.attempt_ids if name in attempts] if verdict is not None else []
        found[problem.id] = [one for one in (problem, trace, *judged, verdict) if one is not None]
    return found


@dataclass
class _Merging:
    """A merge under way."""

    run: Run
    config: ProposeConfig
    parts: Sequence[StoredPart]
    rules: MergeRules

    def steps(self) -> Iterator[None]:
        """Decide rows in order and store what is new, until there are enough."""
        stored = [row["id"] for row in self.run.iter_rows(Problem, ["id"])]
        if len(stored) > self.config.n:
            raise ConfigError(
                f"{self.run.path} holds {len(stored)} problems, more than --n {self.config.n}",
                hint="add --fresh to merge again from the parts",
            )
        if not self.run.state:
            self._add_skills()
        decided = int(self.run.state.get("decided", 0))
        rounds = [part.rounds for part in self.parts]
        for number, row in enumerate(canonical([part.rows() for part in self.parts], rounds)):
            if self.rules.kept >= self.config.n:
                return
            self._decide(row, stored if number < decided else None, number + 1)
            yield
        if self.rules.kept < len(stored):
            raise self._other_parts()

    def _decide(self, row: Row, stored: Sequence[str] | None, decided: int) -> None:
        """Decide one row; `stored` are the ids that an earlier merge kept, if it decided this row as well."""
        code = self.rules.take(row)
        if stored is None:
            self._store(row, code)
            self.run.commit({"decided": decided, "kept": self.rules.kept})
        elif code is None and (self.rules.kept > len(stored) or stored[self.rules.kept - 1] != row.id):
            raise self._other_parts()

    def _store(self, row: Row, code: str | None) -> None:
        if code is not None:
            item = str(row.candidate)
            self.run.add(Reject(stage="merge", item=item, outcome="rejected", code=code, message=REASONS[code]))
            return
        for record in self.parts[row.partition].records(row):
            self.run.add(record)

    def _other_parts(self) -> RunError:
        return RunError(
            f"{self.run.path} was merged from other parts than those it holds now",
            hint="add --fresh to merge them anew",
        )

    def _add_skills(self) -> None:
        """Store the skills in use first, as `propose` does, so that the run can be verified anywhere."""
        for part in self.parts:
            if part.run.segments:
                for skill in part.run.iter(Skill):
                    self.run.add(skill)
                self.run.commit({"decided": 0, "kept": 0})
                return

    def summary(self) -> dict[str, Any]:
        """The numbers of the parts added up, and what the merge did; in = accepted + rejected + failed + left."""
        counts = sum((Counter(part.state.get("counts", {})) for part in self.parts), Counter[str]())
        kept, refused = self.rules.kept, dict(self.rules.refused)
        again = sum(refused.values())
        reasons = {
            name.split(": ", 1)[1]: count
            for name, count in sorted(counts.items())
            if name.startswith(("rejected: ", "failed: "))
        }
        levels, scores = Counter[str](), Counter[float]()
        for row in self.run.iter_rows(Problem, ["isolation", "difficulty"]):
            levels[row["isolation"]] += 1
            if row["difficulty"]:
                scores[row["difficulty"]["score"]] += 1
        spending: dict[str, Any] = {}
        for part in self.parts:
            spending = added(spending, ((part.run.summary or {}).get("spending") or {}))
        return {
            "candidates": counts["candidates"],
            "accepted": kept,
            "rejected": counts["rejected"] + again,
            "failed": counts["failed"],
            "left_in_parts": counts["accepted"] - kept - again,
            "reasons": added(reasons, refused),
            "refused_at_merge": refused,
            "share_refused_at_merge": again / max(1, kept + again),
            "pruned_trajectories": counts["pruned"],
            "replaced_trajectories": counts["replaced"],
            "repaired_trajectories": counts["repaired"],
            "turns": counts["turns"],
            "templates": len(self.rules.templates),
            "largest_template": max(self.rules.templates.values(), default=0),
            "mined": self.rules.mined,
            "isolation": dict(levels),
            **({"difficulty": spread(scores)} if scores else {}),
            "partitions": len(self.parts),
            "rounds": min(part.rounds for part in self.parts),
            **_mastery([part.state for part in self.parts]),
            "target": self.config.n,
            **({"spending": spending} if spending else {}),
        }


def _mastery(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean of the parts' mastery of each category, and how far the parts are apart."""
    latest = [state["snapshots"][-1][0] for state in states if state.get("snapshots")]
    by_category = {name: [one[name] for one in latest] for name in (latest[0] if latest else {})}
    return {
        "mastery": {name: round(sum(values) / len(values), 3) for name, values in by_category.items()},
        "mastery_spread": {name: round(max(values) - min(values), 3) for name, values in by_category.items()},
    }
