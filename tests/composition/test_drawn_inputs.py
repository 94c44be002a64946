"""New inputs of a function keep what all of its recorded calls have in common."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from agentprop.composition.drawn_inputs import new_calls

KEPT: dict[str, tuple[list[list[Any]], str]] = {
    "a position stays inside its list": ([[[4, 9, 2], 2], [[7, 1], 1], [[5, 3, 8, 6], 4]], "1 <= b <= len(a)"),
    "an ordered list stays ordered": ([[[1, 4, 9]], [[2, 3, 5, 8]], [[1, 6, 7]]], "a == sorted(a)"),
    "equal lengths stay equal": ([[[1, 2], [3, 4]], [[5], [6]], [[7, 8, 9], [1, 2, 3]]], "len(a) == len(b)"),
    "a smaller number stays smaller": ([[2, 9], [3, 11], [1, 20]], "a < b"),
    "a grid of the numbers 1 to n² stays one": (
        [[[[1, 2], [3, 4]]], [[[4, 1], [2, 3]]], [[[9, 1, 5], [2, 3, 4], [6, 7, 8]]]],
        "sorted(sum(a, [])) == list(range(1, len(a) ** 2 + 1)) and {len(row) for row in a} == {len(a)}",
    ),
    "the length of a list stays the number told with it": ([[[4, 9], 2], [[7, 1, 5], 3], [[6], 1]], "b == len(a)"),
    "the ends of an interval stay in order": ([[(1, 2), (2, 3)], [(-1, 1), (0, 4)]], "a[0] <= a[1] and b[0] <= b[1]"),
    "letters stay those that were seen": ([["abba"], ["bab"], ["aabb"]], "set(a) <= set('ab')"),
    "signs and spaces of a text stay where they are": ([["ab-12"], ["cd-34"]], "len(a) == 5 and a[2] == '-'"),
}


@pytest.mark.parametrize(("calls", "holds"), KEPT.values(), ids=KEPT.keys())
def test_what_all_recorded_calls_share_is_kept(calls: list[list[Any]], holds: str) -> None:
    drawn = new_calls(calls, Random(1), 12)
    assert len(drawn) >= 4
    for call in drawn:
        assert eval(holds, {}, dict(zip("ab", call, strict=False))), call


def test_no_recorded_call_is_drawn_again_and_the_same_seed_draws_the_same() -> None:
    calls = [[[3, 1, 2]], [[4, 6]], [[8, 5, 7]]]
    drawn = new_calls(calls, Random(5), 20)
    assert drawn == new_calls(calls, Random(5), 20)
    assert not [call for call in drawn if call in calls] and len({repr(call) for call in drawn}) == len(drawn)


def test_calls_that_leave_nothing_to_draw_give_nothing() -> None:
    assert new_calls([[()], [()]], Random(0), 4) == []
    assert new_calls([[1], [1, 2]], Random(0), 4) == []


@pytest.mark.parametrize(
    ("description", "calls", "holds"),
    [
        ("Return the sum of a non-empty list.", [[[]], [[1, 2, 3]], [[4, 5]]], "len(a) > 0"),
        ("Tell the type of a triangle from its sides.", [[1, 0], [3, 4], [5, 8]], "a > 0 and b > 0"),
        ("Given a positive integer, return its digits.", [[0], [-3], [25]], "a > 0"),
    ],
)
def test_inputs_keep_to_what_the_description_says(description: str, calls: list[list[Any]], holds: str) -> None:
    drawn = new_calls(calls, Random(1), 12, description)
    assert len(drawn) >= 4
    for call in drawn:
        assert eval(holds, {}, dict(zip("ab", call, strict=False))), call


def test_lists_inside_a_dictionary_are_drawn_too() -> None:
    assert new_calls([[{"n": [2, 3, 1]}], [{"n": [1, 2, 4]}]], Random(0), 4)
