"""The update: gradients against the formula written out, whatever the rows, the minibatches and who is masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_model import tiny_model
from torch import Tensor
from toy_groups import ALONE, config

from agentprop.training.data.sequences import TokenSequence
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser, StepReport
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.corrections import corrections
from agentprop.training.rl.examples import Example, TrainingGroup
from agentprop.training.rl.frozen import freeze
from agentprop.training.rl.objective import Correction, Objective
from agentprop.training.rl.token_table import TokenTable
from agentprop.training.rl.update import learn, minibatches

FLAT = Objective(Mgpo(beta=0.0, gate="none"), minibatches=1)
"""REINFORCE with the group's baseline."""


class Kept(Optimiser):
    """Keeps every step's gradient; with a rate of 0 it moves nothing."""

    def __init__(self, policy: PolicyModel, rate: float = 1e-12) -> None:
        super().__init__(policy.trainable(), config(Path("unused"), learning_rate=rate, clip=1e9))
        self._policy = policy
        self.gradients: list[dict[str, Tensor]] = []

    def step(self) -> StepReport:
        self.gradients.append({name: p.grad.clone() for name, p in self._policy.trainable() if p.grad is not None})
        return super().step()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def policy(model: Path) -> PolicyModel:
    load_policy = PolicyModel.load(config(model)).distribute(ALONE)
    with torch.no_grad():
        for parameter in load_policy.parameters():
            parameter.mul_(4)  # far enough from uniform for probabilities to differ
    return load_policy


def sequence(name: str, turns: Sequence[int], seed: int) -> TokenSequence:
    """A conversation of turns with so many sampled tokens, each after three tokens of somebody else."""
    random = np.random.default_rng(seed)
    action = np.concatenate([np.r_[[-1] * 3, [turn] * size] for turn, size in enumerate(turns)])
    return TokenSequence(random.integers(0, 256, len(action)), action >= 0, action, None, name)


def training_group(
    rewards: Sequence[float],
    *,
    turns: Sequence[int] = (4, 6),
    seed: int = 0,
    masked: Sequence[int] = (),
    omega: float = 0.5,
) -> TrainingGroup:
    """A group with these rewards; the first turn of odd members had a telling call."""
    names = [f"{seed}/{number}" for number in range(len(rewards))]
    members = [
        ReturnedEpisode(
            name, reward, tuple(ActionReturn("check", float(not t and number % 2)) for t, _ in enumerate(turns))
        )
        for number, (name, reward) in enumerate(zip(names, rewards, strict=True))
    ]
    examples = tuple(
        Example(name, (sequence(name, turns, 100 * seed + number),), number not in masked)
        for number, name in enumerate(names)
    )
    return TrainingGroup(advantages(members, omega=omega, std="none"), examples, seed)


def gradients(
    policy: PolicyModel, groups: Sequence[TrainingGroup], objective: Objective, pack_tokens: int = 512
) -> list[dict[str, Tensor]]:
    kept = Kept(policy)
    learn(policy, kept, groups, objective, ALONE, n_groups=6, pack_tokens=pack_tokens, seed="0")
    return kept.gradients


def written_out(
    policy: PolicyModel, groups: Sequence[TrainingGroup], weights: Sequence[Sequence[float]]
) -> dict[str, Tensor]:
    """−(1/N) Σ w·log π over the unmasked action tokens, by a plain softmax over all logits."""
    policy.zero_grad()
    every = [example for one in groups for example in one.examples]
    n = sum(example.n_actions for example in every if example.in_loss)
    for example, of_turn in zip(every, weights, strict=True):
        [own] = example.sequences
        logits = policy.model(input_ids=torch.from_numpy(own.ids)[None]).logits[0, :-1].float()
        logprob = torch.log_softmax(logits, -1).gather(1, torch.from_numpy(own.ids[1:])[:, None])[:, 0]
        w = torch.tensor([of_turn[turn] if turn >= 0 else 0.0 for turn in own.action[1:]])
        if example.in_loss:
            (-(w * logprob).sum() / n).backward()  # type: ignore[no-untyped-call]
    found = {name: p.grad.clone() for name, p in policy.trainable() if p.grad is not None}
    policy.zero_grad()
    return found


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys() and one
    scale = max(float(tensor.abs().max()) for tensor in other.values())
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=1e-5 * scale)


