"""A causal language model, fully trained or with LoRA adapters → log-probabilities of action tokens.

Packed rows go through the decoder once, and only the hidden states that predict an action token go through the head.
The head's weight is read inside `forward`, where FSDP2 has gathered it. Weights stay in the precision of the
computation; the optimiser keeps exact copies of those in lower precision. `self.model` is the plain Hugging Face model
with adapters injected in place, so that a sampler that shares it always sees the present weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Self

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agentprop.config.training import TrainConfig
from agentprop.training.data.packing import Batch
from agentprop.training.model import loading
from agentprop.training.model import packed_attention as attention
from agentprop.training.model.distributed import World, shard
from agentprop.training.model.formats import StoredFormats
from agentprop.training.model.logprobs import Scores, min_p_logprobs, token_scores

HEAD_CHUNK = 1024
"""Number of action tokens whose logits exist at once."""
UNLIKELY = 0.1
"""Probability below which a token is scored without the noise too, since that takes two more sweeps over the head."""


class PolicyModel(nn.Module):
    """Policy π_θ(a_t | o_t) over packed rows."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, formats: StoredFormats | None = None
    ) -> None:
        super().__init__()
        self.formats = formats or StoredFormats()
        """Number formats of the files that it was loaded from, which its checkpoints keep."""
        self.model = model
        """Hugging Face model."""
        self.tokenizer = tokenizer
        """Tokenizer of the model, with its chat template."""
        self._frozen: tuple[
            PolicyModel, ...
        ] = ()  # in a tuple, so that it is no submodule and not trained, saved or counted

    def forward(self, batch: Batch, *, temperature: float = 1.0, min_p: float | None = None) -> Scores:
        """Score the action tokens of a batch: log π(target) [A] with a graph and entropies [A] without, in nats.

        With `min_p` unlikely tokens are also scored by `min_p_logprobs`; others have the proxy −∞.
        """
        packed = self.model.config._attn_implementation == attention.NAME
        options: dict[str, Any] = {"segments": [len(s) for s in batch.sequences]} if packed else {}
        with attention.unmasked() if packed else nullcontext():
            decoder: Any = self.model.get_decoder()  # type: ignore[no-untyped-call]
            hidden_TD = decoder(
                input_ids=batch.ids, position_ids=batch.position_ids, use_cache=False, **options
            ).last_hidden_state[0]
        head: Any = self.model.get_output_embeddings()  # type: ignore[no-untyped-call]
        hidden_AD = hidden_TD.index_select(0, batch.action_index)
        scores = token_scores(
            hidden_AD, head.weight, batch.targets, chunk=HEAD_CHUNK, bias=head.bias, temperature=temperature
        )
        if min_p is None:
            return scores
        unlikely = (scores.logprob.detach() < math.log(UNLIKELY)).nonzero()[:, 0]
        found = min_p_logprobs(
            hidden_AD[unlikely], head.weight, batch.targets[unlikely], min_p, chunk=HEAD_CHUNK, bias=head.bias
        )
        proxy = torch.full_like(scores.entropy, -torch.inf).index_copy(0, unlikely, found.to(scores.entropy.dtype))
        return scores._replace(proxy=proxy)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    @property
    def adapted(self) -> bool:
        """Adapters are trained, and not the model itself."""
        return any(isinstance(module, BaseTunerLayer) for module in self.model.modules())

    def trainable(self) -> list[tuple[str, nn.Parameter]]:
        """Return the trained parameters by name."""
        return [(name, parameter) for name, parameter in self.named_parameters() if parameter.requires_grad]

    # --- π_ref ---

    @property
    def keeps_reference(self) -> bool:
        """A copy of the model is kept as π_ref."""
        return bool(self._frozen)

    def keep_reference(self, copy: PolicyModel) -> None:
        """Use `copy`, a second loading of the same model, as π_ref; not needed with adapters."""
        self._frozen = (copy.requires_grad_(False).eval(),)

    @contextmanager
    def reference(self) -> Iterator[PolicyModel]:
        """Yield π_ref: this model with its adapters off, or the copy given to `keep_reference`."""
        if self._frozen:
            yield self._frozen[0]
            return
        if not self.adapted:
            raise ValueError("a fully trained policy needs keep_reference before reference")
        layers = [module for module in self.model.modules() if isinstance(module, BaseTunerLayer)]
        try:
            for layer in layers:
                layer._disable_adapters = True  # enable_adapters() would also touch requires_grad, behind FSDP's back
            yield self
        finally:
            for layer in layers:
                layer._disable_adapters = False

    # --- on disk ---

    @classmethod
    def load(cls, config: TrainConfig, *, source: str | None = None, frozen: bool = False) -> Self:
        """Load `source`, by default the settings' model, on the CPU; without weights it is initialised at random.

        A `frozen` model gets no adapters. Raises InputError if the files cannot be read or do not fit together.
        """
        place = source or config.model
        loaded = loading.load(place, config, frozen=frozen)
        return cls(*loaded, StoredFormats() if loading.from_scratch(place) else StoredFormats.read(place))

    def distribute(self, world: World) -> Self:
        """Move to the process's device, sharded if there are several processes; return self."""
        names = set(self.model._no_split_modules or ())
        shard(self, [part for part in self.model.modules() if type(part).__name__ in names], world)
        return self
