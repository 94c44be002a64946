"""extract by a language model: sources → chunks → rated candidates → skills, stored as by the built-in teacher.

Many chunks are studied at once and committed in order; candidates that are good enough wait in a working file, because
near-duplicates become one skill wherever in the corpus they occur. Then each group becomes one skill: the best of it,
with the lineage of all, and with its script if that passes in the sandbox.

The input is the candidates, the passages that gave none, and the documents that cannot be read; each of them ends as
accepted (in a skill), rejected or failed, and the counts must add up. Replies are paid for once: a resumed run reads
them from its cache.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Any

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained, contained_async, died
from agentprop.config import ExtractConfig
from agentprop.engine import WorkerDied, batched, each_alone, flattened, ordered_map, usable_cores
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, TooManyFailures
from agentprop.extraction.corpus import Sources, UnreadableRecord
from agentprop.extraction.corpus.settings import fields_of
from agentprop.extraction.corpus.texts import read_texts
from agentprop.extraction.teaching import trial
from agentprop.extraction.teaching.chunks import Chunk, chunked
from agentprop.extraction.teaching.lesson import (
    ChunkOutcome,
    RatedProposal,
    Teacher,
    TeachingRefusal,
    prompts_hash,
    sources,
)
from agentprop.extraction.teaching.merging import Waiting, merge
from agentprop.extraction.teaching.package import package
from agentprop.extraction.teaching.proposals import Proposal, from_json
from agentprop.extraction.teaching.trial import TriedScript
from agentprop.models.chat import Sampling
from agentprop.prompts import Prompts
from agentprop.records import MadeBy, Reject, Skill, Span, check_storable
from agentprop.skills import load, parse
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.progress import Progress
from agentprop.stages.extract.packages import unpack
from agentprop.stages.extract.working_file import WorkingFile
from agentprop.storage.run import Run

BATCH = 8
"""Chunks committed together."""
WINDOW = 32
"""Batches under way: a slow chunk delays the commits after it, not the use of the server."""
TRIED = 4
"""Scripts in a worker's batch."""
WORKING = "candidates"
UNREADABLE = "unreadable-file"
log = logging.getLogger("agentprop")

Studied = tuple[Chunk | UnreadableRecord, ChunkOutcome]


