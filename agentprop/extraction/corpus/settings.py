"""The settings of a stage → the files it reads, and how it reads them."""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.config.parts import CorpusSettings
from agentprop.extraction.corpus.document import Fields
from agentprop.extraction.corpus.documents import CorpusReading
from agentprop.extraction.corpus.encodings import check_encoding
from agentprop.extraction.corpus.sources import Sources, Wanted, find_sources


def sources_of(config: CorpusSettings, sources: Sequence[str], wanted: Wanted) -> Sources:
    """The files that the sources name. Raises InputError for a source or an encoding that there is not."""
    if config.encoding is not None:
        check_encoding(config.encoding)
    return find_sources(sources, splits=config.split, wanted=wanted, encoding=config.encoding)


def fields_of(config: CorpusSettings) -> Fields:
    """The fields that a person named."""
    return Fields(
        question=config.question_field,
        context=config.context_field,
        solution=config.solution_field,
        answer=config.answer_field,
        options=config.options_field,
        unit=config.unit_field,
        equation=config.equation_field,
        program=config.program_field,
        test=config.tests_field,
        entry_point=config.entry_point_field,
        id=config.id_field,
    )


def reading_of(config: CorpusSettings, wanted: Wanted) -> CorpusReading:
    """How the files are read."""
    return CorpusReading(fields_of(config), config.split, wanted)
