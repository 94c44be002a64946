"""Sources → how they would be read, from the first records of each file, with a few documents to look at."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agentprop.extraction.corpus.document import Document
from agentprop.extraction.corpus.documents import Corpus, CorpusReading
from agentprop.extraction.corpus.layout.detect import SAMPLE
from agentprop.extraction.corpus.report import summary
from agentprop.extraction.corpus.sources import Sources

DOCUMENTS = 3
"""Documents that are shown."""
_HIDDEN = frozenset({"sha"})


def explain(sources: Sources, reading: CorpusReading) -> dict[str, Any]:
    """The summary of the first records of each file, and sample documents. Raises InputError if there are none."""
    corpus = Corpus(sources, reading, limit=SAMPLE)
    samples = [shown(made) for made in _spread(corpus)]
    unreadable = sum((report.unreadable for report in corpus.reports), Counter[str]())
    told = {"looked at": f"the first {SAMPLE} records of each file", **summary(corpus)}
    return {**told, **({"unreadable records": dict(unreadable)} if unreadable else {}), "samples": samples}


def _spread(corpus: Corpus) -> list[Document]:
    """A few documents, of different files as far as there are different ones."""
    first: dict[str, list[Document]] = {}
    for made in corpus.documents():
        kept = first.setdefault(made.id.rpartition("#")[0], [])
        if isinstance(made, Document) and len(kept) < DOCUMENTS:
            kept.append(made)
    rounds = [kept[place] for place in range(DOCUMENTS) for kept in first.values() if place < len(kept)]
    return rounds[:DOCUMENTS]


def shown(document: Document) -> dict[str, Any]:
    """The fields of a document that hold something."""
    fields = document.model_dump(mode="json")
    return {name: value for name, value in fields.items() if name not in _HIDDEN and value not in ("", [], None)}
