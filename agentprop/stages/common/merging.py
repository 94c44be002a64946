"""The finished parts of a run that judges its input → one run with the records of all of them, part after part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentprop.config import STAGES
from agentprop.errors import BoundReached
from agentprop.records import RECORDS
from agentprop.stages.common.partitions import added, numbers_of, part_directory, stored_parts
from agentprop.storage.parts import MANIFEST
from agentprop.storage.run import Run, StoredRun, open_run

Summaries = Sequence[dict[str, Any]]
FROM_ONE = ("sources", "unreadable")
"""Entries of a summary that every part has in full, because every part reads all of the input."""


def finished_parts(out: str) -> list[StoredRun]:
    """Open all parts. Raises BoundReached if some are missing or unfinished, with their numbers."""
    identities = stored_parts(out)
    paths = [part_directory(out, number) for number in range(len(identities))]
    missing = [number for number, path in enumerate(paths) if not (path / MANIFEST).exists()]
    if missing:
        raise BoundReached(
            f"partition{'s' if len(missing) > 1 else ''} {numbers_of(missing)} of {len(paths)} under {out} "
            f"{'are' if len(missing) > 1 else 'is'} not finished",
            hint="run the same command for them, which resumes; then merge again",
        )
    return [open_run(path) for path in paths]


def merge(
    out: str, stage: str, summarise: Callable[[StoredRun, dict[str, Any]], dict[str, Any]], *, fresh: bool = False
) -> dict[str, Any]:
    """Make one run of all parts; one that was killed goes on behind the last segment that it copied whole.

    `summarise` corrects what adding up the parts' summaries cannot give, such as means.
    """
    parts = finished_parts(out)
    first = next(identity for identity in stored_parts(out) if identity is not None)
    config = STAGES[stage].model_validate({**first.config, "partition": None})
    segments = [(part, segment) for part in parts for segment in part.segments]
    with Run.open(out, stage, config, fresh=fresh, inputs=first.inputs, models=first.models) as run:
        for number in range(int(run.state.get("copied", 0)), len(segments)):
            part, segment = segments[number]
            for kind in dict.fromkeys(shard.kind for shard in segment.shards):
                for record in part.iter(RECORDS[kind], segment):
                    run.add(record)
            run.commit({"copied": number + 1})
        run.flush()
        summary = summarise(run, _summed([part.summary or {} for part in parts]))
        prints = {f"part {number}": part.fingerprint for number, part in enumerate(parts)}
        run.finish({**summary, "partitions": len(parts)}, inputs=prints)
    return {**summary, "partitions": len(parts)}


def _summed(summaries: Summaries) -> dict[str, Any]:
    """The numbers of all parts added up, without those that are shares of others."""
    total: dict[str, Any] = {}
    for summary in summaries:
        total = added(total, {name: value for name, value in summary.items() if name not in FROM_ONE})
    spending = total.get("spending", {})
    for ratio in ("per_accepted", "projected_cost"):
        spending.pop(ratio, None)
    return {**total, **{name: value for name, value in summaries[0].items() if name in FROM_ONE}}
