"""Log-probs of action tokens against the plain implementation: values, gradients, and what is kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from agentprop.training.model import logprobs
from agentprop.training.model.logprobs import Scores, token_scores

SHAPES = [(1, 1, 5), (3, 7, 64), (10, 10, 23), (4, 23, 4), (64, 1000, 1000)]
"""Tokens at a time, vocabulary entries at a time, and the vocabulary."""


def plain(hidden: Tensor, head: Tensor, targets: Tensor, bias: Tensor | None = None, temperature: float = 1) -> Scores:
    """The same with all logits at once."""
    logits = torch.nn.functional.linear(hidden, head, bias) / temperature
    every = logits.log_softmax(-1)
    return Scores(every.gather(1, targets[:, None]).squeeze(1), -(every.exp() * every).sum(1).detach())


def problem(vocabulary: int = 23, tokens: int = 10, width: int = 6, dtype: torch.dtype = torch.float64) -> Any:
    """Hidden states, head, bias, targets and a weight for each token."""
    torch.manual_seed(0)
    hidden, head = torch.randn(tokens, width, dtype=dtype), torch.randn(vocabulary, width, dtype=dtype)
    bias, weight = torch.randn(vocabulary, dtype=dtype), torch.randn(tokens, dtype=dtype)
    for tensor in (hidden, head, bias):
        tensor.requires_grad_()
    return hidden, head, bias, torch.randint(vocabulary, (tokens,)), weight


@pytest.fixture(params=SHAPES, ids=str)
def shape(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """(chunk, vocabulary), with tiles of the width that goes with them."""
    chunk, width, vocabulary = request.param
    monkeypatch.setitem(logprobs.TILE, "cpu", width)
    return chunk, vocabulary


# --- values and gradients ---


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_it_says_what_the_plain_implementation_says(shape: tuple[int, int], temperature: float) -> None:
    chunk, vocabulary = shape
    hidden, head, bias, targets, weight = problem(vocabulary)
    found = token_scores(hidden, head, targets, chunk=chunk, bias=bias, temperature=temperature)
    expected = plain(hidden, head, targets, bias, temperature)
    torch.testing.assert_close(found.logprob, expected.logprob)
    torch.testing.assert_close(found.entropy, expected.entropy)
    ours = torch.autograd.grad((found.logprob * weight).sum(), (hidden, head, bias))
    theirs = torch.autograd.grad((expected.logprob * weight).sum(), (hidden, head, bias))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-12, rtol=1e-10)


def test_its_gradients_are_those_of_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(logprobs.TILE, "cpu", 4)
    hidden, head, bias, targets, _ = problem(11, 5, 3)

    def of(hidden: Tensor, head: Tensor, bias: Tensor) -> Tensor:
        return token_scores(hidden, head, targets, chunk=2, bias=bias, temperature=1.3).logprob

    assert torch.autograd.gradcheck(of, (hidden, head, bias))


def test_any_loss_of_the_log_probs_has_the_right_gradient() -> None:
    """Not only one that is linear in them."""
    hidden, head, _, targets, weight = problem()

    def slope(scores: Scores) -> Tensor:
        return torch.autograd.grad((scores.logprob.exp() * weight).square().sum(), hidden)[0]

    torch.testing.assert_close(slope(token_scores(hidden, head, targets)), slope(plain(hidden, head, targets)))


def test_in_float32_it_is_as_exact_as_the_plain_implementation() -> None:
    hidden, head, _, targets, weight = problem(5000, 40, 32, torch.float32)
    exact = plain(hidden.double(), head.double(), targets).logprob.detach()
    found = token_scores(hidden, head, targets).logprob
    assert found.dtype == torch.float32
    worst = (plain(hidden, head, targets).logprob.detach() - exact).abs().max()
    assert float((found.detach() - exact).abs().max()) <= max(2 * float(worst), 1e-5)
    ours = torch.autograd.grad((found * weight).sum(), head)[0]
    theirs = torch.autograd.grad((plain(hidden, head, targets).logprob * weight).sum(), head)[0]
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3)


def test_bfloat16_weights_give_float32_log_probs_without_rounded_logits() -> None:
    hidden, head, _, targets, weight = problem(500, 20, 64, torch.bfloat16)
    found = token_scores(hidden, head, targets)
    expected = plain(hidden.float(), head.float(), targets)
    assert found.logprob.dtype == torch.float32
    torch.testing.assert_close(found.logprob, expected.logprob, atol=1e-4, rtol=1e-5)
    ours = torch.autograd.grad((found.logprob * weight).sum(), (hidden, head))
    theirs = torch.autograd.grad((expected.logprob * weight).sum(), (hidden, head))
    assert [mine.dtype for mine in ours] == [torch.bfloat16] * 2
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-2, rtol=1e-2)


def test_a_head_that_does_not_learn_gets_no_gradient() -> None:
    hidden, head, bias, targets, _ = problem()
    token_scores(hidden, head.detach(), targets, bias=bias.detach()).logprob.sum().backward()
    assert hidden.grad is not None and (head.grad, bias.grad) == (None, None)


def test_a_head_alone_can_learn() -> None:
    hidden, head, _, targets, _ = problem()
    token_scores(hidden.detach(), head, targets).logprob.sum().backward()
    expected = torch.autograd.grad(plain(hidden, head, targets).logprob.sum(), head)[0]
    torch.testing.assert_close(head.grad, expected)


def test_a_token_of_weight_nothing_moves_nothing() -> None:
    hidden, head, _, targets, _ = problem()
    scores = token_scores(hidden, head, targets, chunk=4)
    (scores.logprob * (torch.arange(10) % 2)).sum().backward()
    assert float(hidden.grad[::2].abs().max()) == 0 and float(hidden.grad[1::2].abs().min()) > 0


def test_states_that_predict_no_action_get_exactly_no_gradient() -> None:
    """As a packed row hands them over: observation tokens are in the row, and not among the indices."""
    hidden, head, _, targets, weight = problem()
    index = torch.tensor([1, 2, 5, 9])
    (token_scores(hidden[index], head, targets[index]).logprob * weight[index]).sum().backward()
    rest = [n for n in range(10) if n not in index.tolist()]
    assert hidden.grad[rest].tolist() == [[0.0] * 6] * 6
    assert bool((hidden.grad[index] != 0).all())


def test_the_entropy_has_no_gradient() -> None:
    hidden, head, _, targets, _ = problem()
    assert not token_scores(hidden, head, targets).entropy.requires_grad


# --- edges ---


def test_extreme_logits_stay_finite() -> None:
    hidden = torch.tensor([[1e4], [-1e4], [0.0]], requires_grad=True)
    found = token_scores(hidden, torch.tensor([[1.0], [0.0], [-1.0]]), torch.tensor([2, 2, 0]))
    found.logprob.sum().backward()
    assert found.logprob.tolist() == pytest.approx([-2e4, 0.0, -1.0986], abs=1e-3)
    assert found.entropy.tolist() == pytest.approx([0, 0, 1.0986], abs=1e-3)
    assert bool(hidden.grad.isfinite().all())  # type: ignore[union-attr]


def test_no_tokens_are_no_scores() -> None:
    hidden = torch.zeros(0, 6, requires_grad=True)
    found = token_scores(hidden, torch.randn(23, 6), torch.zeros(0, dtype=torch.int64))
    found.logprob.sum().backward()
    assert found.logprob.shape == found.entropy.shape == (0,) and hidden.grad is not None


def test_a_target_outside_the_vocabulary_is_not_a_number() -> None:
    hidden, head, _, _, _ = problem()
    found = token_scores(hidden[:3], head, torch.tensor([-100, 23, 22])).logprob
    assert found.isnan().tolist() == [True, True, False]


# --- memory ---


class Largest(TorchDispatchMode):
    """Notes the largest tensor that any operation gives."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        self.elements = max([self.elements, *sizes])
        return out


