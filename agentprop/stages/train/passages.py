"""Extract runs → their skills, each with the passages of the corpus that it was extracted from.

A run stores spans and not texts, so the sources are read again. A document that has changed is refused, by the hash of
its text in the span.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agentprop.config import ExtractConfig
from agentprop.errors import InputError
from agentprop.extraction.corpus import Corpus, Document
from agentprop.extraction.corpus.settings import fields_of, reading_of, sources_of
from agentprop.extraction.corpus.texts import Text, read_texts
from agentprop.records import Skill, Span
from agentprop.storage.reader import StoredRun, open_run

GAP = "\n\n"
"""Separator of passages, and of the parts of a document."""


@dataclass(frozen=True)
class SkillPassage:
    """Skill and its source: k and D_corpus of L_skill-acq."""

    skill: Skill
    """Extracted skill."""
    passage: str
    """Passages of its lineage, in order."""


def skill_passages(paths: Sequence[str]) -> Iterator[SkillPassage]:
    """Yield the skills of extract runs with their passages. Raises InputError if a run or its corpus cannot be used."""
    for path in paths:
        yield from _of_run(open_run(path), path)


def _of_run(stored: StoredRun, path: str) -> Iterator[SkillPassage]:
    if stored.stage != "extract":
        raise InputError(f"{path} is a run of {stored.stage}, not of extract", hint="name a run that extracted skills")
    wanted = {span.document: span for skill in stored.iter(Skill) for span in skill.lineage}
    passages = _passages(ExtractConfig.model_validate(stored.config), wanted)
    for skill in stored.iter(Skill):
        if skill.lineage:
            yield SkillPassage(skill, GAP.join(_piece(passages, span, path) for span in skill.lineage))


def _passages(config: ExtractConfig, wanted: Mapping[str, Span]) -> dict[str, tuple[str, str, str]]:
    """(sha, text, what follows the text) of the documents that are cited."""
    sources = sources_of(config, config.sources, "train")
    found: Iterable[object] = (
        Corpus(sources, reading_of(config, "train")).documents()
        if config.teacher == "builtin"
        else read_texts(sources.files, fields_of(config))
    )
    return {one.id: _read(one) for one in found if isinstance(one, Document | Text) and one.id in wanted}


def _read(one: Document | Text) -> tuple[str, str, str]:
    """Return (hash, text, further text); a miner's span is in the question, so solution or program is added."""
    if isinstance(one, Text):
        return one.sha, one.text, ""
    return one.sha, one.question, one.solution or one.program


def _piece(passages: Mapping[str, tuple[str, str, str]], span: Span, path: str) -> str:
    sha, text, after = passages.get(span.document, ("", "", ""))
    if sha != span.sha:
        state = "has changed" if sha else "is gone"
        raise InputError(
            f"{span.document}, which {path} extracted skills from, {state}",
            hint="restore the sources, or extract again",
        )
    return GAP.join(filter(None, (text[span.start : span.end], after)))
