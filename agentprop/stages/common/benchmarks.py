"""Benchmark files → an index that new statements are compared with, and a report of the hits, beside the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentprop.config.parts import Decontamination
from agentprop.errors import InputError
from agentprop.extraction.corpus import Document, UnreadableRecord, find_files, fingerprints, read_documents
from agentprop.grading.contamination import COMMON, LONGEST, SHORTEST, TEMPLATE_WORDS, BenchmarkIndex, BenchmarkMatch
from agentprop.records import Problem, Reject, content_id
from agentprop.storage.parts import to_json
from agentprop.storage.run import Run

REPORT = "contamination.json"
CODE = "contaminated"


@dataclass(frozen=True)
class Benchmarks:
    """Benchmarks that new problems must not be taken from."""

    index: BenchmarkIndex
    """Index of their statements."""
    files: Mapping[str, str]
    """File name → SHA-256."""
    counts: Mapping[str, int]
    """File name → number of different statements."""
    unreadable: Mapping[str, int]
    """File name → number of records without a statement."""

    @property
    def fingerprint(self) -> str:
        """Hash of the files' content."""
        return content_id(sorted(self.files.values()))

    def refusal(self, statement: str) -> tuple[str, str] | None:
        """(code, message) for a statement that is taken from a benchmark, or None."""
        hit = self.index.find(statement)
        return None if hit is None else (f"{CODE}:{hit.kind}", f"{_HOW[hit.kind]} {hit.reference}: {hit.matched}")

    def report(self, run: Run, accepted: int) -> None:
        """Write the report: the benchmarks, the rules, and every hit that the run has stored."""
        rejects = (reject for reject in run.iter(Reject) if reject.code.startswith(f"{CODE}:"))
        hits = [row for reject in rejects if (row := self._row(reject)) is not None]
        run.layout.store.put(
            REPORT,
            to_json(
                {
                    "benchmarks": [
                        {
                            "name": name,
                            "sha256": sha,
                            "statements": self.counts.get(name, 0),
                            "unreadable": self.unreadable.get(name, 0),
                        }
                        for name, sha in self.files.items()
                    ],
                    "rules": {
                        "ngram": {"longest": LONGEST, "shortest": SHORTEST, "common": COMMON},
                        "template": {"least_words": TEMPLATE_WORDS},
                    },
                    "problems": accepted + len(hits),
                    "hits_by_kind": dict(Counter(row["method"] for row in hits)),
                    "hits": hits,
                }
            ),
        )

    def _row(self, reject: Reject) -> dict[str, Any] | None:
        problem = Problem.model_validate_json(reject.record or "")
        hit = self.index.find(problem.statement)
        return None if hit is None else _described(hit, reject, problem)


_HOW = {
    "exact": "the statement is that of",
    "template": "but for its numbers the statement is that of",
    "ngram": "the statement shares a run of words with",
}


def _described(hit: BenchmarkMatch, reject: Reject, problem: Problem) -> dict[str, Any]:
    return {
        "problem_id": problem.id,
        "candidate": reject.item,
        "benchmark": hit.reference.rpartition("#")[0],
        "benchmark_id": hit.reference,
        "method": hit.kind,
        "matched": hit.matched,
    }


def open_benchmarks(config: Decontamination) -> Benchmarks | None:
    """Open the benchmarks that the settings name; None if they name none. Raises InputError if they are empty."""
    sources = [*config.decontaminate, *([config.benchmarks] if config.benchmarks is not None else [])]
    if not sources:
        return None
    files = find_files(sources)
    index, counts, unreadable = BenchmarkIndex(), Counter[str](), Counter[str]()
    for document in read_documents(files):
        name = document.id.rpartition("#")[0]
        if isinstance(document, UnreadableRecord) and document.code == "unreadable-file":
            raise InputError(document.message, hint="mend the file, or leave it out of the benchmarks")
        if isinstance(document, Document):
            counts[name] += index.add(document.id, document.question)
        else:
            unreadable[name] += 1
    if not index.references:
        raise InputError("the benchmark files hold no statement", hint="name files that contain questions")
    index.finish()
    return Benchmarks(index, fingerprints(files), counts, unreadable)
