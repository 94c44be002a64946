"""Long noun phrases: a scene or a sentence of their own in their place, and the statements are still read."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from agentprop.composition.reader import read
from agentprop.composition.room import FULL, has_room, is_wordy, words
from agentprop.composition.terms import Apply, Combine, Given, Term
from agentprop.composition.writer import write
from agentprop.skills import Package

CLIMB = Apply("coding-graphs-cheapest-climb", (("xs", Given("[4, 9, 2, 7, 5, 8, 1, 6, 3]")), ("k", Given("2"))))
PATHS = Apply(
    "combinatorics-lattice-paths",
    (("a", Given("4")), ("b", Given("9")), ("blocked", Given("(2, 1), (3, 1), (2, 2)"))),
)
RISING = Apply(
    "coding-dp-rising-subsequence", (("xs", Given("[26, 39, 17, 21, 36, 8, 31, 12, 15]")), ("d", Given("8")))
)


def logarithms(term: Term) -> Apply:
    return Apply("logarithms-rounded-sum", (("b", Given("5")), ("n", term), ("way", Given("down"))))


def statements(term: Term, library: Mapping[str, Package]) -> list[str]:
    found = [write(term, library, Random(seed)) for seed in range(25)]
    for text in found:
        assert term in read(text, library), text
    return found


def test_a_value_whose_noun_phrases_are_wordy_is_told_by_its_scene(library: Mapping[str, Package]) -> None:
    assert is_wordy(library[CLIMB.skill].spec) and not is_wordy(library[PATHS.skill].spec)
    for text in statements(logarithms(CLIMB), library):
        scene, _, question = text.partition("\n\n")
        assert scene.startswith("The elements of the list [4, 9, 2, 7, 5, 8, 1, 6, 3] are heights.")
        assert "the smallest possible total cost" in scene.split(". ")[-1] and question


def test_two_long_values_are_added_by_letters(library: Mapping[str, Package]) -> None:
    both = Combine("sum", PATHS, RISING)
    assert not has_room("", both, library)
    for text in statements(logarithms(both), library):
        assert "the sum of $" in text
        assert all(words(sentence) <= FULL + 3 for sentence in text.split(". "))


def test_short_values_are_added_in_one_phrase(library: Mapping[str, Package]) -> None:
    places = Apply("combinatorics-fixed-points", (("n", Given("7")), ("k", Given("2"))))
    digits = Apply("number-theory-digit-sum", (("n", Given("973521776")), ("b", Given("9"))))
    assert has_room("", Combine("sum", places, digits), library)
    assert any("the sum of the " in text for text in statements(logarithms(Combine("sum", places, digits)), library))
