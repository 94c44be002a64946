"""Documents → candidates → skills, by the built-in teacher: the work of an extraction that needs no language model.

Documents are mined in order, a chunk at a time; candidates wait in a working file, because equal graphs become one
skill wherever in the corpus they occur. Then groups of equal graphs are merged, tried in the sandbox and scored. Last,
the records are unpacked into directories. Every document ends in the lineage of a skill or among the rejects, and the
counts must add up.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any, Final, Literal

from agentprop import __version__
from agentprop.answers.gold import UNREADABLE, check_gold
from agentprop.boundary import CODES, WORKER_DIED, died
from agentprop.config import ExtractConfig
from agentprop.engine import (
    WorkerDied,
    batched,
    each_alone,
    flattened,
    ordered_map,
    usual_workers,
)
from agentprop.extraction.corpus import Corpus, Sources, report
from agentprop.extraction.corpus.settings import reading_of
from agentprop.extraction.mining.work import (
    NOT_LIFTED,
    REPRODUCED,
    UNSOLVED,
    Found,
    MinerInput,
    Settled,
    failed_group,
    find,
    settle,
    start,
)
from agentprop.records import Reject, Skill
from agentprop.sandbox import Sandbox
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.common.layout_notes import LayoutNotes
from agentprop.stages.common.progress import Progress
from agentprop.stages.extract import gold_audit
from agentprop.stages.extract.candidates import LACKS, Candidates, SeenDocuments
from agentprop.stages.extract.notes import EXAMPLES
from agentprop.stages.extract.packages import unpack
from agentprop.stages.extract.usage import USABLE, usable
from agentprop.storage.run import Run

CHUNK = 64
"""Documents, or groups, in a worker's batch."""
WINDOW = 16
"""Chunks under way."""
WORKING = "candidates"
WANTED: Final = "train"
"""Splits that skills are extracted from, if nobody names others: what models are tested on stays out."""
_UNREAD = frozenset(
    CODES
    | {"not-utf-8", "not-json", "not-an-object", "wrong-columns", "unread-formula", "unreadable-file"}
    | {"no-question", "several-turns", "duplicate-document"}
    | {f"needs-{what}" for what in LACKS}
)
log = logging.getLogger("agentprop")
_SHARED = "another document has the same wording with other equations"


