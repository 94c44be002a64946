"""The loop of imitation: what a step learns from, its loss and gradient, when it evaluates, saves and stops."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_model import random_sequence, tiny_model

from agentprop.config import TrainSftConfig
from agentprop.training.data.imitation import Material
from agentprop.training.data.sequences import TokenSequence
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser, TrainingDiverged
from agentprop.training.model.policy import PolicyModel
from agentprop.training.sft import EpochOrder, Hooks, SftProgress, StepSequences, Values, evaluate, imitate, learn

ALONE = World(0, 1, torch.device("cpu"), None)
SEQUENCES = [random_sequence(20 + seed, seed) for seed in range(10)]
SKILLS = [random_sequence(15 + seed, 50 + seed, f"skill{seed}") for seed in range(3)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


def config(model: Path = Path("m"), **settings: Any) -> TrainSftConfig:
    chosen = {"learning_rate": 1e-2, "batch_size": 4, "epochs": 2, "schedule": "constant", **settings}
    return TrainSftConfig(model=str(model), device="cpu", **chosen)


def material(train: int = 7, held_out: int = 3, skills: int = 0) -> Material:
    samples = tuple((sequence,) for sequence in SEQUENCES)
    return Material(samples[:train], samples[train : train + held_out], tuple(SKILLS[:skills]))


@dataclass
class Kept:
    """Record of the calls to the loop's hooks."""

    lines: list[tuple[int, Values]] = field(default_factory=list)
    saved: list[SftProgress] = field(default_factory=list)
    stop_after: float = math.inf

    def hooks(self) -> Hooks:
        return Hooks(
            record=lambda step, values: self.lines.append((step, values)),
            save=self.saved.append,
            stop=lambda: len(self.lines) >= self.stop_after,
        )


def trained(settings: TrainSftConfig, what: Material, kept: Kept) -> tuple[PolicyModel, SftProgress]:
    policy = PolicyModel.load(settings)
    optimiser = Optimiser(policy.trainable(), settings, total_steps=EpochOrder(what, settings).total)
    return policy, imitate(policy, optimiser, what, settings, ALONE, SftProgress(), kept.hooks())


# --- what a step learns from ---


def names(sequences: list[TokenSequence]) -> list[str]:
    return [sequence.trajectory_id for sequence in sequences]