@contextmanager
def kept() -> Iterator[list[Tensor]]:
    """The tensors that autograd keeps for a backward pass."""
    tensors: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        tensors.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield tensors


def test_nothing_of_the_size_of_the_logits_ever_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(logprobs.TILE, "cpu", 128)
    hidden, head, _, targets, weight = problem(2048, 256, 8, torch.float32)
    with Largest() as largest:
        (token_scores(hidden, head, targets, chunk=32).logprob * weight).sum().backward()
    assert largest.elements == max(head.numel(), 2 * 32 * 128)
    with Largest() as whole:
        (plain(hidden, head, targets).logprob * weight).sum().backward()
    assert whole.elements == 2048 * 256


@pytest.mark.parametrize("learns", [True, False])
def test_a_slope_for_each_hidden_state_is_kept_and_the_inputs_only_where_the_head_learns(learns: bool) -> None:
    hidden, head, _, targets, _ = problem(2048, 256, 8, torch.float32)
    with kept() as tensors:
        token_scores(hidden, head.detach().requires_grad_(learns), targets)
    inputs = [hidden, head, targets] if learns else []
    numbers = 256 if learns else 0  # logsumexp
    assert sorted(t.numel() for t in tensors) == sorted([256 * 8, *[numbers] * learns, *(t.numel() for t in inputs)])


def test_scoring_alone_keeps_nothing() -> None:
    hidden, head, _, targets, _ = problem(2048, 256, 8, torch.float32)
    with kept() as tensors, torch.no_grad():
        assert not token_scores(hidden, head, targets).logprob.requires_grad
    assert tensors == []


def test_a_frozen_head_is_swept_once_and_not_again_in_backward() -> None:
    hidden, head, _, targets, _ = problem(2048, 256, 8, torch.float32)
    total = token_scores(hidden, head.detach(), targets).logprob.sum()
    with Largest() as largest:
        total.backward()
    assert largest.elements == hidden.numel()