def test_on_policy_the_gradient_is_reinforce_with_the_mean_over_actions_as_baseline(policy: PolicyModel) -> None:
    one = training_group([1.0, 0.0, 0.5])
    fused = [a for member in one.advantages.members for a in member.fused]
    mean = sum(fused) / len(fused)
    weights = [[a - mean for a in member.fused] for member in one.advantages.members]
    expected = written_out(policy, [one], weights)
    [found] = gradients(policy, [one], FLAT)
    same(found, expected)
    [gated] = gradients(policy, [one], replace(FLAT, algorithm=Mgpo(beta=0.0)))
    same(gated, expected)  # at r = 1 the gate is 1


def test_grpo_takes_the_advantages_as_they_are(policy: PolicyModel) -> None:
    one = training_group([1.0, 0.0, 0.5], omega=0.0)
    weights = [list(member.fused) for member in one.advantages.members]
    [found] = gradients(policy, [one], replace(FLAT, algorithm=Grpo()))
    same(found, written_out(policy, [one], weights))


@pytest.mark.parametrize("pack_tokens", [8, 30, 10_000])
def test_how_tokens_are_packed_changes_nothing(policy: PolicyModel, pack_tokens: int) -> None:
    groups = [training_group([1.0, 0.0, 0.2], turns=(3, 9, 2), seed=1), training_group([0.0, 1.0], turns=(5,), seed=2)]
    [expected] = gradients(policy, groups, FLAT)
    [found] = gradients(policy, groups, FLAT, pack_tokens)
    same(found, expected)


def test_the_masked_move_the_mean_and_nothing_else(policy: PolicyModel) -> None:
    one = training_group([1.0, 0.0, 0.0], masked=[2], omega=0.0)
    mean = sum(a for member in one.advantages.members for a in member.fused) / 6
    weights = [[a - mean for a in member.fused] for member in one.advantages.members]
    [found] = gradients(policy, [one], FLAT)
    same(found, written_out(policy, [one], weights))
    assert weights[0][0] == pytest.approx(2 / 3)


def test_groups_without_a_signal_take_no_part(policy: PolicyModel) -> None:
    silent = training_group([0.5, 0.5], omega=0.0, seed=3)
    kept = Kept(policy, rate=1.0)
    before = [p.clone() for _, p in policy.trainable()]
    assert learn(policy, kept, [silent], FLAT, ALONE, n_groups=6, pack_tokens=512, seed="0") == {"steps": 0.0}
    assert kept.gradients == [] and all(map(torch.equal, before, [p for _, p in policy.trainable()]))
    loud = training_group([1.0, 0.0], seed=4)
    [with_silent], [alone] = gradients(policy, [silent, loud], FLAT), gradients(policy, [loud], FLAT)
    same(with_silent, alone)


def test_a_batch_of_the_masked_alone_takes_no_step(policy: PolicyModel) -> None:
    kept = Kept(policy, rate=1.0)
    found = learn(
        policy, kept, [training_group([1.0, 0.0], masked=[0, 1])], FLAT, ALONE, n_groups=6, pack_tokens=512, seed="0"
    )
    assert found["steps"] == 0 and kept.gradients == []


def test_a_pull_to_the_reference_is_all_that_a_silent_group_may_have(model: Path, policy: PolicyModel) -> None:
    silent = training_group([0.5, 0.5], omega=0.0)
    pulled = Objective(Mgpo(beta=0.1, gate="none", constant_groups="kl_only"), constant_groups="kl_only", minibatches=1)
    policy.keep_reference(PolicyModel.load(config(model), frozen=True))
    [found] = gradients(policy, [silent], pulled)
    frozen = freeze(policy, TokenTable.of([silent], 512), pulled, ALONE)
    assert frozen.ref is not None
    sizes = [size for example in silent.examples for size in example.lengths(2)]
    implicit = [float(part.sum()) * 0.1 for part in torch.split(frozen.old - frozen.ref, sizes)]
    clamped = [max(-5.0, min(5.0, r)) for r in implicit]
    flat = [sum(clamped) / 4 - r for r in clamped]
    same(found, written_out(policy, [silent], [flat[:2], flat[2:]]))


