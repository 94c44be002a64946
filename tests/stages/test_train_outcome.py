"""Training that learnt nothing says so: exit 1, no model, the reason and what to change."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from taught import skills
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.config import TrainMgpoConfig
from agentprop.stages.train import mgpo as train_mgpo
from agentprop.stages.train.outcome import NothingLearnt, check_episodes, check_steps, check_weights
from agentprop.storage.run import open_run
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with library/ and model/, whose random weights propose nothing."""
    folder = tmp_path_factory.mktemp("random")
    skills(folder / "library")
    tiny_model(folder / "model", texts=["Propose one problem that needs these skills."] * 9)
    return folder


def settings(place: Path, **changed: Any) -> TrainMgpoConfig:
    chosen: dict[str, Any] = {
        "model": str(place / "model"),
        "skills": [str(place / "library")],
        "bundled_skills": False,
        "device": "cpu",
        "steps": 2,
        "groups": 1,
        "group_size": 2,
        "minibatches": 1,
        "max_turns": 3,
        "reply_tokens": 4,
        "save_every": 1,
    }
    return TrainMgpoConfig.model_validate({**chosen, **changed})


@pytest.mark.parametrize("masked", [True, False])
def test_a_run_of_nothing_but_replies_cut_off_publishes_nothing(place: Path, tmp_path: Path, masked: bool) -> None:
    out = tmp_path / "run"
    with pytest.raises(NothingLearnt, match="all 4 episodes were cut off") as ended:
        train_mgpo.run(settings(place, mask_cut_off=masked), str(out), quiet=True)
    assert ended.value.exit_code == 1 and "raise reply_tokens (now 4)" in str(ended.value.hint)
    assert ("mask_cut_off=false" in str(ended.value.hint)) == masked
    assert not (out / "model").exists() and not open_run(out).complete
    assert json.loads((out / "summary.json").read_text())["steps"] == 2
    assert (out / "checkpoints" / "step-000002").is_dir()
    with pytest.raises(NothingLearnt, match="all 4 episodes"):  # and again, as long as nothing is changed
        train_mgpo.run(settings(place, mask_cut_off=masked), str(out), quiet=True)
    with pytest.raises(NothingLearnt, match="all 6 episodes"):  # counted over all sessions
        train_mgpo.run(settings(place, mask_cut_off=masked, steps=3), str(out), quiet=True)


def trainer(place: Path, **changed: Any) -> tuple[PolicyModel, Optimiser]:
    chosen = config(place / "model", **changed)
    policy = PolicyModel.load(chosen).distribute(ALONE)
    return policy, Optimiser(policy.trainable(), chosen)


@pytest.mark.parametrize(
    ("ends", "sentence", "hint"),
    [
        ({"truncated": 6, "out_of_turns": 2}, "6 cut off .* 2 out of turns$", "raise reply_tokens"),
        ({"out_of_turns": 7}, "7 out of turns, 1 that earned the same", "raise max_turns"),
        ({"lost": 8}, "8 lost to failures", "verifiers and probers answer"),
        ({"truncated": 1}, "1 cut off .* 7 that earned the same as the rest of their group", "train-sft"),
    ],
)
def test_a_run_without_a_step_says_what_became_of_its_episodes(
    place: Path, ends: dict[str, int], sentence: str, hint: str
) -> None:
    _, optimiser = trainer(place)
    with pytest.raises(NothingLearnt) as ended:
        check_episodes(settings(place), optimiser, 8, ends)
    told = ended.value.message.partition("; the model has not changed")[0]
    assert re.search(sentence, told), told
    assert hint in str(ended.value.hint)


def test_steps_that_were_all_skipped_are_no_steps_and_one_without_a_slope_is(place: Path) -> None:
    policy, optimiser = trainer(place)
    optimiser.step()  # there is no gradient at all
    (next(iter(policy.parameters())).sum() * float("nan")).backward()
    assert not optimiser.step().applied
    with pytest.raises(NothingLearnt, match="none of the 2 optimiser steps was applied"):
        check_steps(settings(place), optimiser)
    with pytest.raises(NothingLearnt, match="none of the 2"):
        check_episodes(settings(place), optimiser, 8, {})
    (next(iter(policy.parameters())).sum() * 0).backward()
    assert optimiser.step().applied
    check_episodes(settings(place), optimiser, 8, {"truncated": 7})


def test_weights_that_are_no_numbers_are_not_published(place: Path) -> None:
    policy, _ = trainer(place)
    check_weights(policy, ALONE)
    with torch.no_grad():
        next(iter(policy.parameters()))[0, 0] = float("inf")
    with pytest.raises(NothingLearnt, match="NaN or infinite"):
        check_weights(policy, ALONE)
