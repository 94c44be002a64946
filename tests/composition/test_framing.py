"""Sentences around a question, and dollars around its numbers, do not change what it asks; anything else does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentprop.composition.reader import read
from agentprop.composition.terms import Term
from agentprop.composition.vocabulary import SMALL, vocabulary_of
from agentprop.skills import Package

TABLE = tomllib.loads((Path(__file__).parent / "framing.toml").read_text(encoding="utf-8"))
QUESTIONS: dict[str, str] = TABLE["questions"]


@pytest.fixture(scope="module")
def meanings(library: Mapping[str, Package]) -> dict[str, list[Term]]:
    found = {kind: read(text, library) for kind, text in QUESTIONS.items()}
    assert all(len(terms) == 1 for terms in found.values()), found
    return found


@pytest.mark.parametrize("case", TABLE["neutral"], ids=lambda case: case["text"])
def test_a_framing_sentence_changes_nothing(
    case: dict[str, Any], meanings: dict[str, list[Term]], library: Mapping[str, Package]
) -> None:
    for kind in case["kinds"]:
        assert read(case["text"].replace("<question>", QUESTIONS[kind]), library) == meanings[kind]


@pytest.mark.parametrize("case", TABLE["meaningful"], ids=lambda case: case["text"])
def test_any_other_sentence_leaves_nothing_that_is_understood(
    case: dict[str, Any], library: Mapping[str, Package]
) -> None:
    for kind in case["kinds"]:
        assert read(case["text"].replace("<question>", QUESTIONS[kind]), library) == []


@pytest.mark.parametrize("kind", ["integer", "quantity"])
def test_dollars_around_a_number_are_notation(
    kind: str, meanings: dict[str, list[Term]], library: Mapping[str, Package]
) -> None:
    bare = re.sub(r"\$(-?\d+)\$", r"\1", QUESTIONS[kind])
    dollared = re.sub(r"(?<![$\d.])(\d+(?:\.\d+)?)(?![$\d])", r"$\1$", bare)
    assert read(bare, library) == read(dollared, library) == meanings[kind]


def test_the_index_leaves_out_most_skills_and_never_the_one_that_is_used(library: Mapping[str, Package]) -> None:
    vocabulary = vocabulary_of(library)
    assert vocabulary_of(dict(library)) is vocabulary
    for text in QUESTIONS.values():
        found = vocabulary.of(text)
        assert len(library) > SMALL and len(found) < len(library) / 3
        assert read(text, library) == read(text, found)
