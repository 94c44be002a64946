"""extract: sources → documents → candidates → skills, packages under `skills/`, records under `skill_records/`.

Documents are mined in order, a chunk at a time; candidates wait in a working file, because equal graphs become one
skill wherever in the corpus they lie, and only a digest of each stays in memory. Then groups of equal graphs are
merged, tried in the sandbox and scored. Last, the records are unpacked into directories. Every document ends in the
lineage of a skill or among the rejects, and the counts are asserted to add up.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from agentprop import __version__
from agentprop.corpus import Document, Fields, Unreadable, find_files, fingerprints, read_documents
from agentprop.engine import WorkerDied, ordered_map, usable_cores
from agentprop.errors import ConfigError
from agentprop.files import append_durably, disk_errors
from agentprop.records import Reject, Skill
from agentprop.runs import Run
from agentprop.symbolic.mining.work import NOT_LIFTED, UNSOLVED, Found, Settled, Source, find, settle, start

CHUNK = 64
"""Documents, or groups, that a worker is given at once."""
WINDOW = 16
"""Chunks under way."""
WORKING = "candidates"
CANDIDATES = f"{WORKING}/candidates.jsonl"
_CORPUS = frozenset({"not-utf-8", "not-json", "not-an-object", "wrong-columns", "no-question"})

Item = TypeVar("Item")


class ExtractConfig(BaseModel):
    """What a person may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    sources: tuple[str, ...]
    """Files, globs or directories."""
    teacher: str = "builtin"
    """Who extracts: `builtin` is the equation miner."""
    min_quality: float = Field(default=0.5, ge=0, le=1)
    """τ_r: skills with a lower quality r(k) are rejected."""
    fields: Fields = Fields()
    """Which field of a record holds what, where its name does not say so."""
    limit: int | None = Field(default=None, ge=1)
    """Read at most this many documents."""
    workers: int = Field(default_factory=usable_cores, ge=1)
    """Worker processes; changes nothing but the time."""
    allow_weak_sandbox: bool = False
    """Run mined scripts even where the machine offers no isolation."""


@dataclass(frozen=True)
class Progress:
    """What a progress display is told."""

    phase: str
    """`documents` or `groups`."""
    done: int
    """Documents or groups finished."""
    total: int | None
    """How many there are, where known."""


def extract(
    config: ExtractConfig,
    out: Path,
    *,
    fresh: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any] | None:
    """Do what is owed; the summary, or None where `stop` ended the work early."""
    if config.teacher != "builtin":
        raise ConfigError(f"unknown teacher {config.teacher!r}", hint="use --teacher builtin")
    files = find_files(config.sources)
    settings = config.model_dump(mode="json")
    inputs = fingerprints(files)
    outside = ("workers", "allow_weak_sandbox", "sources")
    with Run.open(
        out, "extract", settings, fresh=fresh, outside_identity=outside, inputs=inputs, folders=("skills", WORKING)
    ) as run:
        if run.complete and run.summary is not None:
            return run.summary
        work = _Extraction(config, run, files, stop, report)
        return work.finish() if work.read() and work.settle() else None


