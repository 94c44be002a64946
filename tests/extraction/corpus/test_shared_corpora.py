"""Public corpora and traps as they lie beside the checkout: each is read without a flag, or refused for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import ROOT

from agentprop.errors import InputError
from agentprop.extraction.corpus import Corpus, CorpusReading, Document, find_sources

SHARED = ROOT.parent / "shared"
pytestmark = [pytest.mark.corpora, pytest.mark.skipif(not SHARED.exists(), reason="the corpora are not here")]

RAW = {
    "aqua_test.json": (254, {"options", "solution", "answer"}),
    "college_math.jsonl": (2818, {"answer"}),
    "gsmhard.json": (1319, {"program", "answer"}),
    "mbpp.jsonl": (974, {"program", "tests"}),
    "olympiadbench.json": (675, {"solution", "answer", "unit"}),
    "openintro_probability.tex": (75, {"solution"}),
    "scibench": (692, {"answer", "unit"}),
    "svamp.json": (1000, {"context", "equation", "answer"}),
}
"""Source → its documents, and some of the parts that are found."""


def documents(source: Path) -> tuple[list[Document], Corpus]:
    corpus = Corpus(find_sources([str(source)], wanted="train"), CorpusReading(wanted="train"))
    return [one for one in corpus.documents() if isinstance(one, Document)], corpus


@pytest.mark.parametrize("name", RAW)
def test_every_row_of_a_public_corpus_is_a_document_with_its_parts(name: str) -> None:
    found, corpus = documents(SHARED / "corpora" / "raw" / name)
    number, parts = RAW[name]
    layout = corpus.reports[0].layout
    assert len(found) == number and layout is not None and parts <= set(layout.told())
    assert all(document.question.strip() for document in found)


def test_letters_are_resolved_and_equations_solved() -> None:
    options, _ = documents(SHARED / "corpora" / "raw" / "aqua_test.json")
    assert all(
        document.option is not None and document.options[document.option] == document.answer for document in options
    )
    equations, _ = documents(SHARED / "corpora" / "raw" / "svamp.json")
    assert sum(document.solution.endswith(f"= {document.answer}") for document in equations) == len(equations)
    programs, _ = documents(SHARED / "corpora" / "raw" / "gsmhard.json")
    assert sum(bool(document.solution) for document in programs) > 1200


@pytest.mark.parametrize("path", sorted((SHARED / "cases" / "layouts").glob("*")), ids=lambda path: path.name)
def test_every_layout_of_the_cases_is_read_or_refused_for_a_reason(path: Path) -> None:
    if path.name == "duphead.csv":
        with pytest.raises(InputError, match="several columns called 'question' and 'answer'"):
            documents(path)
        return
    found, _ = documents(path)
    assert found and all(one.question.endswith(("?", "degrees?")) and one.answer for one in found)
