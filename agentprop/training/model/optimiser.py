"""Gradients → new weights: AdamW on float32 copies, with a schedule, a clipped norm, and non-finite steps skipped.

Weights of lower precision than float32 have a float32 copy here, which is what learns; the weight is its rounding. A
gradient is added to the copy's gradient as soon as it is complete and then freed, so that many small batches add up
exactly and no gradient is kept twice. Float32 weights are their own copies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from agentprop.config.training import TrainConfig
from agentprop.errors import AgentpropError
from agentprop.training.model.distributed import full_tensor, local_part, sharded_like

MAX_SKIPPED = 10
"""Most steps in a row that may be skipped before training is given up."""

STATE = ("exp_avg", "exp_avg_sq")
"""AdamW's state of a weight: means of gradients and of their squares."""


class TrainingDiverged(AgentpropError):
    """The gradient was not finite for too many steps in a row."""


@dataclass(frozen=True)
class StepReport:
    """Report of one optimiser step."""

    grad_norm: float
    """Norm of the gradient before clipping."""
    learning_rate: float
    """Learning rate of the step."""
    clipped: bool
    """The gradient was scaled down."""
    applied: bool
    """The weights were updated; False if the gradient was not finite, or there was none."""


class Optimiser:
    """AdamW over the trained parameters of a policy; `total_steps` is the step at which a falling schedule ends."""

    def __init__(
        self, trainable: Iterable[tuple[str, nn.Parameter]], config: TrainConfig, *, total_steps: int | None = None
    ) -> None:
        self.names, self._weights = map(list, zip(*trainable, strict=True))
        self._copies = [_copy(weight) for weight in self._weights]
        self._config = config
        self._factor = schedule(config, total_steps)
        self.steps = 0
        """Number of steps taken, skipped ones included."""
        self.applied = 0
        """Number of steps that changed the weights."""
        self.skipped = 0
        """Number of steps skipped in a row."""
        decayed, plain = _split(self._copies)
        self._adam = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=config.rate,
            betas=(config.beta1, config.beta2),
            eps=config.adam_epsilon,
            foreach=True,
        )

    def step(self) -> StepReport:
        """Apply and clear the gradients. Raises TrainingDiverged after too many in a row that were not finite.

        Without a gradient the step counts, but is not applied: it would move the weights by their momentum alone.
        """
        rate = self._config.rate * self._factor(self.steps)
        gradients = [copy.grad for copy in self._copies if copy.grad is not None]
        if not gradients:
            self.steps += 1
            return StepReport(0.0, rate, clipped=False, applied=False)
        norm = full_tensor(get_total_norm(gradients, error_if_nonfinite=False))
        finite = math.isfinite(float(norm))
        if finite:
            clip_grads_with_norm_(self._copies, self._config.clip, norm)
            self._apply(rate)
        self._clear(finite)
        return StepReport(float(norm), rate, clipped=float(norm) > self._config.clip, applied=finite)

    def abandon(self) -> None:
        """Clear the gradients gathered so far, as if the step had not begun."""
        self._adam.zero_grad(set_to_none=True)

    def _apply(self, rate: float) -> None:
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.step()
        with torch.no_grad():
            for weight, copy in zip(self._weights, self._copies, strict=True):
                if weight is not copy:
                    weight.copy_(copy)

    def _clear(self, applied: bool) -> None:
        self._adam.zero_grad(set_to_none=True)
        self.steps += 1
        self.applied += applied
        self.skipped = 0 if applied else self.skipped + 1
        if self.skipped > MAX_SKIPPED:
            raise TrainingDiverged(
                f"the gradient was not finite in {self.skipped} steps in a row; the weights were not changed",
                hint="lower learning_rate, lengthen warmup_steps, or train in float32; earlier checkpoints are kept",
            )

    # --- what a checkpoint keeps ---

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the state by name: the float32 `weight/NAME` and AdamW's two means, sharded like the weights."""
        for name, copy in zip(self.names, self._copies, strict=True):
            yield f"weight/{name}", copy.detach()
            state = self._adam.state.get(copy, {})
            yield from ((f"{key}/{name}", state[key]) for key in STATE if key in state)

    def exact(self) -> dict[str, Tensor]:
        """Return the float32 copies of trained weights that are computed with in a lower precision, by name."""
        trained = zip(self.names, self._weights, self._copies, strict=True)
        return {name: copy.detach() for name, weight, copy in trained if weight is not copy}

    def counts(self) -> dict[str, int]:
        """Return the step counts that belong to `tensors`."""
        return {"steps": self.steps, "applied": self.applied, "skipped": self.skipped}

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor], counts: Mapping[str, int]) -> None:
        """Restore what `tensors` and `counts` gave, from unsharded tensors. Raises KeyError if one is missing."""
        self.steps, self.applied, self.skipped = counts["steps"], counts["applied"], counts["skipped"]
        for name, weight, copy in zip(self.names, self._weights, self._copies, strict=True):
            copy.copy_(sharded_like(copy, tensors[f"weight/{name}"]))
            if weight is not copy:
                weight.copy_(copy)
            state = {
                key: sharded_like(copy, tensors[f"{key}/{name}"]).clone() for key in STATE if f"{key}/{name}" in tensors
            }
            if state:
                self._adam.state[copy] = {"step": torch.tensor(float(self.applied)), **state}

    # --- what a stopped step goes back to ---

    def state_bytes(self) -> int:
        """Return the size of this process's part of `tensors`."""
        return sum(local_part(tensor).nbytes for _, tensor in self.tensors())

    def copies(self) -> dict[str, Tensor]:
        """Copy this process's part of `tensors` to main memory."""
        return {name: local_part(tensor).detach().to("cpu", copy=True) for name, tensor in self.tensors()}

    @torch.no_grad()
    def put_back(self, copies: Mapping[str, Tensor], counts: Mapping[str, int]) -> None:
        """Restore what `copies` and `counts` gave."""
        self.steps, self.applied, self.skipped = counts["steps"], counts["applied"], counts["skipped"]
        for name, weight, copy in zip(self.names, self._weights, self._copies, strict=True):
            local_part(copy).copy_(copies[f"weight/{name}"])
            if weight is not copy:
                weight.copy_(copy)
            state = self._adam.state[copy]
            for key in STATE:
                if f"{key}/{name}" in copies:
                    local_part(state[key]).copy_(copies[f"{key}/{name}"])
                    state["step"] = torch.tensor(float(self.applied))
                else:
                    state.clear()  # its first step is being undone


