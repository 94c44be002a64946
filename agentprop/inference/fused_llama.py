"""The weights of a small Llama-like model → its forward pass over many conversations, in as few operations as it takes.

With a small model most of a pass is spent between its operations: modules, hooks, casts, looks at a configuration.
Here a layer is some twenty tensor operations, with projections of the same input fused and adapters merged. It holds
copies of weights, so it has to be made anew when they change. Only architectures that are known to be nothing else are
taken (`LIKE_LLAMA`), and of these only models that answer a trial as their own code does; all others run their code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from torch.nn.functional import linear, rms_norm, silu

from agentprop.inference.kv_cache import SlotCache
from agentprop.inference.slot_attention import Pass, attention

LIKE_LLAMA = frozenset({"llama", "mistral", "qwen2", "qwen3"})
ROTATIONS = frozenset({"default", "linear", "llama3", "yarn"})
"""Kinds of rotary embedding whose angles depend on the position alone."""
MOST_BYTES = 2 << 30
"""Weights of larger models are not copied: there the operations themselves take the time."""
ALIKE = {torch.float32: 1e-5, torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""Relative error of a trial's logits that is mere rounding."""


@dataclass(frozen=True)
class Layer:
    """Weights of one layer."""

    before_attention_D: Tensor
    query_key_value: Tensor
    query_key_value_bias: Tensor | None
    head_norms_Hd: Tensor | None
    """Scales of queries and keys, one row per head; None where they are not normalised."""
    output: Tensor
    before_mlp_D: Tensor
    gate_up: Tensor
    down: Tensor
    scale: float
    """Of attention scores."""
    window: int | None
    """Positions that are seen; None for all."""


