"""Dr.GRPO, CISPO and GSPO against hand-computed cases; GRPO and MGPO have files of their own."""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import pytest
import torch
from torch import Tensor

from agentprop.config import TrainMgpoConfig, TrainSolverConfig
from agentprop.errors import ConfigError
from agentprop.training.rl.algorithms import ALGORITHMS
from agentprop.training.rl.algorithms.cispo import Cispo, cispo_loss
from agentprop.training.rl.algorithms.drgrpo import DrGrpo
from agentprop.training.rl.algorithms.grpo import Grpo, grpo_loss
from agentprop.training.rl.algorithms.gspo import Gspo, gspo_loss, reply_ratio
from agentprop.training.rl.losses import Loss, Tokens, token_means


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def slopes(tokens: Tokens, loss: Callable[[Tokens], Loss]) -> list[float]:
    """Derivative of the loss by each log-prob."""
    logp = tokens.logp_A.clone().requires_grad_()
    return [float(x) for x in torch.autograd.grad(loss(tokens._replace(logp_A=logp)).loss, logp)[0]]


def test_at_the_sampling_weights_all_are_reinforce() -> None:
    logp, a = torch.randn(2, 12, dtype=torch.float64)
    tokens = Tokens(logp, logp, a, action_A=torch.arange(12))
    for one in (Grpo(), Cispo(), Gspo(), DrGrpo(4)):
        assert slopes(tokens, lambda given, one=one: one.loss(given, 4)) == pytest.approx((-a / 4).tolist())


# --- Dr.GRPO ---


def test_dr_grpo_divides_by_a_constant_however_many_tokens_were_sampled() -> None:
    """8 groups of 4 in 2 steps of at most 100 tokens each: 16 episodes, 1,600 tokens."""
    config = TrainSolverConfig(
        model="m", algorithm="drgrpo", std="none", groups=8, group_size=4, minibatches=2, reply_tokens=100
    )
    found = ALGORITHMS["drgrpo"].of(config)
    tokens = Tokens(double(1.5, 0.5).log(), torch.zeros(2), double(1, -2))
    assert float(found.loss(tokens, 2).loss) == float(found.loss(tokens, 200).loss) == pytest.approx(0.4 / 1600)


def test_dr_grpo_refuses_advantages_that_are_divided_by_a_spread() -> None:
    with pytest.raises(ConfigError, match="only subtracts the mean") as refused:
        ALGORITHMS["drgrpo"].of(TrainSolverConfig(model="m", algorithm="drgrpo"))
    assert refused.value.hint == "add --set std=none"


# --- CISPO ---


def test_cispo_keeps_the_gradient_of_every_token_and_caps_its_weight() -> None:
    """r = 1.5, 8 and 0.5 with cap 5 → −1.5, −5 and +0.5; GRPO silences the first two."""
    tokens = Tokens(double(1.5, 8, 0.5).log(), torch.zeros(3), double(1, 1, -1))
    assert slopes(tokens, lambda t: cispo_loss(t, n_tokens=1)) == pytest.approx([-1.5, -5, 0.5])
    assert slopes(tokens, lambda t: grpo_loss(t, n_tokens=1)) == pytest.approx([0, 0, 0])
    assert token_means([cispo_loss(tokens, n_tokens=3).sums])["frac_capped"] == pytest.approx(1 / 3)


def test_the_cap_of_cispo_is_a_setting() -> None:
    found = ALGORITHMS["cispo"].of(
        TrainMgpoConfig(model="m", prober=("p",), algorithm="cispo", ratio_cap=2.0, beta=0.0)
    )
    tokens = Tokens(double(8).log(), torch.zeros(1), double(1))
    assert slopes(tokens, lambda t: found.loss(t, 1)) == pytest.approx([-2])


# --- GSPO ---


def test_the_ratio_of_a_reply_is_the_geometric_mean_of_its_tokens_ratios() -> None:
    """exp((0.3 − 0.1 + 0.1)/3) = e^0.1; the reply beside it has one token of e^−0.5."""
    tokens = Tokens(double(0.3, -0.1, -0.5, 0.1), torch.zeros(4), torch.ones(4), action_A=torch.tensor([7, 7, 2, 7]))
    assert reply_ratio(tokens).tolist() == pytest.approx([exp(0.1), exp(0.1), exp(-0.5), exp(0.1)])


def test_gspo_takes_or_leaves_a_reply_as_a_whole() -> None:
    """s = 1.0003 and A = 1 is within 1 + 4e-4 and each token has slope −s·A/N·3/3; s = 1.001 is left out."""
    inside = Tokens(
        double(0.03, -0.02, -0.0091), torch.zeros(3), torch.ones(3).double(), action_A=torch.zeros(3).long()
    )
    s = exp(0.0009 / 3)
    assert slopes(inside, lambda t: gspo_loss(t, n_tokens=6)) == pytest.approx([-s / 6] * 3)
    outside = inside._replace(logp_A=double(0.03, -0.02, -0.007))
    assert slopes(outside, lambda t: gspo_loss(t, n_tokens=6)) == [0, 0, 0]
    assert token_means([gspo_loss(outside, n_tokens=3).sums])["frac_clipped_high"] == 1
    worse = outside._replace(weight_A=-torch.ones(3).double())  # moved the wrong way: pulled back in full
    assert slopes(worse, lambda t: gspo_loss(t, n_tokens=1)) == pytest.approx([exp(0.001)] * 3)


def test_gspo_without_the_replies_of_its_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="which tokens it has"):
        gspo_loss(Tokens(torch.zeros(1), torch.zeros(1), torch.ones(1)), n_tokens=1)


@pytest.mark.parametrize("name", ["drgrpo", "gspo", "cispo"])
def test_each_can_be_named_in_both_stages(name: str) -> None:
    for config in (
        TrainSolverConfig(model="m", algorithm=name, std="none", beta=0.1),
        TrainMgpoConfig(model="m", prober=("p",), algorithm=name, std="none", beta=0.1),
    ):
        found = ALGORITHMS[name].of(config)
        assert (found.beta, found.omega) == (0.1, 0.0)
        tokens = Tokens(double(-1), double(-1), double(0), logp_ref_A=double(-1.5), action_A=torch.tensor([0]))
        assert slopes(tokens, lambda t, found=found: found.loss(t, 1)) != [0]  # the pull to the reference


def test_corrections_scale_each_token() -> None:
    tokens = Tokens(
        torch.zeros(2).double(), torch.zeros(2), double(1, 1), double(2.0, 0.25), action_A=torch.tensor([0, 1])
    )
    for one in (Cispo(), Gspo(), DrGrpo(1)):
        assert slopes(tokens, lambda t, one=one: one.loss(t, 1)) == [-2.0, -0.25]