def schedule(config: TrainConfig, total_steps: int | None) -> Callable[[int], float]:
    """Return step → factor of the learning rate: a linear rise, then constant or falling to 0 at `total_steps`."""

    def factor(step: int) -> float:
        rise = min(1.0, (step + 1) / (config.warmup_steps + 1))
        if config.schedule == "constant" or total_steps is None:
            return rise
        done = (step - config.warmup_steps) / max(1, total_steps - config.warmup_steps)
        left = 1.0 - min(1.0, max(0.0, done))
        return rise * (left if config.schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * left))

    return factor


def _copy(weight: nn.Parameter) -> nn.Parameter:
    """Return the float32 copy of a weight, which takes over its gradients; float32 weights are returned as they are."""
    if weight.dtype in (torch.float32, torch.float64):
        return weight
    copy = nn.Parameter(weight.detach().float())

    def take_gradient(parameter: Tensor) -> None:
        gradient = parameter.grad
        if gradient is not None:
            copy.grad = gradient.float() if copy.grad is None else copy.grad.add_(gradient)
            parameter.grad = None

    weight.register_post_accumulate_grad_hook(take_gradient)  # type: ignore[no-untyped-call]
    return copy


def _split(copies: list[nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Split weights into matrices, which decay, and the rest: gains and biases."""
    return [one for one in copies if one.ndim >= 2], [one for one in copies if one.ndim < 2]