class FusedLlama:
    """A model's weights and its forward pass."""

    def __init__(self, model: Any) -> None:
        config, body = model.config, model.model
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        self.width = body.layers[0].self_attn.head_dim
        self.eps, self.rotary = config.rms_norm_eps, body.rotary_emb
        self.embedding, self.final_D, self.head = body.embed_tokens.weight, body.norm.weight, _weight(model.lm_head)
        self.layers = [self._layer(layer) for layer in body.layers]
        self.cos_L1d = self.sin_L1d = torch.empty(0)

    @classmethod
    @torch.no_grad()
    def of(cls, model: nn.Module) -> Self | None:
        """The lean form of a model, if it has one that gives the same."""
        config: Any = model.config
        if config.model_type not in LIKE_LLAMA or config.hidden_act != "silu":
            return None
        if (config.rope_parameters or {}).get("rope_type", "default") not in ROTATIONS:
            return None
        if sum(p.numel() * p.element_size() for p in model.parameters()) > MOST_BYTES or not _only_lora(model):
            return None
        lean = cls(model)
        return lean if lean._agrees(model) else None

    def __call__(self, ids_T: Tensor, positions_T: Tensor, now: Pass, cache: SlotCache, kept: int) -> Tensor:
        """Logits [kept, vocabulary] of the first tokens of a pass."""
        cos_T1d, sin_T1d = self._angles(positions_T, cache.length)
        hidden_TD = self.embedding[ids_T]
        for number, layer in enumerate(self.layers):
            query_THd, key_THd, value_THd = self._projected(layer, hidden_TD, cos_T1d, sin_T1d)
            keys, values = cache.write(key_THd, value_THd, number)
            seen_THd = attention(now, query_THd, keys, values, layer.scale, layer.window)
            hidden_TD = torch.addmm(hidden_TD, seen_THd.flatten(1), layer.output.mT)
            gate_TF, up_TF = linear(self._normed(hidden_TD, layer.before_mlp_D), layer.gate_up).chunk(2, -1)
            hidden_TD = torch.addmm(hidden_TD, silu(gate_TF).mul_(up_TF), layer.down.mT)
        return linear(self._normed(hidden_TD[:kept], self.final_D), self.head)

    def _projected(
        self, layer: Layer, hidden_TD: Tensor, cos_T1d: Tensor, sin_T1d: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values [T, heads, d], the first two turned by their positions."""
        normed_TD = self._normed(hidden_TD, layer.before_attention_D)
        all_THd = linear(normed_TD, layer.query_key_value, layer.query_key_value_bias).view(
            len(hidden_TD), -1, self.width
        )
        turned_THd, value_THd = all_THd[:, : -self.groups], all_THd[:, -self.groups :]
        if layer.head_norms_Hd is not None:
            turned_THd = rms_norm(turned_THd, (self.width,), None, self.eps) * layer.head_norms_Hd
        turned_THd = torch.addcmul(turned_THd * cos_T1d, turned_THd.roll(self.width // 2, -1), sin_T1d)
        return turned_THd[:, : self.heads], turned_THd[:, self.heads :], value_THd

    def _normed(self, hidden_TD: Tensor, weight_D: Tensor) -> Tensor:
        return rms_norm(hidden_TD, weight_D.shape, weight_D, self.eps)

    def _angles(self, positions_T: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Cosines, and sines with the signs of the half they are added to, [T, 1, d]."""
        if len(self.cos_L1d) < length:
            positions_1L = torch.arange(length, device=self.embedding.device)[None]
            cos, sin = self.rotary(self.embedding[:1], positions_1L)
            half = self.width // 2
            self.cos_L1d, self.sin_L1d = cos[0, :, None], torch.cat([-sin[..., :half], sin[..., half:]], -1)[0, :, None]
        return self.cos_L1d[positions_T], self.sin_L1d[positions_T]

    # --- from the model ---

    def _layer(self, layer: Any) -> Layer:
        attn, mlp = layer.self_attn, layer.mlp
        parts = [attn.q_proj, attn.k_proj, attn.v_proj]
        biases = [part.bias for part in parts if part.bias is not None]
        norms = None
        if hasattr(attn, "q_norm"):
            norms = torch.cat([attn.q_norm.weight.expand(self.heads, -1), attn.k_norm.weight.expand(self.groups, -1)])
        return Layer(
            before_attention_D=layer.input_layernorm.weight,
            query_key_value=torch.cat([_weight(p) for p in parts]),
            query_key_value_bias=torch.cat(biases) if len(biases) == len(parts) else None,
            head_norms_Hd=norms,
            output=_weight(attn.o_proj),
            before_mlp_D=layer.post_attention_layernorm.weight,
            gate_up=torch.cat([_weight(mlp.gate_proj), _weight(mlp.up_proj)]),
            down=_weight(mlp.down_proj),
            scale=attn.scaling,
            window=getattr(attn, "sliding_window", None),
        )

    def _agrees(self, model: Any) -> bool:
        """Whether both give the same logits for a row of random ids, but for rounding."""
        device, length = self.embedding.device, 24
        ids_T = torch.randint(len(self.embedding), (length,), generator=torch.Generator().manual_seed(0)).to(device)
        positions_T = torch.arange(length, device=device)
        own_TV = model(input_ids=ids_T[None], position_ids=positions_T[None], use_cache=False).logits[0].float()
        cache = SlotCache.of(model)
        cache.resize(1, length)
        now = Pass.alone(length, device)
        cache.places = (now.slots_T, now.positions_T)
        lean_TV = self(ids_T, positions_T, now, cache, length).float()
        return bool((lean_TV - own_TV).norm() <= ALIKE.get(self.embedding.dtype, 0.0) * own_TV.norm())


def _weight(module: Any) -> Tensor:
    """The weight of a linear layer, with the adapters that are on."""
    if not isinstance(module, LoraLayer):
        plain: Tensor = module.weight
        return plain
    lora: Any = module
    found: Tensor = lora.get_base_layer().weight
    if not lora.disable_adapters and not lora.merged:
        for name in lora.active_adapters:
            found = found + lora.get_delta_weight(name) if name in lora.lora_A else found
    return found


def _only_lora(model: nn.Module) -> bool:
    """Whether all adapters are plain LoRA on linear layers, which `_weight` can merge."""
    adapters: list[Any] = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    return all(
        isinstance(one, LoraLayer)
        and not getattr(one, "lora_variant", None)
        and isinstance(one.get_base_layer(), nn.Linear)
        for one in adapters
    )
