"""Settings that all stages of training share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentprop.config.base import Count, Positive, StageConfig

Schedule = Literal["constant", "linear", "cosine"]
Whole = Annotated[int, Field(ge=0)]
NonNegative = Annotated[float, Field(ge=0)]
Beta = Annotated[float, Field(ge=0, lt=1)]

PACK_TOKENS = 8192
"""Default number of tokens in one forward pass."""
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
        "wandb",
        "plan_devices",
        "plan_tflops",
        "plan_price",
        "allow_weak_sandbox",
    }
)
"""Settings that do not affect what is learnt, only the device, the speed and how often to save and report."""


class TrainConfig(StageConfig):
    """Settings of every trainer. Defaults are ours unless a line says that they are the paper's."""

    outside_identity: ClassVar[frozenset[str]] = TRAINING_FREE
    full_rate: ClassVar[float]
    """Default learning rate when all weights are trained."""
    lora_rate: ClassVar[float]
    """Default learning rate when adapters are trained."""

    model: str
    """Hugging Face directory or hub id to start from; a directory with a config.json and a tokenizer but no weights
    starts from random weights, drawn from the seed."""
    device: str = "auto"
    """Device to train on: auto, cpu, cuda, cuda:1, …; auto uses a GPU if there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of weights and computation; auto is bfloat16 on a GPU and float32 elsewhere. With bfloat16 the
    optimiser keeps a float32 copy of the trained weights."""
    lora_rank: Count | None = None
    """Rank of LoRA adapters on all linear layers but the head and the experts of a mixture; null trains all weights."""
    lora_alpha: Count = 32
    """Scale of the adapters: their output is multiplied by lora_alpha / lora_rank."""
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout on the input of the adapters."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: less memory, about a third more time."""
    pack_tokens: Count | None = None
    """Tokens in one forward pass; a longer sequence gets a pass of its own. Null means 8192, or fewer on a device with
    little memory; a run keeps what it began with."""
    max_length: Count = 20480
    """Longest sequence in tokens (default: the paper's context); longer ones are left out and counted."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    """Learning rate; null means 1e-5 for SFT and 1e-6 for RL, and ten times that for adapters."""
    schedule: Schedule = "constant"
    """Learning rate after the warm-up: constant, or falling to zero at the last step."""
    warmup_steps: Whole = 0
    """Steps over which the learning rate rises from zero."""
    beta1: Beta = 0.9
    """AdamW: decay of the mean of gradients (β₁)."""
    beta2: Beta = 0.95
    """AdamW: decay of the mean of squared gradients (β₂)."""
    adam_epsilon: Positive = 1e-8
    """AdamW: constant added to the denominator (ε)."""
    weight_decay: NonNegative = 0.0
    """AdamW: weight decay, applied to matrices only."""
    clip: Positive = 1.0
    """Largest norm of the gradient; larger gradients are scaled down to it."""
    save_every: Count = 100
    """Steps between checkpoints."""
    keep_checkpoints: Count = 2
    """Number of newest checkpoints to keep."""
    log_every: Count = 1
    """Steps between lines in metrics.jsonl."""
    tensorboard: bool = False
    """Also write metrics for TensorBoard."""
    wandb: Annotated[str, Field(min_length=1)] | None = None
    """Also send metrics and settings to Weights & Biases, under this project; with WANDB_MODE=offline they stay in the
    run directory. Null sends nothing."""
    plan_devices: Count = 1
    """For --dry-run alone: number of processes (`torchrun --nproc-per-node`) to estimate for."""
    plan_tflops: Positive | None = None
    """For --dry-run alone: 10¹² operations per second that a device reaches in training, as measured; null estimates no
    hours. What a data sheet promises is several times as much."""
    plan_price: Positive | None = None
    """For --dry-run alone: price of a device per hour; null estimates no cost."""

    @property
    def tokens_per_pass(self) -> int:
        """Tokens in one forward pass: the given number, or the default."""
        return self.pack_tokens or PACK_TOKENS

    @property
    def rate(self) -> float:
        """Learning rate in effect: the given one, or the default."""
        given = self.lora_rate if self.lora_rank else self.full_rate
        return self.learning_rate or given
