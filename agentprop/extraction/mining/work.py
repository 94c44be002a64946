"""The two jobs of an extraction, each a pure function of its item: documents to candidates, candidates to packages.

Everything that passes between them is plain data, so that they run in any process and survive a restart on disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from agentprop.boundary import RecordFailure, contained
from agentprop.extraction.mining import candidate, package, programs, quality, trial
from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.merge import FamilyMember, SkillFamily, families, key
from agentprop.extraction.mining.question import audit, document
from agentprop.extraction.mining.question import merge as question_merge
from agentprop.extraction.mining.question import package as question_package
from agentprop.extraction.mining.question import settle as question_settle
from agentprop.extraction.mining.question.template import from_json, to_json
from agentprop.records import MadeBy, Skill, Span, check_storable
from agentprop.sandbox import UNDECIDED, Job, Result, Sandbox
from agentprop.skills import OWN_CODE, parse

UNSOLVED = frozenset({"no-answer", "no-number", "no-equations", "no-program", "no-description"})
"""Refusals before any equation, or program, was found."""
NOT_LIFTED = frozenset({
    "unexplained", "ambiguous", "nothing-varies", "unused-number", "redundant", "not-reproduced", "needs-figure",
    "unread", "unmeant", "not-executed", "ambiguous-question", "answer-unread", "disagrees",
})  # fmt: skip
"""Refusals of equations, or of questions, that are not understood."""
REPRODUCED = frozenset({
    "fixed", "form-answer", "no-second-route", "not-read-again", "unwritable", "no-room", "not-whole",
})  # fmt: skip
"""Refusals of documents whose answer came back, but not for other numbers."""


@dataclass(frozen=True)
class MinerInput:
    """What the miner needs of a document."""

    document: str
    """Document id."""
    sha: str
    """Hash of its text."""
    question: str
    """Question, or head of a program."""
    solution: str
    """Worked solution."""
    answer: str
    """Final answer."""
    program: str = ""
    """Reference program."""
    test: str = ""
    """Its tests."""
    entry_point: str = ""
    """The function they call."""


@dataclass(frozen=True)
class Found:
    """A document's candidate as plain data, or why there is none."""

    document: str
    """Document id."""
    sha: str
    """Hash of its text."""
    length: int
    """Characters of the question."""
    key: str = ""
    """Candidates of one key may become one skill; empty for a refusal."""
    wording: str = ""
    """The phrasing with its holes emptied; two skills must not share it."""
    exact: str = ""
    """The phrasing as it is."""
    data: str = ""
    """The candidate, JSON."""
    code: str = ""
    """Reason code of a refusal."""
    message: str = ""
    """The reason in a sentence."""
    record: str = ""
    """Of a refusal: what was found instead, JSON."""


@dataclass(frozen=True)
class Settled:
    """A skill to be, tried out; or a failure that its documents share."""

    documents: tuple[str, ...]
    """Its documents."""
    skill: Skill | None
    """The record, whatever its quality."""
    code: str = ""
    """Reason code, where there is no skill."""
    message: str = ""
    """The reason in a sentence."""
    failed: bool = False
    """Whether nothing is known against it, because it could not be tried."""


def find(sources: Sequence[MinerInput]) -> list[Found]:
    """Each document's candidate or refusal; what fails is one document and no other."""
    golds = [document.gold(source.solution, source.answer) for source in sources]
    return [
        contained(partial(_find, source, golds, place), partial(_unfound, source))
        for place, source in enumerate(sources)
    ]


def _unfound(source: MinerInput, failure: RecordFailure) -> Found:
    return Found(source.document, source.sha, len(source.question), code=failure.code, message=failure.told)