class _Extraction:
    """One command's share of a run; `counts` and `position` are the state that segments carry."""

    def __init__(
        self,
        config: ExtractConfig,
        run: Run,
        files: Sequence[Path],
        stop: Callable[[], bool],
        report: Callable[[Progress], None],
    ) -> None:
        self._config, self._run, self._files, self._stop, self._report = config, run, files, stop, report
        self._documents: int = run.state.get("documents", 0)
        self._groups: int = run.state.get("groups", 0)
        self._read_all: bool = run.state.get("read_all", False)
        self._size: int = run.state.get("size", 0)
        self._counts: Counter[str] = Counter(run.state.get("counts", {}))
        self._path = run.path / CANDIDATES
        with disk_errors(self._path):
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("ab") as file:
                file.truncate(self._size)

    # --- documents to candidates ---

    def read(self) -> bool:
        """Mine every document that is still owed; False when stopped."""
        if self._read_all:
            return True
        known = _Known()
        for found in self._candidates():
            known.admits(found)
        owed = self._owed(known)
        mined = ordered_map(
            _find_chunk, _chunks(owed, CHUNK), workers=self._config.workers, window=WINDOW, stop=self._stop,
            idle=self._run.tick,
        )  # fmt: skip
        for chunk in mined:
            self._take(chunk, known)
        if self._stop():
            return False
        self._read_all = True
        self._commit()
        return True

    def _owed(self, known: _Known) -> Iterator[Source | Found]:
        """Documents that no segment counts yet; repeated ones are known by their hash, so all are read again."""
        documents = islice(read_documents(self._files, self._config.fields), self._config.limit)
        for position, document in enumerate(documents):
            prepared = known.prepare(document)
            if position >= self._documents:
                yield prepared

    def _take(self, chunk: list[Found] | WorkerDied, known: _Known) -> None:
        lines = b""
        results = _dead(chunk) if isinstance(chunk, WorkerDied) else chunk
        for found in results:
            self._documents += 1
            if found.code or not known.admits(found):
                self._reject([found.document], found.code or "duplicate-wording", found.message or _SHARED)
            else:
                lines += json.dumps(asdict(found), ensure_ascii=False).encode() + b"\n"
        if lines:
            append_durably(self._path, lines)
            self._size += len(lines)
        self._commit()
        self._report(Progress("documents", self._documents, self._config.limit))

    def _candidates(self) -> Iterator[Found]:
        with self._path.open("rb") as file:
            for line in file:
                yield Found(**json.loads(line))

    # --- candidates to skills ---

    def settle(self) -> bool:
        """Merge, try and score every group that is still owed; False when stopped."""
        groups = self._grouped()
        owed = (self._load(offsets) for offsets in groups[self._groups :])
        settled = ordered_map(
            _settle_chunk, _chunks(owed, CHUNK), workers=self._config.workers, window=WINDOW, stop=self._stop,
            idle=self._run.tick, initializer=start, initargs=(__version__, self._config.allow_weak_sandbox),
        )  # fmt: skip
        for chunk in settled:
            if isinstance(chunk, WorkerDied):
                self._groups += len(chunk.item)
                documents = [found.document for group in chunk.item for found in group]
                self._reject(documents, "worker-died", chunk.message, outcome="failed")
            else:
                self._groups += chunk[0]
                for one in chunk[1]:
                    self._accept(one)
            self._commit()
            self._report(Progress("groups", self._groups, len(groups)))
        return not self._stop()

    def _grouped(self) -> list[list[int]]:
        """Offsets of the candidates of each key, in order of first appearance; the key itself is not kept."""
        groups: dict[bytes, list[int]] = {}
        offset = 0
        with self._path.open("rb") as file:
            for line in file:
                groups.setdefault(_digest(json.loads(line)["key"]), []).append(offset)
                offset += len(line)
        return list(groups.values())

    def _load(self, offsets: Sequence[int]) -> list[Found]:
        found = []
        with self._path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                found.append(Found(**json.loads(file.readline())))
        return found

    def _accept(self, settled: Settled) -> None:
        skill = settled.skill
        if skill is None:
            self._reject(settled.documents, settled.code, settled.message)
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

    def _reject(self, documents: Sequence[str], code: str, message: str, outcome: str = "rejected") -> None:
        for document in documents:
            data = {"stage": "extract", "item": document, "outcome": outcome, "code": code, "message": message}
            self._run.add(Reject.model_validate(data))
            self._counts[outcome] += 1
            self._counts[f"code {code}"] += 1

    def _commit(self) -> None:
        self._run.commit(
            {
                "documents": self._documents,
                "groups": self._groups,
                "read_all": self._read_all,
                "size": self._size,
                "counts": dict(self._counts),
            }
        )

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
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()
        return summary

    def _summary(self) -> dict[str, Any]:
        counts = self._counts
        reasons = {name.removeprefix("code "): n for name, n in counts.most_common() if name.startswith("code ")}
        unread = sum(n for code, n in reasons.items() if code in UNSOLVED | _CORPUS | {"duplicate-document"})
        lifted = self._documents - unread - sum(n for code, n in reasons.items() if code in NOT_LIFTED)
        return {
            "funnel": {
                "documents": self._documents,
                "with equations or a program": self._documents - unread,
                "lifted": lifted,
                "original reproduced": counts["reproduced"],
                "accepted": counts["accepted"],
                "distinct skills": counts["skills"],
            },
            "rejected": counts["rejected"],
            "failed": counts["failed"],
            "reasons": reasons,
            "categories": {
                name.removeprefix("skills in "): n for name, n in counts.items() if name.startswith("skills in ")
            },
        }


_SHARED = "another document has the same wording with other equations"


def unpack(skills: Iterator[Skill], root: Path) -> None:
    """Write each skill as a package directory; files that are there already with the same text stay untouched."""
    for skill in skills:
        for name, text in (("SKILL.md", skill.skill_md), ("scripts/skill.py", skill.script)):
            path = root / skill.name / name
            if text is None or (path.exists() and path.read_text(encoding="utf-8") == text):
                continue
            with disk_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")


class _Known:
    """Digests of what was seen: 8 bytes for each document and 16 for each wording."""

    def __init__(self) -> None:
        self._documents: set[bytes] = set()
        self._wordings: dict[bytes, bytes] = {}

    def prepare(self, document: Document | Unreadable) -> Source | Found:
        """The document as the miner's item, or a refusal that needs no miner."""
        if isinstance(document, Unreadable):
            return Found(document.id, "", 0, code=document.code, message=document.message)
        digest = _digest(document.sha)
        if digest in self._documents:
            return Found(document.id, document.sha, 0, code="duplicate-document", message="the corpus has it twice")
        self._documents.add(digest)
        return Source(
            document.id, document.sha, document.question, document.solution, document.answer, document.program,
            document.test, document.entry_point,
        )  # fmt: skip

    def admits(self, found: Found) -> bool:
        """Whether no other skill has this wording; the same wording over the same graph is support, not a clash."""
        meaning = _digest(f"{found.key}\n{found.exact}")
        return self._wordings.setdefault(_digest(found.wording), meaning) == meaning


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]


def _chunks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _find_chunk(chunk: list[Source | Found]) -> list[Found]:
    """Mine what is a document; pass on what was refused before, in its place."""
    mined = iter(find([item for item in chunk if isinstance(item, Source)]))
    return [next(mined) if isinstance(item, Source) else item for item in chunk]


def _settle_chunk(groups: list[list[Found]]) -> tuple[int, list[Settled]]:
    return len(groups), settle(groups)


def _dead(chunk: WorkerDied) -> list[Found]:
    """The documents of a chunk that killed two workers."""
    message = chunk.message
    return [Found(item.document, item.sha, 0, code="worker-died", message=message) for item in chunk.item]
