"""Held-out pairs and levels: decided by names, fair to the solver, and the same in every run."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.errors import InputError
from agentprop.training.data.splits import Holdout, in_share, pair_named, pairs_of, share_of

SKILLS = [f"skill-{letter}" for letter in "abcdefghij"]
BUNDLES = [list(pair) for pair in combinations(SKILLS, 2)] + [list(three) for three in combinations(SKILLS, 3)]
SOME = st.lists(st.lists(st.sampled_from(SKILLS), min_size=1, max_size=4), max_size=40)


def test_a_named_pair_is_never_seen_together_in_training_and_each_of_it_is() -> None:
    pair = pair_named("skill-b+skill-a")
    splits = Holdout(frozenset({pair})).splits(BUNDLES)
    for bundle, split in zip(BUNDLES, splits, strict=True):
        assert split == ("compositional" if pair <= set(bundle) else "train")
    trained = {name for bundle, split in zip(BUNDLES, splits, strict=True) if split == "train" for name in bundle}
    assert pair <= trained


def test_a_level_and_what_is_above_it_is_held_out() -> None:
    splits = Holdout(level=3).splits(BUNDLES)
    assert splits == ["train" if len(bundle) == 2 else "exploratory" for bundle in BUNDLES]


def test_a_new_pair_at_a_new_level_is_a_split_of_its_own() -> None:
    hold = Holdout(frozenset({pair_named("skill-a+skill-b")}), level=3)
    assert hold.split(["skill-a", "skill-b", "skill-c"]) == "both"
    assert hold.split(["skill-b", "skill-a"]) == "compositional"


def test_a_test_that_asks_for_a_skill_that_training_lacks_is_no_fair_one() -> None:
    bundles = [["a", "b"], ["b", "c"], ["a", "d"]]
    assert Holdout(frozenset({pair_named("a+d")})).splits(bundles) == ["train", "train", "unseen"]


def test_a_skill_named_twice_counts_once() -> None:
    assert Holdout(level=2).split(["a", "a"]) == "train" and pairs_of(["a", "a"]) == []


@given(SOME, st.integers(0, 3), st.floats(0, 1))
def test_what_is_held_out_does_not_depend_on_what_else_there_is(
    bundles: list[list[str]], seed: int, share: float
) -> None:
    hold = Holdout(pair_share=share, level=4, validation=0.2, seed=seed)
    for bundle, split in zip(bundles, hold.splits(bundles), strict=True):
        alone = hold.split(list(reversed(bundle)))
        assert split == alone or (split == "unseen" and alone not in ("train", "validation"))


@given(SOME, st.integers(0, 3))
def test_training_has_no_held_out_pair_and_no_bundle_of_validation(bundles: list[list[str]], seed: int) -> None:
    hold = Holdout(pair_share=0.3, validation=0.3, seed=seed)
    splits = hold.splits(bundles)
    train = [bundle for bundle, split in zip(bundles, splits, strict=True) if split == "train"]
    assert not any(map(hold.holds, (pair for bundle in train for pair in pairs_of(bundle))))
    looked_at = {frozenset(b) for b, split in zip(bundles, splits, strict=True) if split == "validation"}
    assert not looked_at & {frozenset(bundle) for bundle in train}


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_share_is_about_as_large_as_it_says(share: float) -> None:
    pairs = [frozenset({f"x{i}", f"y{i}"}) for i in range(2000)]
    held = sum(Holdout(pair_share=share).holds(pair) for pair in pairs) / len(pairs)
    bundles = sum(in_share(sorted(pair), share, 0) for pair in pairs) / len(pairs)
    assert held == pytest.approx(share, abs=0.035) and bundles == pytest.approx(share, abs=0.035)


def test_another_seed_holds_out_other_pairs() -> None:
    pairs = [frozenset(pair) for pair in combinations(SKILLS, 2)]
    held = [{pair for pair in pairs if Holdout(pair_share=0.4, seed=seed).holds(pair)} for seed in (0, 1)]
    assert held[0] != held[1]


def test_shares_are_those_of_every_machine() -> None:
    assert share_of(0, "pair", "a", "b") == 0x6C8E91E018C10F29 / 2**64  # sha256sum


@pytest.mark.parametrize("text", ["a", "a+", "a+a", "a+b+c", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a pair"):
        pair_named(text)