def _find(source: MinerInput, golds: Sequence[str], place: int) -> Found:
    """A program, or whichever way of mining takes the document: by its question, or by its worked solution."""
    length = len(source.question)
    refused = partial(Found, source.document, source.sha, length)
    try:
        if source.program:
            return _program(source)
        first, second = _by_question, _by_solution
        if not document.is_formal(source.question):
            first, second = second, first
        try:
            return first(source, golds[place])
        except Refusal as refusal:
            if first is _by_question and document.was_read(refusal):
                raise
            return _second(second, source, golds[place], refusal)
    except document.Disagreement as problem:
        record = audit.record(source.question, golds, place, problem)
        return refused(code=problem.code, message=problem.message, record=record)
    except Refusal as refusal:
        return refused(code=refusal.code, message=refusal.message)


def _second(mine: Callable[[MinerInput, str], Found], source: MinerInput, gold: str, before: Refusal) -> Found:
    """The other way; the reason of a document that both refuse is that of the way that got further."""
    try:
        return mine(source, gold)
    except Refusal as refusal:
        raise document.further(before, refusal) from None


def _program(source: MinerInput) -> Found:
    reference = programs.read(source.question, source.program, source.test, source.entry_point)
    wording, data = programs.task(reference), json.dumps(asdict(reference))
    name = "program " + hashlib.sha256(reference.source.encode()).hexdigest()[:16]
    return Found(source.document, source.sha, len(source.question), name, wording, wording, data)


def _by_solution(source: MinerInput, gold: str) -> Found:
    mined = candidate.mine(source.question, source.solution, source.answer)
    exact = f"{mined.phrasing.scene} {mined.phrasing.ask}"
    data = json.dumps(candidate.to_json(mined))
    return Found(source.document, source.sha, len(source.question), key(mined), _blank(exact), exact, data)


def _by_question(source: MinerInput, gold: str) -> Found:
    mined = document.mine(source.question, gold)
    name, exact = question_merge.key(mined), mined.phrasing
    data = json.dumps(to_json(mined))
    return Found(source.document, source.sha, len(source.question), name, _blank(exact), exact, data)


def _blank(phrasing: str) -> str:
    return re.sub(r"<\w+>", "<>", phrasing)


@dataclass(frozen=True)
class Trial:
    """What is tried in the sandbox, and what its result means."""

    documents: tuple[str, ...]
    """Whose it is."""
    job: Job
    """What runs."""
    judge: Callable[[Result], Settled]
    """What came of it."""


_sandbox: Sandbox | None = None
_version = ""


def start(version: str, allow_weak: bool) -> None:
    """Give this process a sandbox; nothing runs in it before the first call."""
    global _sandbox, _version
    _sandbox, _version = Sandbox(preload=("fractions",), allow_weak=allow_weak), version


def settle(groups: Sequence[Sequence[Found]]) -> list[list[Settled]]:
    """Groups of equal keys to each one's tried packages; what fails is one group, or one package, and no other.

    The scripts of word problems are written by agentprop from graphs of numbers, without a word of the documents, so
    all of them run in one batch. A reference program is its author's, and runs alone.
    """
    if _sandbox is None:
        raise RuntimeError("settle() needs start() in its process")
    tried = [contained(partial(_trials, group), partial(_untried, group)) for group in groups]
    jobs = [one.job for trials in tried for one in trials if isinstance(one, Trial)]
    results = iter(_sandbox.run_batch(jobs))
    return [[_settled(one, next(results)) if isinstance(one, Trial) else one for one in trials] for trials in tried]


def _trials(group: Sequence[Found]) -> list[Trial | Settled]:
    return [*_TRIALS[group[0].key.partition(" ")[0]](group)]


def _untried(group: Sequence[Found], failure: RecordFailure) -> list[Trial | Settled]:
    return [failed_group(group, failure)]


def failed_group(group: Sequence[Found], failure: RecordFailure) -> Settled:
    """Return that a group could not be tried, by no fault of its documents."""
    return _failed([found.document for found in group], failure)


def _failed(documents: Sequence[str], failure: RecordFailure) -> Settled:
    return Settled(tuple(documents), None, failure.code, failure.told, failed=True)


def _settled(one: Trial, result: Result) -> Settled:
    if result.status in UNDECIDED:
        why = f"its trial ended without a word on it: {result.status} ({result.detail or 'no detail'})"
        return Settled(one.documents, None, result.status, why, failed=True)
    return contained(partial(one.judge, result), partial(_failed, one.documents))


