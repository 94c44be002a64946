"""Clip-Cov and KL-Cov against hand-computed cases, in the update, and over two processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from test_update import FLAT, Kept, gradients, model, policy, same, training_group
from torch import Tensor
from toy_groups import ALONE

from agentprop.config import TrainSolverConfig
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.explore import Explore, choose, covariances, draws
from agentprop.training.rl.update import learn

__all__ = ["model", "policy"]

CLIP, KL = Explore("clip", 2e-4), Explore("kl", 2e-3)
WEIGHT = torch.tensor([1.0, 1.0, -1.0, -1.0])
LOGP = torch.tensor([0.9, 0.1, 0.9, 0.1]).log()
ALL = torch.ones(4, dtype=torch.bool)


def test_the_covariance_of_four_tokens_by_hand() -> None:
    """log 0.9 and log 0.1 lie 1.0986 from their mean."""
    assert covariances(WEIGHT, LOGP, ALL, ALONE).tolist() == pytest.approx([1.0986, -1.0986, -1.0986, 1.0986], abs=1e-4)


def test_entropy_falls_by_the_covariance() -> None:
    """A softmax of three arms under z += ηA with A = (1, 0, −1): ΔH/η = −0.46168 = −Cov under the policy."""
    p, a, eta = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64), torch.tensor([1.0, 0, -1]).double(), 1e-4

    def entropy(logits: Tensor) -> float:
        return float(-(logits.softmax(0) * logits.log_softmax(0)).sum())

    found = (entropy(p.log() + eta * a) - entropy(p.log())) / eta
    mean_a, mean_logp = (p * a).sum(), (p * p.log()).sum()
    assert found == pytest.approx(-0.46168, abs=1e-4)
    assert float((p * (a - mean_a) * (p.log() - mean_logp)).sum()) == pytest.approx(0.46168, abs=1e-5)


def test_clip_cov_leaves_out_one_of_the_tokens_between_its_bounds() -> None:
    for keys, out in (([5, 9, 9, 4], 0), ([4, 9, 9, 5], 3)):
        found = choose(CLIP, WEIGHT, LOGP, ALL, torch.tensor(keys), ALONE)
        assert [n for n in range(4) if found.weight_A[n] == 0] == [out]
        assert found.metrics["cov_share"] == 0.25 and found.metrics["cov_w_sum"] == WEIGHT[out]
    few = choose(replace(CLIP, low=1.2), WEIGHT, LOGP, ALL, torch.tensor([1, 2, 3, 4]), ALONE)
    assert torch.equal(few.weight_A, WEIGHT) and few.metrics["cov_share"] == 0


def test_kl_cov_pulls_the_tokens_with_the_largest_covariance() -> None:
    found = choose(KL, torch.tensor([1.0, 1.0, -1.0, -2.0]), LOGP, ALL, torch.zeros(4), ALONE)
    assert found.pull_A is not None and found.pull_A.tolist() == [0, 0, 0, 1]


def test_kl_cov_keeps_its_share_where_many_tokens_are_sure_and_tie() -> None:
    """Fifty sure tokens pushed up and fifty of log-prob −1 pushed down all have cov 0.5; 2 % of them are two."""
    weight = torch.cat([torch.ones(50), -torch.ones(50)])
    logp = torch.cat([torch.zeros(50), -torch.ones(50)])
    keys = draws("0", [0], [100])
    found = choose(Explore("kl", 0.02), weight, logp, torch.ones(100, dtype=torch.bool), keys, ALONE)
    assert found.metrics["cov_share"] == 0.02 and found.pull_A is not None
    assert set(found.pull_A.nonzero()[:, 0].tolist()) == set(keys.topk(2).indices.tolist())


def test_bounds_between_which_no_covariance_lies_are_refused() -> None:
    with pytest.raises(ValidationError, match="above cov_low"):
        TrainSolverConfig(model="m", cov="clip", cov_low=5.0, cov_high=1.0)
    with pytest.raises(ValidationError, match="above cov_low"):
        TrainSolverConfig(model="m", cov="clip", cov_low=6.0)


def test_a_batch_without_a_signal_or_without_tokens_touches_nothing() -> None:
    for explore in (CLIP, KL):
        found = choose(explore, torch.zeros(4), LOGP, ~ALL, torch.zeros(4), ALONE)
        assert found.metrics["cov_share"] == 0 and not torch.isnan(found.weight_A).any()
        empty = torch.zeros(0)
        assert len(choose(explore, empty, empty, empty.bool(), empty, ALONE).weight_A) == 0


def test_what_is_drawn_depends_on_the_seed_and_the_group_alone() -> None:
    both = draws("0/3", [4, 5], [3, 2])
    assert torch.equal(both[3:], draws("0/3", [5], [2])) and torch.equal(both[:3], draws("0/3", [4], [3]))
    assert not torch.equal(both, draws("0/4", [4, 5], [3, 2]))


def test_settings_ask_for_nothing_unless_they_say_so() -> None:
    assert Explore.of(TrainSolverConfig(model="m")) is None
    assert Explore.of(TrainSolverConfig(model="m", cov="clip")) == CLIP
    assert Explore.of(TrainSolverConfig(model="m", cov="kl", cov_share=0.1, cov_kl=0.5)) == Explore("kl", 0.1, kl=0.5)


def test_with_one_step_kl_cov_changes_nothing_and_clip_cov_does(policy: PolicyModel) -> None:
    one = training_group([1.0, 0.0, 0.5])
    [plain] = gradients(policy, [one], FLAT)
    [pulled] = gradients(policy, [one], replace(FLAT, explore=replace(KL, share=0.5)))
    same(pulled, plain)
    [clipped] = gradients(policy, [one], replace(FLAT, explore=Explore("clip", 0.5, low=0.0, high=1e9)))
    assert any(not torch.allclose(clipped[name], plain[name], atol=1e-7) for name in plain)


def test_in_a_second_step_kl_cov_pulls_back_to_where_the_batch_was_sampled(policy: PolicyModel) -> None:
    """The slope of β·|log r| is β by log π_θ where r > 1: with weights of nearly 0 it is all that is left."""
    one, other = training_group([1.0, 0.0], seed=1), training_group([0.0, 1.0], seed=2)
    kept = Kept(policy, rate=1e-2)
    objective = replace(FLAT, minibatches=2, explore=Explore("kl", 1.0, kl=100.0))
    found = learn(policy, kept, [one, other], objective, ALONE, n_groups=6, pack_tokens=512, seed="0")
    sizes = [sum(float(g.square().sum()) for g in step.values()) ** 0.5 for step in kept.gradients]
    assert len(sizes) == 2 and sizes[1] > 20 * sizes[0]
    assert found["cov_share"] == 1


class Rank:
    """One of two processes, here a thread: sums and gathers over both."""

    def __init__(self, rank: int, slots: list[Tensor | None], barrier: Barrier) -> None:
        self.rank, self.slots, self.barrier = rank, slots, barrier

    def gather(self, tensor: Tensor) -> list[Tensor]:
        self.slots[self.rank] = tensor
        self.barrier.wait()
        found = [slot for slot in self.slots if slot is not None]
        self.barrier.wait()
        return found

    def sum(self, values: list[float]) -> list[float]:
        return [float(v) for v in torch.stack(self.gather(torch.tensor(values, dtype=torch.float64))).sum(0)]


@pytest.mark.parametrize("explore", [Explore("clip", 0.1, low=0.1), Explore("kl", 0.1)])
def test_two_processes_choose_what_one_does(explore: Explore) -> None:
    weight, logp, keys = torch.randn(60), -torch.rand(60), draws("0", [0], [60])
    weight[10:50], logp[10:50] = 2.0, 0.0  # equals in both processes
    in_loss = torch.rand(60) > 0.1
    alone = choose(explore, weight, logp, in_loss, keys, ALONE)
    slots, barrier = [None, None], Barrier(2)

    def part(rank: int) -> Any:
        own = slice(0, 25) if rank == 0 else slice(25, 60)
        return choose(explore, weight[own], logp[own], in_loss[own], keys[own], Rank(rank, slots, barrier))

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(part, range(2))
    assert first.metrics == second.metrics == pytest.approx(alone.metrics)
    assert torch.equal(torch.cat([first.weight_A, second.weight_A]), alone.weight_A)
    if alone.pull_A is not None:
        assert torch.equal(torch.cat([first.pull_A, second.pull_A]), alone.pull_A) and alone.pull_A.sum() > 0
    else:
        assert (alone.weight_A == 0).sum() > 0
