"""Lp-Reg against hand-computed cases, in the update, and where it has nothing to brake."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from test_update import FLAT, Kept, gradients, model, policy, same, training_group
from torch import Tensor
from toy_groups import ALONE

from agentprop.config import TrainSolverConfig
from agentprop.training.model import logprobs
from agentprop.training.model.logprobs import min_p_logprobs
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.losses import Tokens
from agentprop.training.rl.lp_reg import LpReg, held_up, hold
from agentprop.training.rl.update import learn

__all__ = ["model", "policy"]

ALL = torch.ones(4, dtype=torch.bool)
CUT = -torch.inf


def proxies(p: list[float], min_p: float) -> list[float]:
    """The proxy of every entry of one distribution."""
    n = len(p)
    hidden = torch.tensor(p, dtype=torch.float64).log().expand(n, n).contiguous()
    return min_p_logprobs(hidden, torch.eye(n, dtype=torch.float64), torch.arange(n), min_p).exp().tolist()


def test_the_proxy_cuts_noise_and_normalises_the_rest() -> None:
    assert proxies([0.80, 0.15, 0.04, 0.01], 0.02) == pytest.approx([0.808081, 0.151515, 0.040404, 0], abs=1e-6)
    assert proxies([0.90, 0.05, 0.035, 0.015], 0.02)[2] == pytest.approx(0.035533, abs=1e-6)


def test_tiles_say_what_all_logits_at_once_do_and_ties_at_the_threshold_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(12, 6, dtype=torch.float64), torch.randn(50, 6, dtype=torch.float64)
    bias, targets = torch.randn(50, dtype=torch.float64), torch.randint(50, (12,))
    logits = torch.nn.functional.linear(hidden, head, bias)
    kept = logits >= logits.amax(1, keepdim=True) + torch.tensor(0.1).double().log()
    dense = logits.masked_fill(~kept, CUT).log_softmax(1).gather(1, targets[:, None])[:, 0]
    monkeypatch.setitem(logprobs.TILE, "cpu", 7)
    torch.testing.assert_close(min_p_logprobs(hidden, head, targets, 0.1, chunk=5, bias=bias), dense)
    assert dense.isfinite().any() and not dense.isfinite().all()
    assert proxies([0.25, 0.25, 0.25, 0.25], 1.0) == pytest.approx([0.25] * 4)


def test_term_and_slope_of_the_third_token_by_hand() -> None:
    """At r = 1 the slope is 1 − 1/Z = −0.0152; once the token is half as likely it is −1.03."""
    proxy = torch.tensor([0.035533]).double().log()
    for p, k3, slope in ((0.035, 1.1479e-4, -0.015228), (0.0175, None, -1.0305)):
        logp = torch.tensor([p]).double().log().requires_grad_()
        term, sums = hold(LpReg(), Tokens(logp, logp.detach(), -torch.ones(1)), proxy, 1.0)
        term.backward()
        assert logp.grad is not None and float(logp.grad) == pytest.approx(slope, abs=1e-4)
        assert float(sums["lp_pull"]) == pytest.approx(-slope, abs=1e-4)
        assert k3 is None or float(term.detach()) == pytest.approx(k3, rel=1e-2)


def test_tokens_that_are_pushed_up_or_noise_or_not_chosen_stay_as_they_are() -> None:
    weight = torch.tensor([-1.0, 1.0, -1.0, -1.0])
    logp = torch.tensor([0.03, 0.01, 0.02, 0.5]).log()
    proxy = torch.tensor([0.031, 0.011, 0.0, 0.0]).log()
    for share, chosen in ((1.0, [0]), (0.34, [])):  # of three pushed down, the lowest alone is noise
        found, metrics = held_up(LpReg(share=share), weight, logp, proxy, ALL, ALONE)
        assert found.isfinite().nonzero()[:, 0].tolist() == chosen and metrics["lp_share"] == len(chosen) / 4
        live = logp.clone().requires_grad_()
        hold(LpReg(), Tokens(live - 1, logp, weight), found, 4.0)[0].backward()
        assert live.grad is not None and live.grad.nonzero()[:, 0].tolist() == chosen
    nothing, metrics = held_up(LpReg(), weight, logp, proxy, ~ALL, ALONE)
    assert not nothing.isfinite().any() and metrics["lp_share"] == 0


def test_settings_ask_for_nothing_unless_they_say_so() -> None:
    assert LpReg.of(TrainSolverConfig(model="m")) is None
    assert LpReg.of(TrainSolverConfig(model="m", lp_reg=1)) == LpReg(1.0, 0.01, 0.02)


def size(gradient: dict[str, Tensor]) -> float:
    return sum(float(g.square().sum()) for g in gradient.values()) ** 0.5


def test_it_brakes_in_the_second_step_of_a_batch_and_hardly_in_the_first(policy: PolicyModel) -> None:
    """Only what was already pushed down is held up: on the weights that sampled there is nothing to brake."""
    one, other = training_group([1.0, 0.0], seed=1), training_group([0.0, 1.0], seed=2)
    brake = LpReg(beta=1.0, share=1.0, min_p=1e-9)  # all that is pushed down, and no noise: Z = 1
    [plain] = gradients(policy, [one], FLAT)
    [first] = gradients(policy, [one], replace(FLAT, lp_reg=brake))
    same(first, plain)
    kept = Kept(policy, rate=1e-2)
    objective = replace(FLAT, minibatches=2, lp_reg=replace(brake, beta=100.0))
    found = learn(policy, kept, [one, other], objective, ALONE, n_groups=6, pack_tokens=512, seed="0")
    sizes = [size(step) for step in kept.gradients]
    assert len(sizes) == 2 and sizes[1] > 5 * sizes[0]
    assert 0 < found["lp_share"] <= 0.5 and found["lp_pull"] > 0.1