def _stories(group: Sequence[Found]) -> list[Trial]:
    """A trial for each family of a group."""
    return [_story(family, package.package(family)) for family in families(_members(group))]


def _story(family: SkillFamily, packaged: tuple[str, str, str]) -> Trial:
    documents = tuple(member.document for member in family.members)
    job = replace(trial.job(family, packaged[2]), origin=OWN_CODE)
    return Trial(documents, job, partial(_settle_story, family, packaged))


def _programs(group: Sequence[Found]) -> list[Trial]:
    """The one trial of a group of equal programs."""
    reference = programs.Reference(**json.loads(group[0].data))
    documents = tuple(found.document for found in group)
    return [Trial(documents, programs.job(reference), partial(_settle_program, group, reference))]


def _questions(group: Sequence[Found]) -> list[Trial]:
    """A trial for each family of questions."""
    members = [
        question_merge.QuestionMember(found.document, found.sha, found.length, from_json(json.loads(found.data)))
        for found in group
    ]
    return [_question(family) for family in question_merge.families(members)]


def _question(family: question_merge.QuestionFamily) -> Trial:
    packaged = question_package.package(family.template, family.phrasings, len(family.members))
    documents = tuple(member.document for member in family.members)
    job = replace(question_settle.job(family, packaged[2]), origin=OWN_CODE)
    return Trial(documents, job, partial(_settle_question, family, packaged))


def _members(group: Sequence[Found]) -> list[FamilyMember]:
    return [
        FamilyMember(found.document, found.sha, found.length, candidate.from_json(json.loads(found.data)))
        for found in group
    ]


def _settle_story(family: SkillFamily, packaged: tuple[str, str, str], result: Result) -> Settled:
    documents = tuple(member.document for member in family.members)
    fault = trial.passes(family, result)
    if fault is not None:
        return Settled(documents, None, "not-reproduced", fault)
    parts = quality.parts(family, reproduced=True)
    spans = [Span(document=m.document, start=0, end=m.length, sha=m.sha) for m in family.members]
    return Settled(documents, _record(packaged, parts, quality.score(parts), spans))


def _settle_question(family: question_merge.QuestionFamily, packaged: tuple[str, str, str], result: Result) -> Settled:
    documents = tuple(member.document for member in family.members)
    fault = question_settle.fault(family, result)
    if fault is not None:
        return Settled(documents, None, "not-reproduced", fault)
    parts = question_settle.parts(family)
    spans = [Span(document=m.document, start=0, end=m.length, sha=m.sha) for m in family.members]
    return Settled(documents, _record(packaged, parts, question_settle.score(parts), spans))


def _settle_program(group: Sequence[Found], reference: programs.Reference, result: Result) -> Settled:
    documents = tuple(found.document for found in group)
    try:
        tests = programs.recorded(result)
    except Refusal as refusal:
        return Settled(documents, None, refusal.code, refusal.message)
    parts = {"reproduced": 1.0, "tests": round(min(len(tests) / 8, 1.0), 3), "description": 1.0}
    score = round(0.5 + 0.3 * parts["tests"] + 0.2 * parts["description"], 3)
    spans = [Span(document=f.document, start=0, end=f.length, sha=f.sha) for f in group]
    return Settled(documents, _record(programs.package(reference, tests), parts, score, spans))


def _record(packaged: tuple[str, str, str], parts: dict[str, float], score: float, spans: Sequence[Span]) -> Skill:
    """The record of a package; reading it back proves that it is a valid one."""
    _, skill_md, script = packaged
    made = parse(skill_md, script, "mined").record(quality=score, quality_parts=json.dumps(parts), lineage=spans)
    return check_storable(made.model_copy(update={"made_by": MadeBy(name="builtin", version=_version)}))


_TRIALS = {"program": _programs, "question": _questions, "story": _stories}
"""What becomes of a group of candidates, by the first word of their key."""
