"""extract: sources → documents → candidates → skills, packages under `skills/`, records under `skill_records/`.

Documents are mined in order, a chunk at a time; candidates wait in a working file, because equal graphs become one
skill wherever in the corpus they lie. Then groups of equal graphs are merged, tried in the sandbox and scored. Last,
the records are unpacked into directories. Every document ends in the lineage of a skill or among the rejects, and the
counts are asserted to add up. A language model as the teacher has a stage of its own, `teach`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from agentprop import __version__
from agentprop.boundary import CODES, WORKER_DIED, died
from agentprop.config import ExtractConfig
from agentprop.engine import (
    Interruption,
    WorkerDied,
    batched,
    each_alone,
    flattened,
    ordered_map,
    usable_cores,
)
from agentprop.errors import TooManyFailures
from agentprop.extraction.corpus import Fields, find_files, fingerprints, read_documents
from agentprop.extraction.mining.work import (
    NOT_LIFTED,
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
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.extract.candidates import Candidates, Known
from agentprop.stages.extract.packages import unpack
from agentprop.storage import write_stream
from agentprop.storage.run import Run, open_run

if TYPE_CHECKING:
    from agentprop.stages.extract.teach import Teaching

CHUNK = 64
"""Documents, or groups, that a worker is given at once."""
WINDOW = 16
"""Chunks under way."""
WORKING = "candidates"
_UNREAD = CODES | {"not-utf-8", "not-json", "not-an-object", "wrong-columns", "no-question", "duplicate-document"}
_SHARED = "another document has the same wording with other equations"


def run(config: ExtractConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Do what is owed, and return the summary; with `-` as the output the skills go to stdout as a stream."""
    if out != "-":
        return _extract(config, Path(out), fresh, quiet)
    with TemporaryDirectory(prefix="agentprop-extract-") as directory:
        summary = _extract(config, Path(directory), False, quiet)
        write_stream(sys.stdout.buffer, Skill, open_run(directory).iter(Skill))
    return summary


def _extract(config: ExtractConfig, out: Path, fresh: bool, quiet: bool) -> dict[str, Any]:
    teaching = _teaching(config)
    files = find_files(config.sources)
    opened = Run.open(
        out,
        "extract",
        config,
        fresh=fresh,
        inputs=fingerprints(files),
        folders=teaching.FOLDERS,
    )
    with opened as stored, Interruption() as stop:
        if stored.complete and stored.summary is not None:
            unpack(stored.iter(Skill), stored.path / "skills")
            return stored.summary
        work = teaching(config, stored, files, stop)
        try:
            with Progress(teaching.UNIT, None, quiet=quiet) as bar:
                work.read(bar)
            with Progress("skills", None, quiet=quiet) as bar:
                work.settle(bar)
            work.check(over=True)
        except TooManyFailures:
            stored.flush()
            raise
        return work.finish()


def _teaching(config: ExtractConfig) -> type[Mining] | type[Teaching]:
    """The built-in teacher's way, or a model's. Raises ConfigError for a name that nobody knows."""
    if config.teacher == "builtin":
        return Mining
    from agentprop.models.registry import resolve  # the models' machinery is for those who use it
    from agentprop.stages.extract.teach import Teaching

    resolve(config.teacher)
    return Teaching


