"""MGPO's zero-sum weights and gated loss: hand-computed groups, identities by autograd, and the fixed point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log

import pytest
import torch
from torch import Tensor

from agentprop.training.rl.advantages import ActionReturn, GroupAdvantages, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.mgpo import Actions, Form, Granularity, Weights, gate, mgpo_loss, zero_sum_weights
from agentprop.training.rl.losses import Tokens, rollout_correction, token_means

GATES = [  # r, gate at τ = 1, 1.05, 1.5, 2, and r·gate at τ = 1
    (0.0, 0.786, 0.768, 0.597, 0.420, 0.0),
    (0.5, 0.940, 0.934, 0.872, 0.786, 0.470),
    (0.8, 0.990, 0.989, 0.978, 0.961, 0.792),
    (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    (1.2, 0.990, 0.989, 0.978, 0.961, 1.188),
    (1.5, 0.940, 0.934, 0.872, 0.786, 1.410),
    (2.0, 0.786, 0.768, 0.597, 0.420, 1.573),
    (3.0, 0.420, 0.389, 0.181, 0.071, 1.260),
    (4.0, 0.181, 0.158, 0.044, 0.010, 0.723),
    (6.0, 0.027, 0.021, 0.002, 0.0002, 0.160),
    (10.0, 0.0005, 0.0003, 0.0, 0.0, 0.005),
]
GRANULARITIES: list[Granularity] = ["action", "token", "trajectory"]


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def positive(ratio: Tensor, tau: float, form: Form = "paper") -> Tensor:
    """The gate of a token with w > 0."""
    return gate(ratio, torch.ones_like(ratio), tau_pos=tau, tau_neg=tau, form=form)


# --- the gate ---


@pytest.mark.parametrize(("r", "at_100", "at_105", "at_150", "at_200", "sapo"), GATES)
def test_the_gate_has_the_values_of_its_table(
    r: float, at_100: float, at_105: float, at_150: float, at_200: float, sapo: float
) -> None:
    found = [float(positive(double(r), tau)) for tau in (1.0, 1.05, 1.5, 2.0)]
    assert found == pytest.approx([at_100, at_105, at_150, at_200], abs=1e-3)
    assert float(positive(double(r), 1.0, "sapo")) == pytest.approx(sapo, abs=1e-3)


@pytest.mark.parametrize("tau", [0.1, 1.0, 1.05, 2.0, 50.0])
@pytest.mark.parametrize("form", ["paper", "sapo", "none"])
def test_the_gate_is_one_on_policy(tau: float, form: Form) -> None:
    assert float(positive(double(1.0), tau, form)) == 1.0


@pytest.mark.parametrize("tau", [1.0, 1.05, 1.5, 2.0, 3.0])
def test_the_gate_is_the_hyperbolic_secant_squared_and_falls_to_a_half_where_it_should(tau: float) -> None:
    r = torch.linspace(0, 10, 101, dtype=torch.float64)
    torch.testing.assert_close(positive(r, tau), 1 / torch.cosh(tau / 2 * (r - 1)) ** 2)
    assert float(positive(double(1 + 1.763 / tau), tau)) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("tau", [0.5, 1.0, 1.05, 2.0])
def test_the_gate_is_the_derivative_of_sapos_objective(tau: float) -> None:
    r = torch.linspace(0, 8, 81, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad((4 / tau * torch.sigmoid(tau * (r - 1))).sum(), r)
    torch.testing.assert_close(positive(r.detach(), tau), slope, atol=1e-12, rtol=0)


def test_the_sapo_form_is_r_times_the_papers() -> None:
    r = torch.linspace(0, 8, 81)
    torch.testing.assert_close(positive(r, 1.05, "sapo"), r * positive(r, 1.05))


def test_the_papers_form_never_lets_go_of_a_suppressed_token_and_sapos_does() -> None:
    assert float(positive(double(0.0), 1.0)) == pytest.approx(0.786, abs=1e-3)
    assert float(positive(double(0.0), 1.0, "sapo")) == 0.0


def test_the_sign_of_the_weight_picks_the_temperature() -> None:
    found = gate(double(2.0, 2.0, 2.0), double(0.3, -0.3, 0.0), tau_pos=1.0, tau_neg=2.0)
    assert found.tolist() == pytest.approx([0.786, 0.420, 0.420], abs=1e-3)


# --- the weights ---


def batch(*groups: Sequence[tuple[float, str]], omega: float = 0.5) -> list[GroupAdvantages]:
    """Groups of (reward, actions), an action written as its stage and r_proc: `d0`."""
    return [
        advantages(
            [
                ReturnedEpisode(str(n), reward, tuple(ActionReturn(a[0], float(a[1])) for a in actions.split()))
                for n, (reward, actions) in enumerate(group)
            ],
            omega=omega,
            std="none",
        )
        for group in groups
    ]


def sized(groups: Sequence[GroupAdvantages], sizes: Sequence[int]) -> Actions:
    """Actions whose token counts are `sizes`, round and round."""
    count = iter(list(sizes) * 100)
    return Actions.of(groups, [[[next(count) for _ in m.fused] for m in group.members] for group in groups])


def weights(groups: Sequence[GroupAdvantages], *, seed: int = 0, **options: object) -> Weights:
    actions = sized(groups, [1, 3, 2, 4, 1])
    torch.manual_seed(seed)
    old, ref = torch.randn(2, len(actions.action_A)) - 2
    return zero_sum_weights(actions, old, ref, **options)  # type: ignore[arg-type]


TWO_GROUPS = ([(0.0, "d0 c1"), (0.5, "d1"), (0.75, "d0 c0 r1")], [(0.5, "d0"), (0.96875, "d1 c1")])


def test_a_group_computed_by_hand() -> None:
    """Two trajectories, rewards 0 and 1, actions of 2 tokens | 1 and 1 tokens; A_E = ∓0.5, no stages, β = 0.1.

    mean A = 0.5/3; log π_old − log π_ref: 1 + 2 | 4 | −1, so R = 0.3, 0.4, −0.1 with mean 0.2.
    """
    groups = batch([(0.0, "d0"), (1.0, "c0 r0")])
    actions = Actions.of(groups, [[[2], [1, 1]]])
    found = zero_sum_weights(actions, double(1, 2, 4, -1), double(0, 0, 0, 0), beta=0.1)
    mean = 0.5 / 3
    expected = [-0.5 - mean - 0.1, 0.5 - mean - 0.2, 0.5 - mean + 0.3]
    assert found.unit_weight.tolist() == pytest.approx(expected)
    assert found.weight_A.tolist() == pytest.approx([expected[0], *expected])


def test_r_theta_of_a_token_and_of_a_trajectory_by_hand() -> None:
    groups = batch([(0.0, "d0"), (1.0, "c0 r0")])
    actions = Actions.of(groups, [[[2], [1, 1]]])
    old, ref = double(1, 2, 4, -1), double(0, 0, 0, 0)
    token = zero_sum_weights(actions, old, ref, beta=0.1, granularity="token")
    assert token.weight_A.tolist() == pytest.approx([-0.5 + 0.05, -0.5 - 0.05, 0.5 - 0.25, 0.5 + 0.25])
    whole = zero_sum_weights(actions, old, ref, beta=0.1, granularity="trajectory")
    assert whole.weight_A.tolist() == pytest.approx([-0.5, -0.5, 0.5, 0.5])  # R = 0.3 and 0.3


def test_a_trajectory_takes_the_mean_of_its_actions_advantages() -> None:
    groups = batch([(0.0, "d0 c1"), (1.0, "d1 c1"), (0.5, "")])
    found = zero_sum_weights(sized(groups, [1]), torch.zeros(4), None, beta=0, granularity="trajectory")
    first, second = groups[0].members[0], groups[0].members[1]
    difference = (sum(second.fused) - sum(first.fused)) / 2
    assert found.unit_weight.tolist() == pytest.approx([-difference / 2, difference / 2])


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("beta", [0.0, 0.01, 1.0])
def test_the_weights_of_every_group_sum_to_nothing(granularity: Granularity, beta: float) -> None:
    found = weights(batch(*TWO_GROUPS), granularity=granularity, beta=beta)
    for group in (0, 1):
        assert float(found.unit_weight[found.unit_group == group].sum()) == pytest.approx(0, abs=1e-6)
        assert float(found.unit_weight[found.unit_group == group].abs().sum()) > 0.1


def test_what_is_added_to_every_terminal_reward_drops_out() -> None:
    raised = [[(reward + 2, actions) for reward, actions in group] for group in TWO_GROUPS]
    torch.testing.assert_close(weights(batch(*raised)).weight_A, weights(batch(*TWO_GROUPS)).weight_A)


def test_groups_do_not_see_each_other() -> None:
    both = weights(batch(*TWO_GROUPS))
    actions = sized(batch(TWO_GROUPS[0]), [1, 3, 2, 4, 1])
    count = len(actions.action_A)
    torch.manual_seed(0)
    total = len(sized(batch(*TWO_GROUPS), [1, 3, 2, 4, 1]).action_A)
    old, ref = torch.randn(2, total) - 2
    alone = zero_sum_weights(actions, old[:count], ref[:count])
    torch.testing.assert_close(alone.weight_A, both.weight_A[:count])


def test_without_beta_no_reference_is_asked_for() -> None:
    actions = sized(batch(*TWO_GROUPS), [2])
    old = torch.randn(len(actions.action_A))
    without = zero_sum_weights(actions, old, None, beta=0)
    torch.testing.assert_close(without.weight_A, zero_sum_weights(actions, old, old * 3, beta=0).weight_A)
    with pytest.raises(ValueError, match="reference"):
        zero_sum_weights(actions, old, None, beta=0.01)


def test_one_runaway_action_is_clamped_and_counted() -> None:
    groups = batch([(0.0, "d0"), (1.0, "c0")])
    actions = Actions.of(groups, [[[1], [1]]])
    found = zero_sum_weights(actions, double(1e4, 0.0), double(0.0, 0.0), beta=0.01)
    assert found.unit_weight.tolist() == pytest.approx([-0.5 - 2.5, 0.5 + 2.5])
    assert found.metrics["implicit_clamped"] == 0.5


def test_advantages_and_token_counts_of_different_actions_are_refused() -> None:
    with pytest.raises(ValueError, match="same actions"):
        Actions.of(batch([(0.0, "d0"), (1.0, "c0")]), [[[1], [1, 1]]])


def test_an_action_without_tokens_counts_in_its_group_and_moves_nothing() -> None:
    groups = batch([(0.0, "d0"), (1.0, "c0 r0")])
    found = zero_sum_weights(Actions.of(groups, [[[2], [0, 1]]]), double(0, 0, 0), None, beta=0)
    assert len(found.unit_weight) == 3 and len(found.weight_A) == 3


def test_a_batch_of_nothing_has_no_weights() -> None:
    found = zero_sum_weights(Actions.of([], []), torch.zeros(0), torch.zeros(0))
    assert len(found.weight_A) == 0 and set(found.metrics.values()) == {0.0}


# --- groups without a signal ---


@pytest.mark.parametrize("group", [[(0.0, "d0 c1")], [(0.5, "d0"), (0.5, "d0")], [(0.0, "d0 c0"), (0.0, "c0")]])
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_a_group_without_a_signal_gives_no_gradient(group: list[tuple[float, str]], granularity: Granularity) -> None:
    found = weights(batch(group), granularity=granularity)
    assert found.weight_A.tolist() == [0.0] * len(found.weight_A)
    logp = torch.randn(len(found.weight_A), requires_grad=True)
    mgpo_loss(Tokens(logp, torch.randn(len(logp)), found.weight_A), n_tokens=len(logp)).loss.backward()
    assert logp.grad is not None and logp.grad.tolist() == [0.0] * len(logp)


def test_asked_for_a_constant_group_is_only_pulled_to_the_reference() -> None:
    groups = batch([(0.5, "d0"), (0.5, "d0")])
    actions = Actions.of(groups, [[[1], [2]]])
    found = zero_sum_weights(actions, double(1, 2, 1), double(0, 0, 0), beta=0.1, constant_groups="kl_only")
    assert found.unit_weight.tolist() == pytest.approx([0.1, -0.1])  # R = 0.1 and 0.3, mean 0.2


def test_a_singleton_is_not_even_pulled() -> None:
    assert float(weights(batch([(0.5, "d0 c1")]), constant_groups="kl_only").weight_A.abs().sum()) == 0


def test_groups_without_a_signal_are_counted() -> None:
    metrics = weights(batch(*TWO_GROUPS, [(0.5, "d0")], [(0.5, "d0"), (0.5, "d0")])).metrics
    assert (metrics["groups_constant"], metrics["groups_singleton"]) == (0.5, 0.25)


# --- the loss ---


def softmax_policy(seed: int = 0, actions: int = 5, tokens: int = 12) -> tuple[Tensor, Tensor]:
    """Logits of a policy without a context, and sampled tokens."""
    torch.manual_seed(seed)
    return torch.randn(actions, dtype=torch.float64, requires_grad=True), torch.randint(actions, (tokens,))


def grad(loss: Tensor, of: Tensor) -> Tensor:
    return torch.autograd.grad(loss, of)[0]


def test_on_policy_the_gradient_is_reinforce_with_a_baseline() -> None:
    theta, sampled = softmax_policy()
    logp = theta.log_softmax(0)[sampled]
    w = torch.randn(12, dtype=torch.float64)
    found = grad(mgpo_loss(Tokens(logp, logp.detach(), w), n_tokens=12).loss, theta)
    one_hot = torch.nn.functional.one_hot(sampled, 5).double()
    score = one_hot - theta.detach().softmax(0)  # ∇ log π
    torch.testing.assert_close(found, -(w[:, None] * score).sum(0) / 12)


@pytest.mark.parametrize("form", ["paper", "sapo", "none"])
def test_off_policy_each_token_is_scaled_by_its_gate_and_nothing_else(form: Form) -> None:
    logp = torch.randn(50, dtype=torch.float64, requires_grad=True)
    old, w, c = torch.randn(3, 50, dtype=torch.float64)
    found = grad(mgpo_loss(Tokens(logp, old, w, c), n_tokens=20, tau_neg=1.5, form=form).loss, logp)
    g = gate((logp.detach() - old).exp(), w, tau_neg=1.5, form=form)
    torch.testing.assert_close(found, -c * g * w / 20)
    assert form == "none" or float((g - 1).abs().max()) > 0.1, "nothing was off-policy"


def test_the_sapo_form_has_the_gradient_of_sapos_own_objective() -> None:
    """arXiv 2511.20347: f(r)·A with f = (4/τ)·σ(τ(r − 1)), differentiated through r."""
    logp = torch.randn(50, dtype=torch.float64, requires_grad=True)
    old, a = torch.randn(2, 50, dtype=torch.float64)
    tau = torch.where(a > 0, double(1.0), double(1.05))
    sapo = grad(-(4 / tau * torch.sigmoid(tau * ((logp - old).exp() - 1)) * a).sum() / 50, logp)
    torch.testing.assert_close(grad(mgpo_loss(Tokens(logp, old, a), n_tokens=50, form="sapo").loss, logp), sapo)


def test_no_gradient_flows_through_the_weights_or_the_old_log_probs() -> None:
    logp, old, w, c = (torch.randn(6, requires_grad=True) for _ in range(4))
    mgpo_loss(Tokens(logp, old, w, c), n_tokens=6).loss.backward()
    assert logp.grad is not None and (old.grad, w.grad, c.grad) == (None, None, None)


def test_a_constant_gate_makes_it_gvpo() -> None:
    """β·∇L = ∇GVPO (arXiv 2504.19599) at trajectory granularity, live R_θ, the sampling policy as reference."""
    theta, _ = softmax_policy()
    lengths, beta, n = [3, 5, 2, 4], 0.1, 4
    torch.manual_seed(1)
    tokens = [torch.randint(5, (length,)) for length in lengths]
    groups = batch([(reward, "d0") for reward in (0.0, 0.5, 0.96875, 0.75)], omega=0)
    actions = Actions.of(groups, [[[length] for length in lengths]])
    old = torch.randn(sum(lengths), dtype=torch.float64) - 2
    logp = theta.log_softmax(0)[torch.cat(tokens)]
    w = zero_sum_weights(actions, logp.detach(), old, beta=beta, granularity="trajectory", clamp=torch.inf)
    assert w.metrics["implicit_over_advantage"] > 0.05, "R_θ plays no part"

    implicit = beta * torch.stack([part.sum() for part in (logp - old).split(lengths)])  # type: ignore[no-untyped-call]
    rewards = double(0.0, 0.5, 0.96875, 0.75)
    residual = (implicit - implicit.mean().detach()) - (rewards - rewards.mean())
    gvpo = grad((residual**2).sum() / (2 * (n - 1)), theta)
    each = Tokens(theta.log_softmax(0)[torch.cat(tokens)], old, w.unit_weight.repeat_interleave(torch.tensor(lengths)))
    ungated = mgpo_loss(each, n_tokens=n - 1, form="none").loss
    open_gate = mgpo_loss(each, n_tokens=n - 1, tau_pos=1e-9, tau_neg=1e-9).loss
    for loss in (ungated, open_gate):
        slope = torch.autograd.grad(loss, theta, retain_graph=True)[0]
        torch.testing.assert_close(beta * slope, gvpo, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("difference", [1e4, -1e4])
@pytest.mark.parametrize("form", ["paper", "sapo", "none"])
def test_absurd_log_ratios_leave_everything_finite(difference: float, form: Form) -> None:
    logp = torch.full((4,), -1.0, requires_grad=True)
    tokens = Tokens(logp, logp.detach() - difference, torch.tensor([1.0, -1.0, 0.0, 5.0]))
    found = mgpo_loss(tokens, n_tokens=4, form=form)
    found.loss.backward()
    assert logp.grad is not None and bool(logp.grad.isfinite().all()) and bool(found.loss.isfinite())
    assert all(torch.tensor(list(token_means([found.sums]).values())).isfinite())


def test_the_correction_for_another_engine_is_truncated_and_detached() -> None:
    old = double(-1.0, -1.0, -1.0).requires_grad_()
    found = rollout_correction(old, double(-1.0, -1.0 - log(4), -1.0 + log(4)), cap=2.0)
    assert found.tolist() == pytest.approx([1.0, 2.0, 0.25]) and not found.requires_grad


# --- what is measured ---


def test_the_metrics_are_means_over_the_tokens() -> None:
    logp, old = double(log(0.4), log(2.0), 0.0, 0.0), torch.zeros(4, dtype=torch.float64)
    w = double(-1.0, 1.0, 0.5, -0.5)
    found = token_means([mgpo_loss(Tokens(logp, old, w), n_tokens=4).sums])
    g = gate(double(0.4, 2.0, 1.0, 1.0), w)
    assert found["tokens"] == 4 and found["frac_neg_suppressed"] == 0.25
    assert found["gate"] == pytest.approx(float(g.mean())) and found["w_sum_pre"] == 0
    assert found["w_sum_post"] == pytest.approx(float((g * w).mean()))
    assert found["ratio"] == pytest.approx(1.1)
    assert found["ratio_std"] == pytest.approx(float(double(0.4, 2, 1, 1).std(correction=0)))
    bins = {name: share for name, share in found.items() if name.startswith("ratio_in/") and share}
    assert bins == {"ratio_in/0.2-0.5": 0.25, "ratio_in/0.95-1.05": 0.5, "ratio_in/1.25-2.0": 0.25}
    assert found["kl_old"] == pytest.approx((0.4 - 1 - log(0.4) + 2 - 1 - log(2)) / 4)


def test_a_visibly_asymmetric_gate_leaves_a_net_push_upwards() -> None:
    """Log-normal ratios, weights that sum to nothing: gated they do not at τ_neg = 2; at 1.05 it hardly shows."""
    torch.manual_seed(0)
    old = torch.zeros(1000, dtype=torch.float64)
    logp = 0.5 * torch.randn(1000, dtype=torch.float64)
    w = torch.randn(1000, dtype=torch.float64)
    w -= w.mean()

    def post(tau_neg: float) -> float:
        found = token_means([mgpo_loss(Tokens(logp, old, w), n_tokens=1000, tau_neg=tau_neg).sums])
        assert found["w_sum_pre"] == pytest.approx(0, abs=1e-12)
        return found["w_sum_post"]

    assert post(2.0) > 0.02 + post(1.0) and abs(post(1.05) - post(1.0)) < 0.005


def test_sums_of_micro_batches_and_ranks_add_up() -> None:
    logp, old, w = torch.randn(3, 10, dtype=torch.float64)
    whole = token_means([mgpo_loss(Tokens(logp, old, w), n_tokens=10).sums])
    cuts = [slice(0, 3), slice(3, 4), slice(4, 10)]
    parts = [mgpo_loss(Tokens(logp[cut], old[cut], w[cut]), n_tokens=10).sums for cut in cuts]
    assert token_means(parts) == pytest.approx(whole)
    rest = torch.stack([part.double() for part in parts[2].values()])
    assert token_means(parts[:2], lambda total: total + rest) == pytest.approx(whole)


# --- the fixed point ---

ARMS, REFERENCE, BANDIT_BETA = double(1.0, 0.5, 0.0), double(0.2, 0.3, 0.5), 0.5
OPTIMUM = (0.5291, 0.2919, 0.1790)
"""softmax(R/β + log π_ref), the maximum of E[R] − β·KL(π ‖ π_ref)."""


def descend(draw: Callable[[Tensor], tuple[Tensor, Tensor]], steps: int, rate: float) -> Tensor:
    """The policy after so many steps on (arms, number of draws each stands for), ungated, A mean-centred only."""
    theta = REFERENCE.log().clone().requires_grad_()
    for _ in range(steps):
        arms, mass = draw(theta.detach().softmax(0))
        groups = batch([(float(ARMS[arm]), "d0") for arm in arms], omega=0)
        logp = theta.log_softmax(0)[arms]
        actions = Actions.of(groups, [[[1]] * len(arms)])
        w = zero_sum_weights(actions, logp.detach(), REFERENCE.log()[arms], beta=BANDIT_BETA).unit_weight
        slope = grad(mgpo_loss(Tokens(logp, logp.detach(), w * mass), n_tokens=1, form="none").loss, theta)
        theta = (theta - rate * slope).detach().requires_grad_()
    return theta.detach().softmax(0)


def test_a_bandit_ends_at_the_optimum_of_reward_less_divergence_with_exact_gradients() -> None:
    """Every arm once, weighted by its probability: at the optimum all w are 0 whatever they are weighted with."""
    found = descend(lambda pi: (torch.arange(3), pi), steps=400, rate=1.0)
    assert found.tolist() == pytest.approx(OPTIMUM, abs=1e-4)
    exact = (ARMS / BANDIT_BETA + REFERENCE.log()).softmax(0)
    torch.testing.assert_close(found, exact, atol=1e-8, rtol=0)


def test_a_bandit_ends_there_with_sampled_groups_of_eight_too() -> None:
    """The noise of sampling vanishes at the optimum, because w does."""
    generator = torch.Generator().manual_seed(0)

    def sampled(pi: Tensor) -> tuple[Tensor, Tensor]:
        arms = torch.multinomial(pi, 8, replacement=True, generator=generator)
        return arms, torch.full((8,), 1 / 8, dtype=torch.float64)

    found = descend(sampled, steps=600, rate=1.0)
    torch.testing.assert_close(found, (ARMS / BANDIT_BETA + REFERENCE.log()).softmax(0), atol=1e-8, rtol=0)
