"""A stage's records → a run: config, shards in atomic segments, summary and log, and last the manifest.

A stage adds records, and commits at points at which the records and its own state fit together. Committed records are
written as a segment: one shard per kind of record, and then one line in the journal that lists them with the state.
Only that line makes the segment part of the run. So a killed run loses at most its open segment, never half of one, and
continues from the last state; shards without a line are deleted. At most one segment of records is held in memory.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from agentprop.config import StageConfig
from agentprop.errors import RunError
from agentprop.records import RECORDS
from agentprop.storage import ownership, write_shard
from agentprop.storage.columns import Storable, size_of
from agentprop.storage.layout import Layout
from agentprop.storage.parquet import encode_shard
from agentprop.storage.parts import Identity, Manifest, Segment
from agentprop.storage.reader import StoredRun, layout_of, open_run
from agentprop.storage.stores import Store, check_here

__all__ = ["Run", "StoredRun", "add_up", "open_run", "write_shard"]

SEGMENT_BYTES = 32 << 20
"""Size that closes a segment, as columns or JSON in memory: large enough that a million problems are a few hundred
segments, and little enough to hold."""
SEGMENT_RECORDS = 16_384
"""Records of one kind that close a segment."""
SEGMENT_SECONDS = 10.0
"""Age in seconds at which a segment is closed, however small it is, and so the most work that a killed run loses."""


ANYWHERE = frozenset({"propose", "verify", "probe"})
"""Stages that can write to an object store: all they need to continue is their records and their state."""


class Run(StoredRun):
    """Run that this process has claimed and writes to; use it as a context manager.

    Leaving the block, even by an exception, writes what was committed, so an interrupted stage keeps its finished work.
    """

    def __init__(self, layout: Layout, identity: Identity, segments: list[Segment], log: logging.Handler) -> None:
        super().__init__(layout, identity.stage, segments)
        self.resumed = bool(segments)
        """The directory already held finished work."""
        self.state: dict[str, Any] = (segments[-1].state if segments else None) or {}
        """State that was committed last; empty for a new run."""
        self._identity = identity
        self._log = log
        self._open: dict[str, list[Storable]] = {}
        self._committed: dict[str, int] = {}
        self._bytes = 0
        self._new_state: str | None = None
        self._written_at = time.monotonic()
        self._incomplete = False

    @classmethod
    def open(
        cls,
        out: str | Path | Store,
        stage: str,
        config: StageConfig | Mapping[str, Any],
        *,
        fresh: bool = False,
        outside_identity: Iterable[str] | None = None,
        inputs: Mapping[str, str] | None = None,
        models: Mapping[str, str] | None = None,
        folders: Iterable[str] = (),
    ) -> Self:
        """Create a run, or resume the one that is there. Raises RunError or ConfigError if that is not possible.

        `outside_identity` names settings that may change on resuming, by default those of the stage; `inputs` gives
        fingerprints of the inputs, which may not change; `models` gives the names of the models that settings name,
        which may not change either; `folders` names further files and directories at the top that the stage writes.
        """
        layout = _layout_for(out, stage)
        settings = _settings_of(config)
        if outside_identity is None:
            outside_identity = config.outside_identity if isinstance(config, StageConfig) else ()
        identity = Identity(stage=stage, config=settings, inputs=dict(inputs or {}), models=dict(models or {}))
        layout.claim()
        try:
            if fresh:
                ownership.check_replaceable(layout.store.name, _stage_there(layout), identity)
            if fresh or not layout.started():
                layout.begin(identity, tuple(folders))
            else:
                started = _as_of_now(layout.identity(), config)
                ownership.check_same(layout.store.name, started, identity, frozenset(outside_identity))
            segments = layout.recover()
            if not layout.complete():
                layout.write_config(settings)
            log = _attach_log(layout)
        except BaseException:
            layout.release()
            raise
        return cls(layout, identity, segments, log)

    @staticmethod
    def check(
        out: str | Path | Store,
        stage: str,
        config: StageConfig,
        *,
        fresh: bool = False,
        inputs: Mapping[str, str] | None = None,
        models: Mapping[str, str] | None = None,
    ) -> None:
        """Find out if `open` would succeed, and change nothing. Raises RunError or ConfigError as it would."""
        layout = _layout_for(out, stage)
        layout.check_claimable()
        settings = _settings_of(config)
        identity = Identity(stage=stage, config=settings, inputs=dict(inputs or {}), models=dict(models or {}))
        if fresh:
            ownership.check_replaceable(layout.store.name, _stage_there(layout), identity)
        if fresh or not layout.started():
            return
        layout.check_idle()
        started = _as_of_now(layout.identity(), config)
        ownership.check_same(layout.store.name, started, identity, frozenset(config.outside_identity))

    # --- writing ---

    def add(self, record: Storable) -> None:
        """Add a record to the open segment; it is kept from the next commit on."""
        self._open.setdefault(record.kind, []).append(record)
        self._bytes += size_of(record)

    def commit(self, state: Mapping[str, Any]) -> None:
        """Commit the records added so far with the matching `state` (small, JSON); write the segment if it is due."""
        self._new_state = json.dumps(state, ensure_ascii=False)
        self._committed = {kind: len(records) for kind, records in self._open.items()}
        self.tick()

    def tick(self) -> None:
        """Write the committed records as a segment if they are many or old; call it while waiting for slow work."""
        most, oldest = self.layout.segment_records, self.layout.segment_seconds
        many = any(count >= (most or SEGMENT_RECORDS) for count in self._committed.values())
        if many or self._bytes >= SEGMENT_BYTES or time.monotonic() - self._written_at >= (oldest or SEGMENT_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Write the committed records as a segment now."""
        if self._new_state is None:
            return
        self._incomplete = True  # until done, so that nothing more is written after a failure or a second Ctrl-C
        if self.complete:
            self.layout.reopen(self._identity.config)
        number = self.segments[-1].number + 1 if self.segments else 0
        records = {kind: self._open[kind][:count] for kind, count in self._committed.items() if count}
        encoded = {kind: encode_shard(RECORDS[kind], some) for kind, some in records.items()}
        shards = self.layout.write_shards(number, encoded)
        self.layout.commit(Segment(number=number, shards=shards, state=json.loads(self._new_state)))
        self.segments.append(Segment(number=number, shards=shards))
        self._open = {kind: records[self._committed.get(kind, 0) :] for kind, records in self._open.items()}
        self._committed, self._new_state = {}, None
        self._bytes = sum(size_of(record) for records in self._open.values() for record in records)
        self._written_at = time.monotonic()
        self._incomplete = False

    def summarise(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json without completing the run, because it was interrupted or reached a bound."""
        self.flush()
        self.layout.write_readme(self.stage, self.rows)
        self.layout.write_summary(summary, len(self.segments))

    def finish(self, summary: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> None:
        """Write summary.json and then the manifest. Raises ValueError if a record was not committed."""
        if any(len(records) > self._committed.get(kind, 0) for kind, records in self._open.items()):
            raise ValueError("records were added after the last commit")
        self.summarise(summary)
        manifest = Manifest(
            stage=self.stage,
            inputs={**self._identity.inputs, **(inputs or {})},
            rows=self.rows,
            shards=tuple(shard for segment in self.segments for shard in segment.shards),
        )
        self.layout.write_config(self._identity.config)
        self.layout.finish(manifest, len(self.segments))

    def close(self) -> None:
        """Write what was committed, and release the lock."""
        try:
            if not self._incomplete:
                self.flush()
        finally:
            logging.getLogger("agentprop").removeHandler(self._log)
            try:
                self.layout.close_log()
            finally:
                self.layout.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def add_up(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Add two nested maps of numbers, so that costs add up over sessions.

    >>> add_up({"a": 1}, {"a": 2, "b": {"c": 3}})
    {'a': 3, 'b': {'c': 3}}
    """
    total = dict(before)
    for key, value in now.items():
        if isinstance(value, Mapping):
            total[key] = add_up(total.get(key) or {}, value)
        else:
            total[key] = (total.get(key) or 0) + value
    return total


def _layout_for(out: str | Path | Store, stage: str) -> Layout:
    """The layout to write. Raises RunError for a stage whose output is more than records, on an object store."""
    if stage not in ANYWHERE and isinstance(out, str):
        check_here(out, f"a run of {stage}")
    return layout_of(out)


def _stage_there(layout: Layout) -> str | None:
    """The stage that wrote the run in a place; None if there is no run, or none that can be read."""
    try:
        return layout.identity().stage if layout.started() else None
    except RunError:
        return None


def _settings_of(config: StageConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON values."""
    if isinstance(config, StageConfig):
        return config.model_dump(mode="json")
    return dict(json.loads(json.dumps(config)))


def _as_of_now(started: Identity, config: StageConfig | Mapping[str, Any]) -> Identity:
    """Update the identity of an older run: present names of settings, and defaults for those that did not exist."""
    if not isinstance(config, StageConfig):
        return started
    known = {**config.defaults(), **config.under_present_names(started.config)}
    return started.model_copy(update={"config": known})


def _attach_log(layout: Layout) -> logging.Handler:
    handler = layout.open_log()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.setLevel(logging.INFO)
    logger = logging.getLogger("agentprop")
    logger.setLevel(min(logger.level or logging.INFO, logging.INFO))
    logger.addHandler(handler)
    return handler