def test_with_adapters_the_reference_is_the_model_without_them(model: Path) -> None:
    policy = PolicyModel.load(config(model, lora_rank=2)).distribute(ALONE)
    one = TokenTable.of([training_group([1.0, 0.0])], 512)
    same_as_ref = freeze(policy, one, Objective(Mgpo(beta=0.1, gate="none"), minibatches=1), ALONE)
    assert same_as_ref.ref is not None
    torch.testing.assert_close(same_as_ref.old, same_as_ref.ref)
    with torch.no_grad():
        for _, parameter in policy.trainable():
            parameter.add_(0.3)
    moved = freeze(policy, one, Objective(Mgpo(beta=0.1, gate="none"), minibatches=1), ALONE)
    assert moved.ref is not None
    torch.testing.assert_close(moved.ref, same_as_ref.ref)
    assert not torch.allclose(moved.old, moved.ref)


def test_minibatches_are_whole_groups_and_have_everybody_once() -> None:
    own = [0, 1, 3, 5, 6, 7]
    parts = minibatches(own, 8, 4, "7", ALONE)
    assert sorted(map(len, parts)) == [1, 1, 2, 2]
    assert sorted(place for part in parts for place in part) == [0, 1, 2, 3, 4, 5]
    assert minibatches(own, 8, 4, "7", ALONE) == parts != minibatches(own, 8, 4, "8", ALONE)
    assert minibatches([2], 8, 4, "7", ALONE).count(set()) == 3


def test_a_step_has_the_same_groups_however_they_are_shared_out() -> None:
    @dataclass(frozen=True)
    class Half(World):
        """One of two processes; the other one's groups take part too."""

        others: frozenset[int] = frozenset()

        def sum(self, values: Sequence[float]) -> list[float]:
            return [value + (n in self.others) for n, value in enumerate(values)]

    everybody = [0, 1, 3, 5, 6, 7]
    whole = minibatches(everybody, 8, 4, "7", ALONE)
    expected = [{everybody[place] for place in part} for part in whole]
    halves = ([0, 6], [1, 3, 5, 7])
    found = [set[int]() for _ in expected]
    for own, others in (halves, halves[::-1]):
        world = Half(0, 2, torch.device("cpu"), None, frozenset(others))
        for step, part in enumerate(minibatches(own, 8, 4, "7", world)):
            found[step] |= {own[place] for place in part}
    assert found == expected


def test_later_minibatches_see_ratios_other_than_one(model: Path) -> None:
    policy = PolicyModel.load(config(model)).distribute(ALONE)
    groups = [training_group([1.0, 0.0, 0.3], seed=seed) for seed in range(4)]
    optimiser = Optimiser(policy.trainable(), config(model, learning_rate=0.05))
    gated = Objective(Mgpo(beta=0.0), minibatches=4)
    found = learn(policy, optimiser, groups, gated, ALONE, n_groups=6, pack_tokens=512, seed="0")
    assert found["steps"] == 4 and optimiser.applied == 4
    assert found["ratio_std"] > 0.01 and found["gate"] < 1.0 and found["kl_old"] > 0
    assert found["w_sum_pre"] != found["w_sum_post"]
    again = learn(policy, optimiser, groups, replace(FLAT, minibatches=1), ALONE, n_groups=6, pack_tokens=512, seed="0")
    assert again["ratio_std"] == pytest.approx(0.0, abs=1e-3)


