"""Judged problems → verdicts, attempts and rejects in a run directory, or the valid ones in a pipe; and the counts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agentprop.config import VerifyConfig
from agentprop.records import PipedProblem, Record, Reject, Verdict
from agentprop.stages.common.intake import Judged
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.storage import StreamWriter
from agentprop.storage.run import Run


@dataclass
class Outlet:
    """Counts, and the ids that need no work."""

    counts: Counter[str] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    folder: Path | None = None
    """Where the replies of models are kept; None for a pipe."""

    def add(self, judged: Judged) -> None:
        verdict = judged.verdict
        self.counts["problems"] += 1
        self.counts[verdict.value] += 1
        self.counts[f"reason {verdict.value}: {verdict.code}"] += 1
        self.counts[f"evidence {verdict.evidence}"] += verdict.value == "valid"
        self.counts["attempts"] += len(judged.attempts)
        self.counts["reused"] += judged.reused
        self.counts["audited"] += any(attempt.role == "auditor" for attempt in judged.attempts)
        self.keep(judged)

    def keep(self, judged: Judged) -> None:
        """Store a judged problem."""

    def commit(self) -> None:
        """A consistent point."""

    def tick(self) -> None:
        """Called while waiting."""

    def stopped(self, summary: dict[str, Any]) -> None:
        """Some is judged, and the same command will go on."""

    def finish(self, summary: dict[str, Any]) -> None:
        """Everything is judged."""

    def summary(self) -> dict[str, Any]:
        """in = valid (accepted) + invalid (rejected) + undetermined (failed)."""
        c = self.counts
        if c["problems"] != c["valid"] + c["invalid"] + c["undetermined"]:
            raise AssertionError(f"problems are not accounted for: {dict(c)}")
        totals = {name: c[name] for name in ("problems", "valid", "invalid", "undetermined")}
        return {**totals, "reasons": _under(c, "reason "), "evidence": _under(c, "evidence ")}


def _under(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    """The counts whose names begin so, without the prefix."""
    return {k.removeprefix(prefix): v for k, v in sorted(counts.items()) if k.startswith(prefix) and v}


@dataclass
class RunOutlet(Outlet):
    """A run directory that can be resumed."""

    run: Run | None = None

    def keep(self, judged: Judged) -> None:
        assert self.run is not None  # set where it is made
        for record in _records(judged):
            self.run.add(record)

    def commit(self) -> None:
        assert self.run is not None
        self.run.commit({"counts": dict(self.counts)})

    def tick(self) -> None:
        assert self.run is not None
        self.run.tick()

    def stopped(self, summary: dict[str, Any]) -> None:
        assert self.run is not None
        self.run.summarise(summary)

    def finish(self, summary: dict[str, Any]) -> None:
        assert self.run is not None
        self.run.finish(summary)


@dataclass
class PipeOutlet(Outlet):
    """What is valid, passed on."""

    writer: StreamWriter | None = None

    def keep(self, judged: Judged) -> None:
        assert self.writer is not None  # set where it is made
        if judged.verdict.value == "valid" and judged.item.piped is not None:
            self.writer.write(judged.item.piped)

    def tick(self) -> None:
        assert self.writer is not None
        self.writer.tick()


def _records(judged: Judged) -> list[Record]:
    verdict = judged.verdict
    kept: list[Record] = [verdict, *judged.attempts]
    if judged.item.piped is not None:
        kept += [judged.item.problem, *([judged.item.piped.trajectory] if judged.item.piped.trajectory else [])]
    if verdict.value != "valid":
        outcome: Literal["rejected", "failed"] = "rejected" if verdict.value == "invalid" else "failed"
        kept.append(
            Reject(
                stage="verify",
                item=judged.item.problem.id,
                outcome=outcome,
                code=verdict.code,
                message=verdict.message,
                record=judged.item.problem.model_dump_json(),
            )
        )
    return kept


@contextmanager
def outlet(config: VerifyConfig, out: str, fresh: bool, inputs: Mapping[str, str]) -> Iterator[Outlet]:
    """Open or resume a run directory, or stdout where `out` is `-`."""
    if out == "-":
        with StreamWriter(sys.stdout.buffer, PipedProblem) as writer:
            yield PipeOutlet(writer=writer)
        return
    with Run.open(
        out, "verify", config, fresh=fresh, outside_identity=config.outside_identity, inputs=inputs, folders=(MODELS,)
    ) as run:
        counts = Counter(run.state.get("counts", {}))
        yield RunOutlet(counts=counts, done=run.done_ids(Verdict, "problem_id"), folder=run.path / MODELS, run=run)
