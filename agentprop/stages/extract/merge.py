"""What the parts have mined, in the order of the corpus → the skills that an undivided extraction makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from agentprop.config import ExtractConfig
from agentprop.engine import Interruption, batched
from agentprop.extraction.mining.work import Found
from agentprop.records import Skill
from agentprop.stages.common.merging import finished_parts
from agentprop.stages.common.partitions import BLOCK, stored_parts
from agentprop.stages.extract.candidates import SeenDocuments
from agentprop.stages.extract.mining import CHUNK, WORKING, Mining
from agentprop.stages.extract.packages import unpack
from agentprop.stages.extract.run import worked
from agentprop.storage.run import Run


def merge(out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Merge the parts under `out`. Raises BoundReached if some are not finished."""
    parts = finished_parts(out)
    first = next(identity for identity in stored_parts(out) if identity is not None)
    config = ExtractConfig.model_validate({**first.config, "partition": None})
    opened = Run.open(
        out, "extract", config, fresh=fresh, inputs=first.inputs, models=first.models, folders=Mining.FOLDERS
    )
    with opened as stored, Interruption("the documents under way") as stop:
        if stored.complete and stored.summary is not None:
            unpack(stored.iter(Skill), stored.path / "skills")
            return stored.summary
        work = _MergedMining(config, stored, None, stop, quiet)
        work.files = [part.path / WORKING / "candidates.jsonl" for part in parts]
        work.told = (parts[0].summary or {}).get("sources", {})
        return worked(work, stored, quiet)


class _MergedMining(Mining):
    """Extraction from what the parts have mined."""

    files: Sequence[Path] = ()
    """Working files of the parts, in order."""
    told: dict[str, Any]
    """What a part says of the sources; each has read them all."""

    def _mined(self, known: SeenDocuments) -> Iterator[list[Found]]:
        for chunk in batched(islice(in_order(self.files), self._documents, None), CHUNK):
            if self._stop():
                return
            yield chunk

    def _report(self) -> dict[str, Any]:
        return self.told


def in_order(files: Sequence[Path]) -> Iterator[Found]:
    """Yield the outcomes of all documents in the order of the corpus: a block of each part in turn."""
    opened = [path.open("rb") for path in files]
    try:
        while True:
            ended = True
            for file in opened:
                for line in islice(file, BLOCK):
                    ended = False
                    yield Found(**json.loads(line))
            if ended:
                return
    finally:
        for file in opened:
            file.close()
