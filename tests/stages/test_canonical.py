"""Whatever the parts have done, and in whichever order, the merge takes the same rows, and more work only adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from agentprop.stages.propose.canonical import MergeRules, Row, canonical, quota, rounds_for

Part = list[list[Row]]
"""Accepted rows of each round."""


@st.composite
def worlds(draw: st.DrawFn) -> list[Part]:
    """All that the parts would ever make, from a few statements and templates, so that they repeat each other."""
    rng, count = Random(draw(st.integers(0, 10**6))), draw(st.integers(1, 4))
    rounds = draw(st.integers(1, 5))
    return [[_round(rng, number, part) for number in range(rounds)] for part in range(count)]


def _round(rng: Random, number: int, part: int) -> Part | list[Row]:
    rows = []
    for place in sorted(rng.sample(range(8), rng.randint(0, 6))):
        statement = rng.randint(0, 40)
        digest = bytes([statement])
        rows.append(Row(number, part, 8 * number + place, digest, bytes([statement % 7]), rng.random() < 0.2))
    return rows


def merged(world: list[Part], done: Sequence[int], n: int) -> list[Row]:
    rules, kept = MergeRules(max_template_repeats=3, mined_share=0.3), []
    parts = [[row for one in part[:count] for row in one] for part, count in zip(world, done, strict=True)]
    for row in canonical(parts, done):
        if len(kept) == n:
            break
        if rules.take(row) is None:
            kept.append(row)
    assert rules.kept == len(kept)
    return kept


@given(worlds(), st.data())
@settings(max_examples=200, deadline=None)
def test_more_work_on_any_part_and_a_larger_n_only_add_at_the_end(world: list[Part], data: st.DataObject) -> None:
    """Parts are killed anywhere and go on in any order: at every point the merge is the beginning of the last one."""
    done, n, earlier = [0] * len(world), 0, list[Row]()
    whole = merged(world, [len(part) for part in world], 10**6)
    while min(done) < len(world[0]):
        behind = [number for number, count in enumerate(done) if count < len(world[number])]
        done[data.draw(st.sampled_from(behind))] += 1
        n += data.draw(st.integers(0, 10))
        now = merged(world, done, n)
        assert now[: len(earlier)] == earlier
        assert now == whole[: len(now)] and len(now) <= n
        earlier = now


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_what_is_kept_obeys_the_rules_of_one_run(world: list[Part]) -> None:
    kept = merged(world, [len(part) for part in world], 10**6)
    assert max(Counter(row.statement for row in kept).values(), default=0) <= 1
    assert max(Counter(row.template for row in kept).values(), default=0) <= 3
    assert all(sum(row.mined for row in kept[:end]) <= 0.3 * end for end in range(1, len(kept) + 1))
    assert [row[:3] for row in kept] == sorted(row[:3] for row in kept)


@given(st.integers(1, 10**6), st.integers(1, 600), st.lists(st.integers(0, 50), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_a_short_merge_asks_for_more_than_the_slowest_part_has(n: int, kept: int, rounds: list[int]) -> None:
    owed = rounds_for(n + kept, kept if min(rounds) else 0, rounds)
    assert owed > min(rounds)


def test_the_quotas_of_all_parts_are_at_least_what_is_asked_for() -> None:
    assert all(parts * quota(n, parts) >= n for n in (1, 7, 99, 12345) for parts in (1, 2, 7, 512))
