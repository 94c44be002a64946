"""GRPO's clipped-ratio loss."""

from __future__ import annotations

from math import exp, log

import pytest
import torch
from torch import Tensor

from agentprop.training.rl.algorithms.grpo import grpo_loss
from agentprop.training.rl.algorithms.mgpo import mgpo_loss
from agentprop.training.rl.losses import Tokens, token_means


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def slopes(tokens: Tokens, **options: float) -> list[float]:
    """Derivative of the loss by each log-prob, over N = 1."""
    logp = tokens.logp_A.clone().requires_grad_()
    found = grpo_loss(tokens._replace(logp_A=logp), n_tokens=1, **options)
    return [float(x) for x in torch.autograd.grad(found.loss, logp)[0]]


def test_on_policy_it_is_reinforce_and_equals_mgpo_with_the_same_weights() -> None:
    logp, a = torch.randn(2, 20, dtype=torch.float64)
    tokens = Tokens(logp, logp, a)
    assert slopes(tokens) == pytest.approx((-a).tolist())
    live = logp.clone().requires_grad_()
    mgpo = mgpo_loss(Tokens(live, logp, a), n_tokens=1).loss
    assert slopes(tokens) == pytest.approx(torch.autograd.grad(mgpo, live)[0].tolist())


def test_a_ratio_that_has_gone_far_enough_is_clipped_and_one_that_has_gone_astray_is_not() -> None:
    """By the sign of A: at r = 1.5 and 0.5 with ε = 0.2; what the update has undone still pulls, in full."""
    tokens = Tokens(double(1.5, 0.5, 1.5, 0.5, 1.1, 0.9).log(), torch.zeros(6), double(1, 1, -1, -1, 1, -1))
    assert slopes(tokens) == pytest.approx([0, -0.5, 1.5, 0, -1.1, 0.9])
    found = token_means([grpo_loss(tokens, n_tokens=6).sums])
    assert (found["frac_clipped_high"], found["frac_clipped_low"]) == pytest.approx((1 / 6, 1 / 6))


def test_the_loss_itself_by_hand() -> None:
    """min(1.5·1, 1.2·1) + min(0.5·−2, 0.8·−2) = 1.2 − 1.6, over N = 10."""
    tokens = Tokens(double(1.5, 0.5).log(), torch.zeros(2), double(1, -2))
    assert float(grpo_loss(tokens, n_tokens=10).loss) == pytest.approx(0.04)


def test_the_upper_clip_is_its_own() -> None:
    tokens = Tokens(double(1.25).log(), torch.zeros(1), double(1))
    assert slopes(tokens, clip_high=0.28) == pytest.approx([-1.25]) and slopes(tokens) == [0]


def test_the_divergence_term_is_k3_and_pulls_towards_the_reference() -> None:
    """Per token π_ref/π_θ − 1 − log(π_ref/π_θ), slope 1 − π_ref/π_θ by log π_θ."""
    tokens = Tokens(double(-1, -2), double(-1, -2), double(0, 0), logp_ref_A=double(-1.5, -1))
    found = grpo_loss(tokens, n_tokens=2, beta=0.1)
    kl = (exp(-0.5) - 1 + 0.5) + (exp(1) - 1 - 1)
    assert float(found.loss) == pytest.approx(0.1 * kl / 2)
    assert token_means([found.sums])["kl_ref"] == pytest.approx(kl / 2)
    assert slopes(tokens, beta=0.1) == pytest.approx([0.1 * (1 - exp(-0.5)), 0.1 * (1 - exp(1))])


def test_a_divergence_term_without_a_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="reference"):
        grpo_loss(Tokens(torch.zeros(1), torch.zeros(1), torch.ones(1)), n_tokens=1, beta=0.1)


def test_a_correction_scales_each_token() -> None:
    tokens = Tokens(torch.zeros(2), torch.zeros(2), double(1, 1), correction_A=double(2.0, 0.25))
    assert slopes(tokens) == [-2.0, -0.25]


def test_tokens_without_an_advantage_move_nothing() -> None:
    assert slopes(Tokens(torch.randn(5), torch.randn(5), torch.zeros(5))) == [0.0] * 5


@pytest.mark.parametrize("difference", [1e4, -1e4])
def test_absurd_log_ratios_leave_everything_finite(difference: float) -> None:
    logp = torch.full((3,), -1.0, requires_grad=True)
    tokens = Tokens(logp, logp.detach() - difference, torch.tensor([1.0, -1.0, 0.0]), None, logp.detach() + difference)
    found = grpo_loss(tokens, n_tokens=3, beta=0.01)
    found.loss.backward()
    assert bool(found.loss.isfinite()) and logp.grad is not None and bool(logp.grad.isfinite().all())
    assert all(torch.tensor(list(token_means([found.sums]).values())).isfinite())


def test_a_policy_that_may_only_move_a_little_stops_at_the_clip() -> None:
    """One token of positive advantage, stepped on alone: log π rises by log(1 + ε), and no further."""
    gap = torch.zeros(1, dtype=torch.float64)
    for _ in range(200):
        gap = gap - 0.01 * double(*slopes(Tokens(gap, torch.zeros(1), double(1))))
    assert log(1.2) <= float(gap) <= log(1.2) + 0.01 * 1.2