class Mining:
    """The built-in teacher's work; what `_commit` writes is the state that segments carry."""

    UNIT = "documents"
    FOLDERS = ("skills", WORKING)

    def __init__(self, config: ExtractConfig, stored: Run, files: Sequence[Path], stop: Callable[[], bool]) -> None:
        self._config, self._run, self._files, self._stop = config, stored, files, stop
        self._workers = config.workers or usable_cores()
        state = stored.state
        self._documents: int = state.get("documents", 0)
        self._read_all: bool = state.get("read_all", False)
        self._groups: int = state.get("groups", 0)
        self._counts: Counter[str] = Counter(state.get("counts", {}))
        self._last_failure = ""
        self._candidates = Candidates(stored.path / WORKING / "candidates.jsonl", state.get("size", 0))

    # --- documents to candidates ---

    def read(self, bar: Progress) -> None:
        """Mine every document that is still owed."""
        bar.total = self._config.limit
        if self._read_all:
            return
        known = Known(self._candidates)
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
        for chunk in flattened(mined, _unfound):
            self._take(chunk, known)
            self.check()
            bar.update(done=self._documents, note=f"{self._documents - self._counts['rejected']} candidates")
        self._halt()
        self._read_all = True
        self._commit()

    def _owed(self, known: Known) -> Iterator[MinerInput | Found]:
        """Documents that no segment counts yet; repeated ones are known by their hash, so all are read again."""
        c = self._config
        fields = Fields(question=c.question_field, solution=c.solution_field, answer=c.answer_field)
        for position, document in enumerate(islice(read_documents(self._files, fields), c.limit)):
            prepared = known.prepare(document)
            if position >= self._documents:
                yield prepared

    def _take(self, chunk: list[Found], known: Known) -> None:
        kept = []
        for found in chunk:
            self._documents += 1
            if found.code:
                outcome: Literal["rejected", "failed"] = "failed" if found.code in CODES else "rejected"
                self._reject([found.document], found.code, found.message, outcome)
            elif known.admits(found):
                kept.append(found)
            else:
                self._reject([found.document], "duplicate-wording", _SHARED)
        self._candidates.append(kept)
        self._commit()

    # --- candidates to skills ---

    def settle(self, bar: Progress) -> None:
        """Merge, try and score every group that is still owed."""
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
        self, documents: Iterable[str], code: str, message: str, outcome: Literal["rejected", "failed"] = "rejected"
    ) -> None:
        for document in documents:
            self._run.add(Reject(stage="extract", item=document, outcome=outcome, code=code, message=message))
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
        self._run.commit({**state, "size": self._candidates.size, "counts": dict(self._counts)})

    def _halt(self) -> None:
        if self._stop():
            self._run.flush()
            raise KeyboardInterrupt

    # --- records to packages ---

    def finish(self) -> dict[str, Any]:
        """Unpack the skills, write summary and manifest, and drop the working file."""
        self._run.flush()
        counts = self._counts
        if self._documents != counts["accepted"] + counts["rejected"] + counts["failed"]:
            raise AssertionError(f"{self._documents} documents went in, and {dict(counts)} came out")
        unpack(self._run.iter(Skill), self._run.path / "skills")
        summary = self._summary()
        self._run.finish(summary)
        self._candidates.remove()
        return summary

    def _summary(self) -> dict[str, Any]:
        counts = self._counts
        reasons = {name.removeprefix("code "): n for name, n in counts.most_common() if name.startswith("code ")}
        solved = self._documents - sum(n for code, n in reasons.items() if code in UNSOLVED | _UNREAD)
        return {
            "documents": self._documents,
            "with equations or a program": solved,
            "lifted": solved - sum(n for code, n in reasons.items() if code in NOT_LIFTED),
            "original reproduced": counts["reproduced"],
            "accepted": counts["accepted"],
            "rejected": counts["rejected"],
            "failed": counts["failed"],
            "distinct skills": counts["skills"],
            "categories": {n.removeprefix("skills in "): k for n, k in counts.items() if n.startswith("skills in ")},
            "reasons": reasons,
        }


def _find_chunk(chunk: list[MinerInput | Found]) -> list[Found]:
    """Mine what is a document; pass on what was refused before, in its place."""
    mined = iter(find([item for item in chunk if isinstance(item, MinerInput)]))
    return [next(mined) if isinstance(item, MinerInput) else item for item in chunk]


def _unfound(lost: WorkerDied) -> list[Found]:
    return [Found(item.document, item.sha, 0, code=WORKER_DIED, message=lost.message) for item in lost.item]


def _settle_chunk(groups: list[list[Found]]) -> list[list[Settled]]:
    return settle(groups)


def _unsettled(lost: WorkerDied) -> list[list[Settled]]:
    return [[failed_group(group, died(lost.message))] for group in lost.item]
