"""Weights of stages: the size of an update stays, and its sum is zero."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from test_update import FLAT, Kept, gradients, model, policy, same, training_group
from toy_groups import ALONE

from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.stage_weights import by_stage, scaled_by_stage, shares
from agentprop.training.rl.update import learn

__all__ = ["model", "policy"]


def actions() -> Actions:
    """Two episodes: a draft of 5 tokens and a check of 45 each."""
    turns = (ActionReturn("draft", 0.0), ActionReturn("check", 0.0))
    group = advantages([ReturnedEpisode("a", 1.0, turns), ReturnedEpisode("b", 0.0, turns)], omega=0.0)
    return Actions.of([group], [[[5, 45], [5, 45]]])


def test_ten_tokens_of_a_plan_weighed_twice_beside_ninety_give_a_factor_of_100_by_110() -> None:
    found = scaled_by_stage(torch.ones(100), actions(), {"draft": 2.0}, ALONE)
    assert found[0].item() == pytest.approx(2 * 100 / 110) and found[10].item() == pytest.approx(100 / 110)
    assert found.sum().item() == pytest.approx(100)


def test_a_group_is_centred_over_its_actions_again() -> None:
    weight = torch.cat([torch.full((5,), 1.0), torch.full((45,), -0.2), torch.full((5,), -1.0), torch.full((45,), 0.2)])
    found = by_stage(weight, actions(), {"draft": 3.0}, ALONE)
    each = [found[place].item() for place in (0, 5, 50, 55)]
    assert sum(each) == pytest.approx(0, abs=1e-6) and each[0] > 1 and abs(each[1]) < 0.2


def test_equal_weights_change_nothing(policy: PolicyModel) -> None:
    one = training_group([1.0, 0.0, 0.5])
    [plain] = gradients(policy, [one], FLAT)
    [weighed] = gradients(policy, [one], replace(FLAT, stages={"check": 1.0}))
    same(weighed, plain)


def test_the_share_of_the_weights_that_a_stage_has_is_reported(policy: PolicyModel) -> None:
    """Ten tokens of 100 have a tenth of equal weights; twice as heavy, 20 of 110."""
    stages = {"draft": 2.0, "refine": 1.5}
    assert shares(torch.ones(100), actions(), stages, ALONE) == {"weight_draft": 0.1, "weight_refine": 0.0}
    heavier = scaled_by_stage(torch.ones(100), actions(), stages, ALONE).float()
    assert shares(heavier, actions(), stages, ALONE)["weight_draft"] == pytest.approx(20 / 110)
    objective = replace(FLAT, stages={"check": 2.0})
    found = learn(
        policy, Kept(policy), [training_group([1.0, 0.0])], objective, ALONE, n_groups=6, pack_tokens=512, seed="0"
    )
    assert found["weight_check"] == pytest.approx(1.0)


def test_entropy_is_reported_by_stage(policy: PolicyModel) -> None:
    found = learn(
        policy, Kept(policy), [training_group([1.0, 0.0])], FLAT, ALONE, n_groups=6, pack_tokens=512, seed="0"
    )
    assert found["entropy_check"] == pytest.approx(found["entropy"]) and "entropy_draft" not in found
