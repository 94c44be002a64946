"""Settings of the stages that train: what all three share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentprop.config.base import Count, Positive, StageConfig

Schedule = Literal["constant", "linear", "cosine"]
Whole = Annotated[int, Field(ge=0)]
NonNegative = Annotated[float, Field(ge=0)]
Beta = Annotated[float, Field(ge=0, lt=1)]

TRAINING_FREE = frozenset(
    {
        "workers",
        "device",
        "pack_tokens",
        "gradient_checkpointing",
        "save_every",
        "keep_checkpoints",
        "log_every",
        "tensorboard",
        "allow_weak_sandbox",
    }
)
"""Settings of training that change where, how fast and how often, but not what is learnt."""


class TrainConfig(StageConfig):
    """What every trainer has. Values are ours unless a line says that they are the paper's."""

    outside_identity: ClassVar[frozenset[str]] = TRAINING_FREE
    full_rate: ClassVar[float]
    """Learning rate where all weights are trained and none is given."""
    lora_rate: ClassVar[float]
    """Learning rate where adapters are trained and none is given."""

    model: str
    """Hugging Face directory or hub id to start from; a directory with a config.json and a tokenizer but no weights is
    initialised from the seed."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda, cuda:1, …; auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of weights and computation; auto is bfloat16 on a GPU and float32 elsewhere. What is trained in
    bfloat16 has an exact copy in the optimiser."""
    lora_rank: Count | None = None
    """Rank of LoRA adapters on all linear layers; null trains all weights."""
    lora_alpha: Count = 32
    """Scale of the adapters: their output is multiplied by alpha / rank."""
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout before the adapters."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: less memory, a third more time."""
    pack_tokens: Count = 8192
    """Tokens that one forward pass takes; a longer sequence has a pass to itself."""
    max_length: Count = 20480
    """Longest sequence, tokens (the paper's context); what is longer is left out and counted."""
    learning_rate: Positive | None = None
    """Step size; null means 1e-5 for SFT and 1e-6 for RL, ten times that for adapters."""
    schedule: Schedule = "constant"
    """How the learning rate goes after the warm-up: constant, or to zero at the last step."""
    warmup_steps: Whole = 0
    """Steps in which the learning rate rises from zero."""
    beta1: Beta = 0.9
    """Decay of AdamW's mean of gradients."""
    beta2: Beta = 0.95
    """Decay of AdamW's mean of squares."""
    adam_epsilon: Positive = 1e-8
    """ε of AdamW."""
    weight_decay: NonNegative = 0.0
    """Weight decay of AdamW, on matrices alone."""
    clip: Positive = 1.0
    """Largest norm of the gradient; a larger one is scaled down to it."""
    save_every: Count = 100
    """Steps between checkpoints."""
    keep_checkpoints: Count = 2
    """Newest checkpoints that are kept."""
    log_every: Count = 1
    """Steps between lines of metrics.jsonl."""
    tensorboard: bool = False
    """Write metrics for TensorBoard too."""

    @property
    def rate(self) -> float:
        """The learning rate that holds."""
        given = self.lora_rate if self.lora_rank else self.full_rate
        return self.learning_rate or given