def test_an_epoch_shows_every_trajectory_once_in_an_order_of_its_own() -> None:
    order = EpochOrder(material(), config())
    epochs = [[name for step in range(s, s + 2) for name in names(order.sequences(step).trajectories)] for s in (0, 2)]
    assert order.per_epoch == 2 and order.total == 4
    assert all(sorted(epoch) == sorted(f"t{n}" for n in range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_what_a_step_learns_from_depends_on_the_seed_and_its_number_alone() -> None:
    one, other, third = (EpochOrder(material(skills=3), config(seed=seed)) for seed in (0, 0, 1))
    assert [names(part) for part in one.sequences(3)] == [names(part) for part in other.sequences(3)]
    assert [names(one.sequences(step).trajectories) for step in range(4)] != [
        names(third.sequences(step).trajectories) for step in range(4)
    ]


def test_skills_are_in_every_step_and_each_as_often_as_the_others() -> None:
    order = EpochOrder(material(skills=3), config(epochs=3))
    drawn = [names(order.sequences(step).skills) for step in range(order.total)]
    assert {len(skills) for skills in drawn} == {2}
    assert Counter(name for skills in drawn for name in skills) == {"skill0": 4, "skill1": 4, "skill2": 4}


def test_without_a_weight_no_skill_is_drawn() -> None:
    assert EpochOrder(material(skills=3), config(skill_weight=0)).sequences(0).skills == []


# --- one step ---


def own_loss(policy: PolicyModel, sequences: list[TokenSequence]) -> torch.Tensor:
    """Token mean of −log π over the action tokens, by the model's own logits."""
    parts = []
    for sequence in sequences:
        table = torch.log_softmax(policy.model(torch.from_numpy(sequence.ids)[None]).logits[0], -1)
        where = np.flatnonzero(sequence.mask)
        parts.append(-table[where - 1, sequence.ids[where]])
    return torch.cat(parts).mean()


def learnt(model: Path, drawn: StepSequences, **settings: Any) -> tuple[PolicyModel, Values]:
    chosen = config(model, clip=1e9, **settings)
    policy = PolicyModel.load(chosen)
    values = learn(policy, Optimiser(policy.trainable(), chosen), drawn, chosen, ALONE)
    return policy, values


def test_a_step_is_that_of_the_mean_over_all_action_tokens_and_the_weighted_skills(model: Path) -> None:
    drawn = StepSequences(SEQUENCES[:4], SKILLS)
    policy, values = learnt(model, drawn, skill_weight=0.3)
    chosen = config(model, clip=1e9)
    expected = PolicyModel.load(chosen)
    loss, skills = own_loss(expected, drawn.trajectories), own_loss(expected, drawn.skills)
    (loss + 0.3 * skills).backward()
    norm = Optimiser(expected.trainable(), chosen).step().grad_norm
    assert values["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert values["skill_loss"] == pytest.approx(float(skills), rel=1e-5)
    assert values["grad_norm"] == pytest.approx(norm, rel=1e-4)
    for (name, one), (_, other) in zip(policy.trainable(), expected.trainable(), strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=0, msg=name)
    assert values["tokens"] == sum(s.n_actions for s in drawn.trajectories)
    assert values["skill_tokens"] == sum(s.n_actions for s in SKILLS)
    assert 0 < values["entropy"] <= math.log(400)


@pytest.mark.parametrize("pack_tokens", [1, 50, 10_000])
def test_how_a_step_is_packed_changes_nothing(model: Path, pack_tokens: int) -> None:
    drawn = StepSequences(SEQUENCES, SKILLS)
    expected, one = learnt(model, drawn, pack_tokens=70)
    found, other = learnt(model, drawn, pack_tokens=pack_tokens)
    for key in ("loss", "skill_loss", "grad_norm", "entropy"):
        assert other[key] == pytest.approx(one[key], rel=1e-5)
    moved = [(a - b).abs().max().item() for (_, a), (_, b) in zip(found.trainable(), expected.trainable(), strict=True)]
    assert max(moved) < 1e-3


def test_an_evaluation_is_the_mean_over_what_is_held_out_and_leaves_no_gradient(model: Path) -> None:
    settings = config(model, pack_tokens=40)
    policy = PolicyModel.load(settings)
    with torch.no_grad():
        expected = float(own_loss(policy, SEQUENCES[7:10]))
    assert evaluate(policy, material(), settings, ALONE) == pytest.approx(expected, rel=1e-5)
    assert policy.training and all(parameter.grad is None for parameter in policy.parameters())


# --- the loop ---


def test_what_is_imitated_becomes_likely(model: Path) -> None:
    kept = Kept()
    _, progress = trained(config(model, epochs=25), material(skills=3), kept)
    losses = [values["loss"] for _, values in kept.lines]
    assert progress.step == len(losses) == 50
    assert losses[-1] < 0.5 * losses[0]
    assert kept.lines[-1][1]["skill_loss"] < 0.8 * kept.lines[0][1]["skill_loss"]


def test_it_evaluates_and_saves_when_due_and_at_the_end(model: Path) -> None:
    kept = Kept()
    _, progress = trained(config(model, epochs=5, eval_every=4, save_every=3), material(), kept)
    assert [step for step, values in kept.lines if "held_out_loss" in values] == [4, 8, 10]
    assert [one.step for one in kept.saved] == [3, 6, 9, 10]
    assert kept.saved[-1] == progress and progress.tokens == 5 * sum(s.n_actions for s in SEQUENCES[:7])


def test_it_stops_when_what_is_held_out_has_not_improved_and_saves_the_best(model: Path) -> None:
    """Random ids cannot generalise: what is held out gets worse as soon as the rest is learnt by heart."""
    kept = Kept()
    settings = config(model, epochs=60, eval_every=2, save_every=1000, patience=2)
    _, progress = trained(settings, material(), kept)
    seen = [(step, values["held_out_loss"]) for step, values in kept.lines if "held_out_loss" in values]
    best = min(seen, key=lambda pair: pair[1])
    assert progress.step < 120 and progress.stale == 2 and progress.step == best[0] + 4
    assert (progress.best_step, progress.best) == best
    assert best[0] in {one.step for one in kept.saved}


def test_a_step_limit_ends_it_and_the_rates_are_still_those_of_all_epochs(model: Path) -> None:
    kept = Kept()
    _, progress = trained(config(model, epochs=10, max_steps=3, schedule="linear"), material(), kept)
    assert progress.step == 3 and [one.step for one in kept.saved] == [3]
    assert [values["learning_rate"] for _, values in kept.lines] == pytest.approx([1e-2, 0.95e-2, 0.9e-2])


def test_asked_to_stop_it_saves_and_says_so(model: Path) -> None:
    kept = Kept(stop_after=2)
    with pytest.raises(KeyboardInterrupt):
        trained(config(model, epochs=5, save_every=100), material(), kept)
    assert [one.step for one in kept.saved] == [2] and len(kept.lines) == 2


def test_a_loss_that_is_not_a_number_ends_with_a_sentence_and_saves_nothing(model: Path) -> None:
    settings, what, kept = config(model, epochs=20, save_every=100), material(), Kept()
    policy = PolicyModel.load(settings)
    with torch.no_grad():
        next(policy.parameters()).fill_(math.nan)
    with pytest.raises(TrainingDiverged, match="not finite") as error:
        imitate(policy, Optimiser(policy.trainable(), settings), what, settings, ALONE, SftProgress(), kept.hooks())
    assert error.value.hint and "learning_rate" in error.value.hint
    assert kept.saved == [] and all(values["skipped"] for _, values in kept.lines)
