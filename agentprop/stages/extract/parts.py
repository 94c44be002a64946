"""Part of a corpus → what was mined from each of its documents, in order; for the merge, which makes the skills.

A part reads the whole corpus, to know documents that occur twice, and mines every P-th block of it. Its working file
holds the outcome of each document of its blocks, refused ones too. So a merge can put them in the order of the corpus
again, and goes on exactly as an undivided extraction would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from agentprop.boundary import CODES
from agentprop.extraction.mining.work import Found, MinerInput
from agentprop.stages.common.partitions import own_share
from agentprop.stages.common.progress import Progress
from agentprop.stages.extract.candidates import SeenDocuments
from agentprop.stages.extract.mining import Mining


class PartMining(Mining):
    """Mining of the documents of one part."""

    def _known(self) -> SeenDocuments:
        return SeenDocuments(())  # wordings are compared in the merge, which knows all of them

    def _owed(self, known: SeenDocuments) -> Iterator[MinerInput | Found]:
        prepared = (known.prepare(document) for document in islice(self._corpus.documents(), self._config.limit))
        return islice(own_share(prepared, self._config), self._documents, None)

    def _take(self, chunk: list[Found], known: SeenDocuments) -> None:
        for found in chunk:
            self._documents += 1
            if found.code:
                outcome: Any = "failed" if found.code in CODES else "rejected"
                self._reject([found.document], found.code, found.message, outcome, record=found.record or None)
        self._candidates.write(asdict(found) for found in chunk)
        self._commit()

    def make_skills(self, bar: Progress) -> None:
        """Leave that to the merge."""

    def finish(self) -> dict[str, Any]:
        """Write summary and manifest; the working file stays for the merge."""
        counts = self._counts
        summary = {
            "documents": self._documents,
            "candidates": self._documents - counts["rejected"] - counts["failed"],
            "rejected": counts["rejected"],
            "failed": counts["failed"],
            "partition": self._config.partition,
            "partitions": self._config.partitions,
            "sources": self._sources,
        }
        self._run.finish(summary)
        return summary
