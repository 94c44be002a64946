"""Gradients → weights: AdamW as it should be, exact copies, the schedule, clipping, and steps that are skipped."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from agentprop.config import TrainSftConfig
from agentprop.training.model.optimiser import MAX_SKIPPED, Optimiser, TrainingDiverged, schedule


def config(**settings: Any) -> TrainSftConfig:
    return TrainSftConfig(**{"model": "m", "learning_rate": 0.1, "schedule": "constant", **settings})


def weights(dtype: torch.dtype = torch.float32) -> list[tuple[str, nn.Parameter]]:
    torch.manual_seed(0)
    return [("matrix", nn.Parameter(torch.randn(3, 4).to(dtype))), ("gain", nn.Parameter(torch.ones(4).to(dtype)))]


def pull(trained: list[tuple[str, nn.Parameter]], gradients: list[Tensor]) -> None:
    """Backward through a loss whose gradients are these."""
    torch.stack([(p * g.to(p)).sum() for (_, p), g in zip(trained, gradients, strict=True)]).sum().backward()


def gradients(step: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(3, 4, generator=generator), torch.randn(4, generator=generator)]


def test_a_step_is_that_of_adamw_with_the_gradient_clipped() -> None:
    settings = config(weight_decay=0.1, clip=0.5, beta1=0.8, beta2=0.9)
    mine, theirs = weights(), weights()
    optimiser = Optimiser(mine, settings)
    reference = torch.optim.AdamW(
        [{"params": [theirs[0][1]], "weight_decay": 0.1}, {"params": [theirs[1][1]], "weight_decay": 0.0}],
        lr=0.1,
        betas=(0.8, 0.9),
        eps=1e-8,
    )
    for step in range(5):
        pull(mine, gradients(step))
        pull(theirs, gradients(step))
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in theirs], 0.5)
        reference.step()
        reference.zero_grad()
        done = optimiser.step()
        assert done.grad_norm == pytest.approx(float(norm)) and done.clipped and done.applied
    for (_, one), (_, other) in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)
        assert one.grad is None


def test_steps_too_small_for_half_precision_are_not_lost() -> None:
    """1e-5 is less than half a unit in the last place of a bfloat16 near 1, so each step alone changes nothing."""
    trained = [("w", nn.Parameter(torch.ones(2, dtype=torch.bfloat16)))]
    optimiser = Optimiser(trained, config(learning_rate=1e-5))
    for _ in range(400):
        pull(trained, [torch.ones(2)])
        optimiser.step()
        assert trained[0][1].grad is None
    assert dict(optimiser.tensors())["weight/w"].tolist() == pytest.approx([1 - 400e-5] * 2, abs=1e-5)
    assert trained[0][1].tolist() == [0.99609375] * 2


def test_many_small_gradients_add_up_exactly_in_half_precision() -> None:
    trained = [("w", nn.Parameter(torch.ones(1, dtype=torch.bfloat16)))]
    optimiser = Optimiser(trained, config())
    for part in [1.0, *[1 / 512] * 512]:
        pull(trained, [torch.tensor([part])])
    assert optimiser.step().grad_norm == 2.0


@pytest.mark.parametrize("kind", ["constant", "linear", "cosine"])
def test_the_rate_rises_linearly_and_then_falls_to_nothing_or_stays(kind: str) -> None:
    factor = schedule(config(schedule=kind, warmup_steps=4), 24)
    rates = [factor(step) for step in range(25)]
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8]) and rates[4] == 1
    middle, end = {"constant": (1, 1), "linear": (0.5, 0), "cosine": (0.5, 0)}[kind]
    assert rates[14] == pytest.approx(middle) and rates[24] == pytest.approx(end, abs=1e-12)
    assert rates[4:] == sorted(rates[4:], reverse=True)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_skipped_and_leaves_everything_as_it_was(bad: float) -> None:
    trained, twin = weights(), weights()
    optimiser, other = Optimiser(trained, config()), Optimiser(twin, config())
    for step in range(3):
        pull(trained, gradients(step))
        optimiser.step()
        spoilt = gradients(step)
        spoilt[1][2] = bad
        pull(trained, spoilt)
        assert not optimiser.step().applied
        pull(twin, gradients(step))
        other.step()
    for (_, one), (_, expected) in zip(trained, twin, strict=True):
        assert torch.equal(one, expected)
    assert optimiser.counts() == {"steps": 6, "applied": 3, "skipped": 1}


def test_a_run_whose_gradients_stay_infinite_ends_with_a_sentence() -> None:
    trained = weights()
    optimiser = Optimiser(trained, config())
    with pytest.raises(TrainingDiverged, match="not finite in 11 steps in a row"):
        for _ in range(MAX_SKIPPED + 1):
            pull(trained, [torch.full((3, 4), math.nan), torch.ones(4)])
            optimiser.step()
    assert optimiser.steps == MAX_SKIPPED + 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_was_kept_goes_on_as_if_nothing_had_happened(dtype: torch.dtype) -> None:
    first = weights(dtype)
    before = Optimiser(first, config(weight_decay=0.1))
    for step in range(3):
        pull(first, gradients(step))
        before.step()
    kept = {name: tensor.clone() for name, tensor in before.tensors()}
    counts = before.counts()
    second = weights(dtype)
    after = Optimiser(second, config(weight_decay=0.1))
    after.load(kept, counts)
    for step in range(3, 6):
        for trained, optimiser in ((first, before), (second, after)):
            pull(trained, gradients(step))
            optimiser.step()
        for (_, one), (_, other) in zip(first, second, strict=True):
            assert torch.equal(one, other)


def test_what_is_kept_of_other_weights_is_refused() -> None:
    optimiser = Optimiser(weights(), config())
    other = Optimiser([("another", nn.Parameter(torch.ones(2)))], config())
    with pytest.raises(KeyError):
        other.load(dict(optimiser.tensors()), optimiser.counts())