def test_what_was_rewarded_becomes_likelier(model: Path) -> None:
    policy = PolicyModel.load(config(model)).distribute(ALONE)
    one = training_group([1.0, 0.0], omega=0.0)
    table, optimiser = TokenTable.of([one], 512), Optimiser(policy.trainable(), config(model, learning_rate=0.01))
    before = freeze(policy, table, FLAT, ALONE).old
    for step in range(3):
        learn(policy, optimiser, [one], FLAT, ALONE, n_groups=6, pack_tokens=512, seed=str(step))
    good, bad = (freeze(policy, table, FLAT, ALONE).old - before).view(2, 10)
    assert good.mean() > 0.05 and bad.mean() < -0.05


def test_another_engine_is_corrected_for_up_to_a_cap(policy: PolicyModel) -> None:
    one = training_group([1.0, 0.0], omega=0.0)
    old = freeze(policy, TokenTable.of([one], 512), FLAT, ALONE).old

    def sampled_with(shift: float) -> TrainingGroup:
        heard = [_heard(e.sequences[0], o - shift) for e, o in zip(one.examples, old.view(2, 10), strict=True)]
        examples = zip(one.examples, heard, strict=True)
        return replace(one, examples=tuple(replace(e, sequences=(own,)) for e, own in examples))

    [plain] = gradients(policy, [one], FLAT)
    corrected = replace(FLAT, correction=Correction(2.0))
    for shift, factor in ((0.0, 1.0), (0.4, np.exp(0.4)), (5.0, 2.0)):
        [found] = gradients(policy, [sampled_with(shift)], corrected)
        same(found, {name: tensor * factor for name, tensor in plain.items()})
    unknown = freeze(policy, TokenTable.of([one], 512), corrected, ALONE)
    assert torch.equal(corrections(unknown, Correction(2.0)), torch.ones(20))


def _heard(own: TokenSequence, logprobs: Tensor) -> TokenSequence:
    values = np.zeros(len(own), np.float32)
    values[own.mask] = logprobs.numpy()
    return replace(own, logprobs=values)


def test_what_is_told_is_about_the_tokens_that_were_learnt_from(policy: PolicyModel) -> None:
    found: dict[str, Any] = learn(
        policy,
        Kept(policy),
        [training_group([1.0, 0.0]), training_group([1.0, 0.5], masked=[0], seed=1)],
        replace(FLAT, minibatches=2),
        ALONE,
        n_groups=6,
        pack_tokens=512,
        seed="0",
    )
    assert found["tokens"] == 30
    assert 0 < found["entropy"] < np.log(400)
    assert 0 < found["weight_abs"] < 1 and "engine_gap" not in found
    assert sum(value for name, value in found.items() if name.startswith("ratio_in/")) == pytest.approx(1)


def test_accepted_samples_are_scored_by_the_reference_and_refused_ones_are_not(
    policy: PolicyModel, model: Path
) -> None:
    policy.keep_reference(PolicyModel.load(config(model), frozen=True))
    group = training_group([1.0, 0.0])
    first, second = group.examples
    accepted = replace(group, examples=(replace(first, accepted=True), second))
    objective = Objective(Mgpo(beta=0.03, gate="none"), minibatches=1)
    alone, both = (TokenTable.of([replace(group, examples=part)], 512) for part in ((first,), (first, second)))
    ref = freeze(policy, alone, objective, ALONE).ref
    found = _learnt(policy, [accepted], objective)
    assert ref is not None and len(ref) == first.n_actions
    assert found["ref_logprob_accepted"] == pytest.approx(float(ref.mean()), abs=1e-6)
    whole = freeze(policy, both, objective, ALONE).ref
    assert whole is not None and abs(float(whole.mean()) - found["ref_logprob_accepted"]) > 1e-3
    assert "ref_logprob_accepted" not in _learnt(policy, [group], objective)  # nothing was accepted
    assert "ref_logprob_accepted" not in _learnt(policy, [accepted], FLAT)  # nothing to compare with


def _learnt(policy: PolicyModel, groups: Sequence[TrainingGroup], objective: Objective) -> dict[str, float]:
    return learn(policy, Kept(policy), groups, objective, ALONE, n_groups=len(groups), pack_tokens=512, seed="0")
