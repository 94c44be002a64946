"""Near-duplicates: the estimate is close to the true share of common phrases, and groups follow it."""

from __future__ import annotations

from random import Random

import pytest

from agentprop.extraction.teaching.merging import Waiting, merge
from agentprop.extraction.teaching.minhash import SIZE, groups, phrases, signature, similarity

WORDS = [f"word{i}" for i in range(400)]


def jaccard(one: str, other: str) -> float:
    a, b = phrases(one), phrases(other)
    return len(a & b) / len(a | b)


def changed(words: list[str], share: float, rng: Random) -> list[str]:
    """Words with a share of them replaced, together, so that pairs survive."""
    count = round(share * len(words))
    return [*words[: len(words) - count], *rng.choices(WORDS, k=count)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_the_estimate_is_close_to_the_jaccard_index(share: float) -> None:
    rng = Random(share)
    errors = []
    for _ in range(20):
        one = rng.choices(WORDS, k=80)
        texts = " ".join(one), " ".join(changed(one, share, rng))
        errors.append(similarity(signature(texts[0]), signature(texts[1])) - jaccard(*texts))
    assert max(map(abs, errors)) < 5 / 16  # five standard errors
    assert abs(sum(errors) / len(errors)) < 5 / 16 / 20**0.5


def test_a_signature_has_256_bytes_and_ignores_case_and_punctuation() -> None:
    assert len(signature("Any text.")) == 4 * SIZE == 256
    assert signature("Two words, here!") == signature("two WORDS here") != signature("here two words")
    assert len(signature("")) == 256


def test_groups_hold_what_is_alike_and_nothing_else() -> None:
    rng = Random(1)
    families = [rng.choices(WORDS, k=60) for _ in range(30)]
    members = [(number, changed(words, 0.08 * copy, rng)) for copy in range(3) for number, words in enumerate(families)]
    found = groups([signature(" ".join(words)) for _, words in members], 0.5)
    assert [sorted({members[i][0] for i in group}) for group in found] == [[number] for number in range(30)]
    assert sorted(i for group in found for i in group) == list(range(len(members)))


def test_the_best_of_a_group_leads_it_and_domains_stay_apart() -> None:
    same = signature("the very same words about cycles of residues")
    other = signature("a wholly different skill on shortest paths")
    waiting = [
        Waiting(0, 0.7, "mathematics", same, False),
        Waiting(10, 0.9, "mathematics", same, False),
        Waiting(20, 0.8, "coding", same, False),
        Waiting(30, 0.6, "mathematics", other, False),
        Waiting(40, 0.9, "mathematics", same, False),
    ]
    assert [[one.offset for one in group] for group in merge(waiting, 0.6)] == [[10, 40, 0], [20], [30]]
