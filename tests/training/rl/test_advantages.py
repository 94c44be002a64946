"""Advantages of actions within their group."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.training.rl.advantages import (
    ActionReturn,
    GroupAdvantages,
    ReturnedEpisode,
    advantages,
    episode_floor,
    normalised,
)

REWARDS = st.sampled_from([0.0, 0.5, 0.53125, 0.75, 0.96875])
MEMBERS = st.lists(
    st.tuples(REWARDS, st.lists(st.tuples(st.sampled_from("dcrf"), st.sampled_from([0.0, 1.0])), max_size=6)),
    max_size=8,
)


def members(*drawn: tuple[float, str]) -> list[ReturnedEpisode]:
    """Members from a reward and actions written `d0 c1`: a letter for the stage, a digit for r_proc."""
    return [
        ReturnedEpisode(
            str(number), reward, tuple(ActionReturn(action[0], float(action[1])) for action in actions.split())
        )
        for number, (reward, actions) in enumerate(drawn)
    ]


def episodes(found: GroupAdvantages) -> list[float]:
    return [member.episode for member in found.members]


# --- A_E ---


def test_the_advantage_of_an_episode_is_its_standard_score() -> None:
    """Mean 0.5625, squared deviations 0.316406 + 0.003906 + 0.035156 + 0.191406 = 0.546875, over 3, root: 0.426956."""
    found = advantages(members((0, "d0"), (0.5, "d0"), (0.75, "d0"), (1, "d0")))
    assert episodes(found) == pytest.approx([-1.317462, -0.146385, 0.439154, 1.024693], abs=1e-6)
    assert not found.singleton and not found.constant


def test_without_the_standard_deviation_only_the_mean_goes() -> None:
    found = advantages(members((0, "d0"), (0.5, "d0"), (0.75, "d0"), (1, "d0")), std="none")
    assert episodes(found) == [-0.5625, -0.0625, 0.1875, 0.4375]


def test_rewards_that_differ_by_prober_noise_are_divided_by_the_floor() -> None:
    """0.5 and 0.53125 differ by one attempt of 16: their standard deviation of 0.0221 would make ±0.707 of it."""
    floored = advantages(members((0.5, "d0"), (0.53125, "d0")))
    assert episodes(floored) == pytest.approx([-0.25, 0.25], abs=1e-5)
    assert episodes(advantages(members((0.5, "d0"), (0.53125, "d0")), floor_episode=0)) == pytest.approx(
        [-1 / sqrt(2), 1 / sqrt(2)], abs=1e-4
    )


def test_the_floor_is_the_largest_standard_error_of_the_bonus() -> None:
    assert episode_floor(0.5, 16) == 0.0625
    errors = [0.5 * sqrt(rho * (1 - rho) / 16) for rho in (k / 100 for k in range(101))]
    assert max(errors) == episode_floor(0.5, 16)
    assert episode_floor(2.0, 4) == 0.5


@pytest.mark.parametrize("reward", [0.0, 0.5, 0.96875])
@pytest.mark.parametrize("size", [1, 2, 8])
def test_a_group_that_does_not_differ_has_no_advantage_at_all(reward: float, size: int) -> None:
    """A single trajectory is not its own advantage: some implementations take mean 0 and std 1 there."""
    found = advantages(members(*[(reward, "d0")] * size))
    assert episodes(found) == [0.0] * size
    assert found.constant and found.singleton == (size == 1)


def test_an_empty_group_is_a_group_without_a_signal() -> None:
    found = advantages([])
    assert found.members == () and found.singleton and found.constant


def test_rewards_that_differ_by_rounding_do_not_differ() -> None:
    assert 0.1 + 0.2 != 0.3
    assert normalised([0.1 + 0.2, 0.3, 0.3]) == (0, 0, 0)


# --- A_S ---


def test_the_advantage_of_a_stage_compares_its_actions_over_the_group() -> None:
    """Checks 1, 0 | 1 | 0, 0: mean 0.4, squared deviations 2·0.36 + 3·0.16 = 1.2, over 4, root: 0.547723."""
    found = advantages(members((0.5, "c1 c0"), (0.5, "d0 c1"), (0.5, "c0 c0")))
    high, low = 0.6 / 0.547724, -0.4 / 0.547724
    assert found.members[0].stages == pytest.approx([high, low], abs=1e-5)
    assert found.members[1].stages == pytest.approx([0, high], abs=1e-5)
    assert found.members[2].stages == pytest.approx([low, low], abs=1e-5)
    assert (found.stages_compared, found.stages_skipped) == (1, 1)


def test_a_trajectory_is_not_compared_with_itself() -> None:
    found = advantages(members((0.5, "r1 r0 r0"), (0.75, "d0 c1")))
    assert found.members[0].stages == (0, 0, 0)
    assert (found.stages_compared, found.stages_skipped) == (0, 3)


def test_a_stage_in_which_all_earn_the_same_is_silent() -> None:
    found = advantages(members((0.5, "c1"), (0.75, "c1 c1")))
    assert [member.stages for member in found.members] == [(0,), (0, 0)]


def test_fusion_adds_omega_times_the_stage_to_the_episode() -> None:
    found = advantages(members((0, "d0 c1"), (1, "d1 c0")), omega=0.5, eps=0)
    half, whole = 0.5 / sqrt(2), 1 / sqrt(2)
    assert [member.episode for member in found.members] == pytest.approx([-whole, whole])
    assert found.members[0].fused == pytest.approx([-whole - half, -whole + half])
    assert found.members[1].fused == pytest.approx([whole + half, whole - half])


def test_omega_of_nothing_leaves_the_episode_alone() -> None:
    found = advantages(members((0, "d0 c1"), (1, "d1 c0")), omega=0)
    assert all(set(member.fused) == {member.episode} for member in found.members)


def test_a_group_of_equal_rewards_may_still_have_a_signal_in_its_stages() -> None:
    assert not advantages(members((0.5, "c1"), (0.5, "c0"))).constant
    assert advantages(members((0.5, "c1"), (0.5, "c0")), omega=0).constant


# --- all of it ---


def test_adding_to_every_reward_changes_nothing() -> None:
    one = advantages(members((0, "d0 c1"), (0.5, "d1"), (0.75, "c0")))
    other = advantages(members((3, "d0 c1"), (3.5, "d1"), (3.75, "c0")))
    assert [m.fused for m in other.members] == [pytest.approx(m.fused, abs=1e-12) for m in one.members]


def test_the_scale_of_rewards_well_above_the_floor_does_not_matter() -> None:
    one = advantages(members((0, "d0"), (0.5, "d0"), (0.75, "d0")), eps=0)
    other = advantages(members((0, "d0"), (5, "d0"), (7.5, "d0")), eps=0)
    assert episodes(other) == pytest.approx(episodes(one))


def test_a_trajectory_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        advantages([ReturnedEpisode("a", 0.5), ReturnedEpisode("a", 0.75)])


@given(MEMBERS, st.randoms(use_true_random=False))
def test_every_comparison_sums_to_nothing_and_the_order_does_not_matter(
    drawn: list[tuple[float, list[tuple[str, float]]]], random: Random
) -> None:
    group = [
        ReturnedEpisode(str(number), reward, tuple(ActionReturn(*action) for action in actions))
        for number, (reward, actions) in enumerate(drawn)
    ]
    found = advantages(group)
    assert sum(episodes(found)) == pytest.approx(0, abs=1e-9)
    for stage in "dcrf":
        pool = [
            value
            for member, given_ in zip(found.members, group, strict=True)
            for value, action in zip(member.stages, given_.actions, strict=True)
            if action.stage == stage
        ]
        assert sum(pool) == pytest.approx(0, abs=1e-6)
    shuffled = random.sample(group, len(group))
    again = {member.id: member for member in advantages(shuffled).members}
    assert all(again[member.id].fused == pytest.approx(member.fused, abs=1e-9) for member in found.members)