class Teaching:
    """Extraction by a language model; `_commit` writes the state that segments carry."""

    UNIT = "chunks"
    FOLDERS = ("skills", WORKING, MODELS)

    def __init__(
        self, config: ExtractConfig, stored: Run, sources: Sources, stop: Callable[[], bool], quiet: bool = False
    ) -> None:
        self._config, self._run, self._sources, self._stop = config, stored, sources, stop
        state = stored.state
        self._done: int = state.get("done", 0)
        self._read_all: bool = state.get("read_all", False)
        self._settled: int = state.get("settled", 0)
        self._made_by: dict[str, Any] = state.get("made_by", {})
        self._unreadable: dict[str, str] = state.get("unreadable", {})
        self._counts: Counter[str] = Counter(state.get("counts", {}))
        self._failures: Counter[str] = Counter()
        self._last_failure = ""
        self._lines = WorkingFile(stored.path / WORKING / "candidates.jsonl", state.get("size", 0))

    # --- chunks to candidates ---

    def read(self, bar: Progress) -> None:
        """Study every chunk that is not done yet. Raises BoundReached if the models' budget ends first."""
        if self._read_all:
            return
        c = self._config
        wanted = {"teacher": c.teacher, "rater": c.teacher}
        with roles(
            self._run.path / MODELS, wanted, max_cost=c.max_cost, max_tokens=c.max_tokens, batched=True
        ) as models:
            self._failures = models.meter.failures
            try:
                self._study_all(models, bar)
            except TooManyFailures:
                self._run.summarise(self._summary(models))
                raise
            except BoundReached as bound:
                self._run.summarise(self._summary(models))
                raise BoundReached(
                    f"{bound.message}; {self._counts['chunks']} chunks were studied", hint=bound.hint
                ) from bound
        self._halt()
        self._read_all = True
        self._commit()

    def _study_all(self, models: RoleModels, bar: Progress) -> None:
        settings = models.settings["teacher"]
        sampling = Sampling(temperature=self._config.temperature, max_tokens=self._config.reply_tokens)
        prompts = Prompts.of(self._config.prompts)
        self._made_by = _made_by(settings.identity, settings.revision, sampling, prompts).model_dump(mode="json")
        teacher = Teacher(models["teacher"], models["rater"], self._config.chunk_skills, sampling, prompts)
        batches = ordered_rolling(
            partial(_study_tasks, teacher),
            batched(self._owed(), BATCH),
            concurrency=max(settings.max_concurrency, models["teacher"].batch_window),
            window=max(WINDOW, models["teacher"].batch_window // BATCH),
            stop=self._stop,
            idle=self._run.tick,
            close=models.aclose,
        )
        for batch in batches:
            for item, outcome in batch:
                self._take(item, outcome)
            self._commit()
            self.check()
            bar.update(done=self._counts["chunks"], note=f"{self._counts['proposed']} candidates")
        models.check_answered()

    def _owed(self) -> Iterator[Chunk | UnreadableRecord]:
        """Yield chunks that no segment counts yet; all are read again, because repeats are known by their hash."""
        c = self._config
        texts = islice(read_texts(self._sources.files, fields_of(c)), c.limit)
        return islice(chunked(texts, c.chunk_characters), self._done, None)

    def _take(self, item: Chunk | UnreadableRecord, outcome: ChunkOutcome) -> None:
        self._done += 1
        self._counts["proposed"] += outcome.proposed
        self._counts["in"] += len(outcome.refusals) + len(outcome.candidates)
        if isinstance(item, Chunk):
            self._counts["chunks"] += 1
            self._counts["passages"] += len(item.passages)
            self._counts["documents"] += sum(passage.opening for passage in item.passages)
            self._lines.write(_line(item, one) for one in outcome.candidates if self._good_enough(one))
        else:
            self._counts["documents"] += 1
        for refusal in outcome.refusals:
            self._reject(refusal)

    def _good_enough(self, candidate: RatedProposal) -> bool:
        rating, wanted = candidate.rating, self._config.min_quality
        if rating.quality >= wanted:
            self._counts["waiting"] += 1
            return True
        message = f"quality {rating.quality} is below {wanted}: {dict(rating.parts)} {rating.reason}".rstrip()
        record = json.dumps(asdict(candidate.proposal), ensure_ascii=False)
        self._reject(TeachingRefusal(candidate.item, "low-quality", message, record=record))
        return False

    # --- candidates to skills ---

    def make_skills(self, bar: Progress) -> None:
        """Merge near-duplicates, try scripts, and store a skill of every group that is not done yet."""
        waiting = [_waiting(offset, line) for offset, line in self._lines.numbered()]
        merged = merge(waiting, self._config.merge_similarity)
        owed, bar.total = merged[self._settled :], len(merged)
        wordings = self._wordings() if any(group[0].scripted for group in merged) else set()
        faults = self._tried([group[0] for group in owed if group[0].scripted])
        for group in owed:
            if self._stop():
                break
            tried = next(faults, None) if group[0].scripted else TriedScript("the teacher wrote none")
            if tried is None:  # interrupted
                break
            self._settled += 1
            contained(partial(self._keep, group, tried, wordings), partial(self._lose, group))
            self._commit()
            self.check()
            bar.update(done=self._settled, note=f"{self._counts['skills']} skills")
        self._halt()

    def _wordings(self) -> set[str]:
        """Wordings that are taken: those of the bundled library, and of the skills stored so far."""
        kept = (parse(skill.skill_md, skill.script, "teacher") for skill in self._run.iter(Skill) if skill.script)
        return {wording for one in (*load(()).values(), *kept) for wording in trial.wordings(one)}

    def _tried(self, scripted: Sequence[Waiting]) -> Iterator[TriedScript]:
        """Yield the result of each script, in order; a script that kills its process has a fault too."""
        if not scripted:
            return
        proposals = (_proposal(self._lines.at([one.offset])[0]) for one in scripted)
        tried = ordered_map(
            trial.try_scripts,
            batched(proposals, TRIED),
            workers=self._config.workers or usable_cores(),
            window=BATCH,
            stop=self._stop,
            idle=self._run.tick,
            initializer=trial.start,
            initargs=(self._config.allow_weak_sandbox,),
            split=each_alone,
        )
        for found in flattened(tried, _lost):
            yield from found

    def _keep(self, group: Sequence[Waiting], tried: TriedScript, wordings: set[str]) -> None:
        """Keep a group as a skill, or refuse it; nothing is counted before all of it is known."""
        lines = self._lines.at([one.offset for one in group])
        proposal, fault = _proposal(lines[0]), tried.fault
        if fault is None and trial.wordings(package(proposal, scripted=True)) & wordings:
            fault = "another skill has one of its wordings"
        if fault is not None and self._config.require_scripts:
            self._counts["waiting"] -= len(group)
            self._counts["scripts written"] += proposal.executable is not None
            for line in lines:
                self._reject(_no_script(line, tried, fault))
            return
        skill = check_storable(_skill(lines, fault, MadeBy.model_validate(self._made_by)))
        if skill.script is not None:
            wordings |= trial.wordings(parse(skill.skill_md, skill.script, "teacher"))
            self._counts["scripts accepted"] += 1
        self._counts["waiting"] -= len(group)
        self._counts["scripts written"] += proposal.executable is not None
        self._counts["scripts not tried"] += tried.undecided
        self._run.add(skill)
        self._counts["accepted"] += len(group)
        self._counts["merged"] += len(group) - 1
        self._counts["skills"] += 1
        self._counts[f"skills in {skill.category}"] += 1

    def _lose(self, group: Sequence[Waiting], failure: RecordFailure) -> None:
        """Count a group that could not be kept, by no fault of its own."""
        self._counts["waiting"] -= len(group)
        for line in self._lines.at([one.offset for one in group]):
            record = json.dumps(line["proposal"], ensure_ascii=False)
            self._reject(TeachingRefusal(line["item"], failure.code, failure.told, "failed", record))

    # --- books ---

    def check(self, *, over: bool = False) -> None:
        """Raise TooManyFailures where more items failed unexpectedly than may."""
        reasons = {name.removeprefix("code "): n for name, n in self._counts.items() if name.startswith("code ")}
        share, items = self._config.max_failures, self._counts["in"]
        tolerance_of(share, reasons, items, last=self._last_failure).check(over=over)

    def _reject(self, refusal: TeachingRefusal) -> None:
        if refusal.code == UNREADABLE:
            self._unreadable[refusal.item] = refusal.message
            log.warning("%s was not read, or not to its end: %s", refusal.item, refusal.message)
        self._run.add(
            Reject(
                stage="extract",
                item=refusal.item,
                outcome=refusal.outcome,
                code=refusal.code,
                message=refusal.message,
                record=refusal.record,
            )
        )
        self._counts[refusal.outcome] += 1
        self._counts[f"code {refusal.code}"] += 1
        self._last_failure = refusal.message if is_unexpected(refusal.code) else self._last_failure

    def _commit(self) -> None:
        self._run.commit(
            {
                "done": self._done,
                "read_all": self._read_all,
                "settled": self._settled,
                "size": self._lines.size,
                "made_by": self._made_by,
                "unreadable": self._unreadable,
                "counts": dict(self._counts),
            }
        )

    def _halt(self) -> None:
        if self._stop():
            self._run.flush()
            raise KeyboardInterrupt

    # --- records to packages ---

    def finish(self) -> dict[str, Any]:
        """Unpack the skills, write summary and manifest, and drop the working file."""
        self._run.flush()
        assert self._counts["waiting"] == 0, "candidates are left over"
        unpack(self._run.iter(Skill), self._run.path / "skills")
        with roles(self._run.path / MODELS, {}) as models:
            summary = self._summary(models)
        self._run.finish(summary)
        self._lines.remove()
        return summary

    def _summary(self, models: RoleModels) -> dict[str, Any]:
        """Summarise the funnel; in = accepted + rejected + failed when no candidate is waiting any more."""
        c = self._counts
        if c["in"] != c["accepted"] + c["rejected"] + c["failed"] + c["waiting"]:
            raise AssertionError(f"{c['in']} items went in, and {dict(c)} came out")
        funnel = ("documents", "passages", "chunks", "proposed", "in", "accepted", "rejected", "failed")
        return {
            **{name: c[name] for name in funnel},
            "merged": c["merged"],
            "distinct skills": c["skills"],
            "scripts": {
                "written": c["scripts written"],
                "accepted": c["scripts accepted"],
                **({"not tried": c["scripts not tried"]} if c["scripts not tried"] else {}),
            },
            "categories": {n.removeprefix("skills in "): k for n, k in c.items() if n.startswith("skills in ")},
            "reasons": {n.removeprefix("code "): k for n, k in c.most_common() if n.startswith("code ")},
            **({"unreadable files": self._unreadable} if self._unreadable else {}),
            **({"files left out": dict(self._sources.left_out)} if self._sources.left_out else {}),
            "spending": {**models.spending(c["skills"]), "failures": dict(self._failures)},
        }


# --- one chunk ---


def _study_tasks(teacher: Teacher, batch: Sequence[Chunk | UnreadableRecord]) -> list[Callable[[], Awaitable[Studied]]]:
    return [partial(_studied, teacher, item) for item in batch]


async def _studied(teacher: Teacher, item: Chunk | UnreadableRecord) -> Studied:
    if isinstance(item, UnreadableRecord):
        return item, ChunkOutcome(refusals=(TeachingRefusal(item.id, item.code, item.message),))
    return item, await contained_async(partial(teacher.study, item), partial(_unstudied, item))


def _unstudied(chunk: Chunk, failure: RecordFailure) -> ChunkOutcome:
    refusals = (TeachingRefusal(p.label, failure.code, failure.told, "failed") for p in chunk.passages)
    return ChunkOutcome(refusals=tuple(refusals))


def _lost(lost: WorkerDied) -> list[TriedScript]:
    return [TriedScript.of_failure(died(lost.message)) for _ in lost.item]


def _no_script(line: dict[str, Any], tried: TriedScript, fault: str) -> TeachingRefusal:
    """Why a candidate without a script that holds is left out."""
    record = json.dumps(line["proposal"], ensure_ascii=False)
    if tried.failure is not None:
        return TeachingRefusal(line["item"], tried.failure.code, tried.failure.told, "failed", record)
    if tried.undecided:
        return TeachingRefusal(line["item"], "script-undecided", f"it is not known to hold: {fault}", "failed", record)
    return TeachingRefusal(line["item"], "no-script", f"it has no script that holds: {fault}", record=record)


def _line(chunk: Chunk, candidate: RatedProposal) -> dict[str, Any]:
    """Write a candidate as a line of the working file."""
    places = sources(chunk, candidate.proposal).values()
    return {
        "item": candidate.item,
        "proposal": asdict(candidate.proposal),
        "quality": candidate.rating.quality,
        "parts": dict(candidate.rating.parts),
        "reason": candidate.rating.reason,
        "spans": [chunk.passages[place].span.model_dump() for place in places],
    }


def _made_by(name: str, revision: str | None, sampling: Sampling, prompts: Prompts) -> MadeBy:
    parameters = json.dumps({"temperature": sampling.temperature, "max_tokens": sampling.max_tokens})
    told = prompts_hash(prompts)
    return MadeBy(name=name, revision=revision, sampling=parameters, prompt_hash=told, version=__version__)


# --- one skill ---


def _proposal(line: dict[str, Any]) -> Proposal:
    return from_json(line["proposal"])


def _waiting(offset: int, line: dict[str, Any]) -> Waiting:
    return Waiting.of(offset, line["quality"], _proposal(line))


def _skill(lines: Sequence[dict[str, Any]], fault: str | None, made_by: MadeBy) -> Skill:
    """Make the record of the best candidate of a group, with the lineage of all."""
    best = lines[0]
    spans = dict.fromkeys(Span.model_validate(span) for line in lines for span in line["spans"])
    parts = {**best["parts"], "reason": best["reason"], "script": fault or "solve and check agree"}
    made = package(_proposal(best), scripted=fault is None).record(
        quality=best["quality"], quality_parts=json.dumps(parts, ensure_ascii=False), lineage=list(spans)
    )
    return made.model_copy(update={"made_by": made_by})