class Mining:
    """Extraction by the built-in teacher; `_commit` writes the state that segments carry."""

    UNIT = "documents"
    FOLDERS = ("skills", WORKING, gold_audit.FILE)

    def __init__(
        self,
        config: ExtractConfig,
        stored: Run,
        sources: Sources | None,
        stop: Callable[[], bool],
        quiet: bool = False,
    ) -> None:
        self._config, self._run, self._stop = config, stored, stop
        self._given, self._quiet = sources, quiet
        self._workers = config.workers or usual_workers()
        state = stored.state
        self._documents: int = state.get("documents", 0)
        self._read_all: bool = state.get("read_all", False)
        self._groups: int = state.get("groups", 0)
        self._sources: dict[str, Any] = state.get("sources", {})
        self._examples: dict[str, str] = state.get("examples", {})
        self._counts: Counter[str] = Counter(state.get("counts", {}))
        self._last_failure = ""
        self._candidates = Candidates(stored.path / WORKING / "candidates.jsonl", state.get("size", 0))

    @cached_property
    def _corpus(self) -> Corpus:
        assert self._given is not None  # only a merge has none, and reads none
        return Corpus(self._given, reading_of(self._config, WANTED), LayoutNotes(self._quiet))

    # --- documents to candidates ---

    def read(self, bar: Progress) -> None:
        """Mine every document that is not done yet."""
        bar.total = self._config.limit
        if self._read_all:
            return
        known = self._known()
        for chunk in self._mined(known):
            self._take(chunk, known)
            self.check()
            bar.update(done=self._documents, note=f"{self._documents - self._counts['rejected']} candidates")
        self._halt()
        self._read_all = True
        self._sources = self._report()
        for name, why in self._sources.get("unreadable files", {}).items():
            log.warning("%s was not read, or not to its end: %s", name, why)
        self._commit()

    def _known(self) -> SeenDocuments:
        """What the candidates so far are known by."""
        return SeenDocuments(self._candidates)

    def _report(self) -> dict[str, Any]:
        """What was taken from which files."""
        return report.summary(self._corpus)

    def _mined(self, known: SeenDocuments) -> Iterator[list[Found]]:
        chunks = batched(self._owed(known), CHUNK)
        mined = ordered_map(
            _find_chunk,
            chunks,
            workers=self._workers,
            window=WINDOW,
            stop=self._stop,
            idle=self._run.tick,
            split=each_alone,
        )
        return flattened(mined, _unfound)

    def _owed(self, known: SeenDocuments) -> Iterator[MinerInput | Found]:
        """Documents that no segment counts yet; repeated ones are known by their hash, so all are read again."""
        for position, document in enumerate(islice(self._corpus.documents(), self._config.limit)):
            prepared = known.prepare(document)
            if position >= self._documents:
                yield prepared

    def _take(self, chunk: list[Found], known: SeenDocuments) -> None:
        kept = []
        for found in chunk:
            self._documents += 1
            if found.code:
                outcome: Literal["rejected", "failed"] = "failed" if found.code in CODES else "rejected"
                self._reject([found.document], found.code, found.message, outcome, record=found.record or None)
            elif known.admits(found):
                kept.append(found)
            else:
                self._reject([found.document], "duplicate-wording", _SHARED)
        self._candidates.append(kept)
        self._commit()

    # --- candidates to skills ---

    def make_skills(self, bar: Progress) -> None:
        """Merge, try and score every group that is not done yet."""
        groups = self._candidates.groups()
        bar.total = len(groups)
        chunks = batched((self._candidates.load(offsets) for offsets in groups[self._groups :]), CHUNK)
        settled = ordered_map(
            _settle_chunk,
            chunks,
            workers=self._workers,
            window=WINDOW,
            stop=self._stop,
            idle=self._run.tick,
            initializer=start,
            initargs=(__version__, self._config.allow_weak_sandbox),
            split=each_alone,
        )
        for chunk in flattened(settled, _unsettled):
            self._groups += len(chunk)
            for group in chunk:
                for one in group:
                    self._accept(one)
            self._commit()
            self.check()
            bar.update(done=self._groups, note=f"{self._counts['skills']} skills")
        self._halt()

    def _accept(self, settled: Settled) -> None:
        skill = settled.skill
        if skill is None:
            self._reject(settled.documents, settled.code, settled.message, "failed" if settled.failed else "rejected")
            return
        self._counts["reproduced"] += len(settled.documents)
        if (skill.quality or 0.0) < self._config.min_quality:
            message = f"quality {skill.quality} is below {self._config.min_quality}: {skill.quality_parts}"
            self._reject(settled.documents, "low-quality", message)
            return
        self._run.add(skill)
        self._counts["accepted"] += len(settled.documents)
        self._counts["skills"] += 1
        self._counts[f"skills in {skill.category}"] += 1

    def _reject(
        self,
        documents: Iterable[str],
        code: str,
        message: str,
        outcome: Literal["rejected", "failed"] = "rejected",
        record: str | None = None,
    ) -> None:
        self._examples.setdefault(code, message)
        for document in documents:
            reject = Reject(stage="extract", item=document, outcome=outcome, code=code, message=message, record=record)
            self._run.add(reject)
            self._counts[outcome] += 1
            self._counts[f"code {code}"] += 1
            self._last_failure = message if is_unexpected(code) else self._last_failure

    def check(self, *, over: bool = False) -> None:
        """Raise TooManyFailures where more documents failed unexpectedly than may."""
        reasons = {name.removeprefix("code "): n for name, n in self._counts.items() if name.startswith("code ")}
        share, documents = self._config.max_failures, self._documents
        tolerance_of(share, reasons, documents, total=self._config.limit, last=self._last_failure).check(over=over)

    def _commit(self) -> None:
        state = {"documents": self._documents, "read_all": self._read_all, "groups": self._groups}
        self._run.commit(
            {
                **state,
                "sources": self._sources,
                "examples": self._examples,
                "size": self._candidates.size,
                "counts": dict(self._counts),
            }
        )

    def _halt(self) -> None:
        if self._stop():
            self._run.flush()
            raise KeyboardInterrupt

    # --- records to packages ---

    def finish(self) -> dict[str, Any]:
        """Unpack the skills, write summary and manifest, and remove the working file."""
        self._run.flush()
        counts = self._counts
        if self._documents != counts["accepted"] + counts["rejected"] + counts["failed"]:
            raise AssertionError(f"{self._documents} documents went in, and {dict(counts)} came out")
        unpack(self._run.iter(Skill), self._run.path / "skills")
        summary = self._summary()
        if self._config.audit_gold:
            summary[gold_audit.COUNT] = gold_audit.write(self._run.iter(Reject), self._run.path / gold_audit.FILE)
        self._run.finish(summary)
        self._candidates.remove()
        return summary

    def _summary(self) -> dict[str, Any]:
        counts = self._counts
        reasons = {name.removeprefix("code "): n for name, n in counts.most_common() if name.startswith("code ")}
        solved = self._documents - sum(n for code, n in reasons.items() if code in UNSOLVED | _UNREAD | {UNREADABLE})
        return {
            "documents": self._documents,
            "with equations or a program": solved,
            "lifted": solved - sum(n for code, n in reasons.items() if code in NOT_LIFTED - _UNREAD),
            "original reproduced": counts["reproduced"] + sum(n for code, n in reasons.items() if code in REPRODUCED),
            "accepted": counts["accepted"],
            "rejected": counts["rejected"],
            "failed": counts["failed"],
            "distinct skills": counts["skills"],
            USABLE: self._usable() if counts["skills"] else {},
            "categories": {n.removeprefix("skills in "): k for n, k in counts.items() if n.startswith("skills in ")},
            "reasons": reasons,
            **({} if counts["skills"] else {EXAMPLES: self._examples}),
            "sources": self._sources,
        }

    def _usable(self) -> dict[str, int]:
        with Sandbox(preload=(), slots=1, allow_weak=self._config.allow_weak_sandbox) as sandbox:
            return usable(self._run.path / "skills", sandbox)


def _find_chunk(chunk: list[MinerInput | Found]) -> list[Found]:
    """Mine what is a document; pass on what was refused before, in its place."""
    checked = [_readable(item) for item in chunk]
    mined = iter(find([item for item in checked if isinstance(item, MinerInput)]))
    return [next(mined) if isinstance(item, MinerInput) else item for item in checked]


def _readable(item: MinerInput | Found) -> MinerInput | Found:
    """A document whose answer is there and cannot be read is refused before it is mined."""
    if not isinstance(item, MinerInput) or item.program or not item.answer.strip():
        return item
    checked = check_gold(item.answer, question=item.question)
    if checked.ok:
        return item
    return Found(item.document, item.sha, len(item.question), code=UNREADABLE, message=checked.why)


def _unfound(lost: WorkerDied) -> list[Found]:
    return [Found(item.document, item.sha, 0, code=WORKER_DIED, message=lost.message) for item in lost.item]


def _settle_chunk(groups: list[list[Found]]) -> list[list[Settled]]:
    return settle(groups)


def _unsettled(lost: WorkerDied) -> list[list[Settled]]:
    return [[failed_group(group, died(lost.message))] for group in lost.item]
