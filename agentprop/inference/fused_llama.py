"""The weights of a small Llama-like model → a forward pass over many conversations, in as few operations as possible.

With a small model most of the time of a pass goes to overhead between operations: modules, hooks, casts, configuration
lookups. Here a layer is about twenty tensor operations, with projections of the same input fused and adapters merged.
It holds copies of weights, so it must be rebuilt when they change. It is used only for known architectures
(`LIKE_LLAMA`), and only if a trial run gives the same logits as the model's own code; other models run their own code.
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
from agentprop.inference.slot_attention import ForwardPass, attention

LIKE_LLAMA = frozenset({"llama", "mistral", "qwen2", "qwen3"})
ROTATIONS = frozenset({"default", "linear", "llama3", "yarn"})
"""Kinds of rotary embedding whose angles depend only on the position."""
MAX_BYTES = 2 << 30
"""Largest model to copy, in bytes: in larger ones the operations themselves dominate."""
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""Largest relative error of the trial's logits that counts as rounding, by dtype."""


@dataclass(frozen=True)
class Layer:
    """Weights of one layer."""

    before_attention_D: Tensor
    query_key_value: Tensor
    query_key_value_bias: Tensor | None
    head_norms_Hd: Tensor | None
    """Scales of queries and keys, one row per head; None if they are not normalised."""
    output: Tensor
    before_mlp_D: Tensor
    gate_up: Tensor
    down: Tensor
    scale: float
    """Scale of the attention scores."""
    window: int | None
    """Width of the attention window in positions; None for full attention."""


class FusedLlama:
    """Copied weights of a model, and its forward pass over them."""

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
        """Build the fused form of a model; None if it has none, or none that gives the same logits."""
        config: Any = model.config
        if config.model_type not in LIKE_LLAMA or config.hidden_act != "silu":
            return None
        if (config.rope_parameters or {}).get("rope_type", "default") not in ROTATIONS:
            return None
        if sum(p.numel() * p.element_size() for p in model.parameters()) > MAX_BYTES or not _only_lora(model):
            return None
        fused = cls(model)
        return fused if fused._agrees(model) else None

    def __call__(self, ids_T: Tensor, positions_T: Tensor, current: ForwardPass, cache: SlotCache, kept: int) -> Tensor:
        """Return logits [kept, vocabulary] of the first tokens of a pass."""
        cos_T1d, sin_T1d = self._angles(positions_T, cache.length)
        hidden_TD = self.embedding[ids_T]
        for number, layer in enumerate(self.layers):
            query_THd, key_THd, value_THd = self._projected(layer, hidden_TD, cos_T1d, sin_T1d)
            keys, values = cache.write(key_THd, value_THd, number)
            seen_THd = attention(current, query_THd, keys, values, layer.scale, layer.window)
            hidden_TD = torch.addmm(hidden_TD, seen_THd.flatten(1), layer.output.mT)
            gate_TF, up_TF = linear(self._normed(hidden_TD, layer.before_mlp_D), layer.gate_up).chunk(2, -1)
            hidden_TD = torch.addmm(hidden_TD, silu(gate_TF).mul_(up_TF), layer.down.mT)
        return linear(self._normed(hidden_TD[:kept], self.final_D), self.head)

    def _projected(
        self, layer: Layer, hidden_TD: Tensor, cos_T1d: Tensor, sin_T1d: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values [T, heads, d]; rotary embeddings are applied to the first two."""
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
        """Return cosines and sines [T, 1, d]; the sines of the first half are negated, as rotation needs."""
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
        """Compare logits with the model's own for a row of random ids; return True if they agree up to rounding."""
        device, length = self.embedding.device, 24
        ids_T = torch.randint(len(self.embedding), (length,), generator=torch.Generator().manual_seed(0)).to(device)
        positions_T = torch.arange(length, device=device)
        own_TV = model(input_ids=ids_T[None], position_ids=positions_T[None], use_cache=False).logits[0].float()
        cache = SlotCache.of(model)
        cache.resize(1, length)
        current = ForwardPass.single(length, device)
        cache.places = (current.slots_T, current.positions_T)
        fused_TV = self(ids_T, positions_T, current, cache, length).float()
        return bool((fused_TV - own_TV).norm() <= TOLERANCE.get(self.embedding.dtype, 0.0) * own_TV.norm())


def _weight(module: Any) -> Tensor:
    """Return the weight of a linear layer, with its active adapters merged."""
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
    """Return True if all adapters are plain LoRA on linear layers, which `_weight` can merge."""
    adapters: list[Any] = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    return all(
        isinstance(one, LoraLayer)
        and not getattr(one, "lora_variant", None)
        and isinstance(one.get_base_layer(), nn.Linear)
        for one in adapters
    )
