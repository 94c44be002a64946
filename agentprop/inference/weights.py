"""A model that was read from disk → the same model, or an error if some of its weights are not numbers.

One weight that is NaN or infinite turns every reply and every loss into NaN, long after the file that holds it was
read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from agentprop.errors import InputError

CHECKED = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})
"""Number formats that are checked; those of quantised weights have no minimum in torch."""


def check_finite(model: nn.Module, source: str) -> None:
    """Check that all weights are finite. Raises InputError that names the first one that is not."""
    found = next(not_finite(model.named_parameters()), None)
    if found is not None:
        raise InputError(
            f"the weights of {source} are damaged: {found} holds NaN or infinite values",
            hint="copy or download the model again, or take an earlier checkpoint of the training that made it",
        )


def not_finite(tensors: Iterable[tuple[str, Tensor]]) -> Iterator[str]:
    """Yield the names of the tensors that hold NaN or an infinity; one pass over each, without a copy."""
    for name, tensor in tensors:
        if tensor.dtype in CHECKED and tensor.numel():
            low, high = torch.aminmax(tensor.detach())  # a NaN anywhere makes both NaN
            if not (torch.isfinite(low) and torch.isfinite(high)):
                yield name
