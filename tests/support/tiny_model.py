"""A model directory as a user who starts from scratch would have it: config, tokenizer, chat template, no weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config

from agentprop.training.data.sequences import TokenSequence

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCABULARY = 400


def tiny_model(
    folder: Path, *, texts: Iterable[str] = (), vocabulary: int = VOCABULARY, rows: int | None = None, layers: int = 2
) -> Path:
    """Write the directory; `rows` is what the model's config says of the vocabulary, if it is to be wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    Qwen3Config(
        vocab_size=rows or vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        tie_word_embeddings=True,
        eos_token_id=2,
        architectures=["Qwen3ForCausalLM"],
    ).save_pretrained(folder)
    return folder


def random_sequence(length: int, seed: int, name: str = "") -> TokenSequence:
    """Random ids, about half of them sampled by the policy."""
    random = np.random.default_rng(seed)
    mask = random.random(length) < 0.5
    mask[0] = False
    return TokenSequence(random.integers(0, 256, length), mask, np.where(mask, 0, -1), None, name or f"t{seed}")
