"""Checkpoints that vLLM serves, made on the spot: a byte-level BPE tokenizer, a chat template, a tiny Qwen3.

With random weights it talks nonsense. Trained for a few hundred steps of AdamW on demonstrations, it repeats them word
for word, so that every role can succeed through a real server.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCABULARY = 4096
CONTEXT = 4096
BATCH = 8
SPREAD = 0.1
"""Standard deviation of the first weights: with the usual 0.02 a tiny model takes three times as long to learn."""
RATE = 2e-3
TEMPLATE = """\
{%- if tools %}
{{- '<|im_start|>system\\nYou may call:' }}
{%- for tool in tools %}{{ '\\n' + tool.function.name }}{% endfor %}
{{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}
{%- for call in message.tool_calls or [] %}
{{- '<tool_call>\\n{"name": ' + call.function.name | tojson }}
{{- ', "arguments": ' + call.function.arguments | tojson + '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
DOUBT = "{{- '<|im_start|>system\\nDoubt.<|im_end|>\\n' }}\n"
"""Prefix of the template of the doubting model."""


@dataclass(frozen=True)
class Demonstration:
    """Demonstration: a conversation and the reply to learn."""

    messages: Sequence[dict[str, Any]]
    """Conversation, as it is sent to a server."""
    reply: str
    """Reply to learn, with tool calls as the template writes them."""
    tools: Sequence[dict[str, Any]] | None = None
    """Functions that are offered."""
    doubting: bool = False
    """The demonstration is for the doubting model."""


def tokenizer(corpus: Iterable[str]) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE with half-sentences and whole numbers as tokens, so that sequences are short."""
    made = Tokenizer(models.BPE())
    apart = [pre_tokenizers.Split(Regex(r"\d+"), "isolated"), pre_tokenizers.Split(Regex(r"\n+"), "isolated")]
    made.pre_tokenizer = pre_tokenizers.Sequence([*apart, pre_tokenizers.ByteLevel(False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=64,
        show_progress=False,
    )
    made.train_from_iterator(corpus, trainer)
    found = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=SPECIAL[2], pad_token=SPECIAL[0])
    found.chat_template = TEMPLATE
    return found


def tiny(words: PreTrainedTokenizerFast, seed: int = 0) -> Qwen3ForCausalLM:
    """Random weights; heads of 32, the smallest that vLLM's CPU attention has."""
    torch.manual_seed(seed)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCABULARY,
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=32,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            initializer_range=SPREAD,
            bos_token_id=None,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )


def write(
    path: Path, model: Qwen3ForCausalLM, words: PreTrainedTokenizerFast, *, doubting: bool = False, ends: int = 0
) -> Path:
    """A Hugging Face directory. `ends` further tokens end a reply: nonsense would hardly ever come to an end."""
    model.generation_config.eos_token_id = [words.eos_token_id, *range(VOCABULARY - ends, VOCABULARY)]
    model.save_pretrained(path)
    words.chat_template = (DOUBT if doubting else "") + TEMPLATE
    words.save_pretrained(path)
    words.chat_template = TEMPLATE
    return path


def teach(
    model: Qwen3ForCausalLM, words: PreTrainedTokenizerFast, demonstrations: Sequence[Demonstration], *, steps: int
) -> float:
    """Train until the replies are known by heart; return the mean loss of the last twenty steps, in nats per token."""
    rows = sorted((_row(words, demonstration) for demonstration in demonstrations), key=lambda row: len(row[0]))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1.0, weight_decay=0.0, betas=(0.9, 0.98))
    rng, losses = Random(0), []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (0.55 + 0.45 * math.cos(math.pi * step / steps))
        start = min(max(rng.randrange(len(rows)) - BATCH // 2, 0), len(rows) - BATCH)  # neighbours are of one length
        loss = _loss(model, rows[start : start + BATCH])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    return sum(losses[-20:]) / 20


def _row(words: PreTrainedTokenizerFast, demonstration: Demonstration) -> tuple[list[int], int]:
    """Return token ids of conversation and reply, and the position at which the reply begins."""
    template = (DOUBT if demonstration.doubting else "") + TEMPLATE
    messages = [_parsed(message) for message in demonstration.messages]
    text = words.apply_chat_template(
        messages, tools=demonstration.tools, chat_template=template, tokenize=False, add_generation_prompt=True
    )
    prompt = words.encode(text, add_special_tokens=False)
    return [*prompt, *words.encode(demonstration.reply, add_special_tokens=False), words.eos_token_id], len(prompt)


def _parsed(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as servers pass it to a template, with the arguments of calls parsed."""
    calls = [
        {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
        for call in message.get("tool_calls", [])
    ]
    return {**message, "tool_calls": calls} if calls else message


def _loss(model: Qwen3ForCausalLM, rows: Sequence[tuple[list[int], int]]) -> Tensor:
    longest = max(len(ids) for ids, _ in rows)
    ids_BT = torch.zeros(len(rows), longest, dtype=torch.long)
    targets_BT = torch.full((len(rows), longest), -100)
    for row, (ids, start) in enumerate(rows):
        ids_BT[row, : len(ids)] = torch.tensor(ids)
        targets_BT[row, start - 1 : len(ids) - 1] = torch.tensor(ids[start:])
    hidden = model.model(input_ids=ids_BT, use_cache=False).last_hidden_state  # padding is behind, and causal
    wanted = targets_BT >= 0
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[wanted]), targets_BT[wanted])


def logprobs_of(model: torch.nn.Module, prompt: Sequence[int], sampled: Sequence[int]) -> Tensor:
    """Return log π(sampled | prompt) by transformers, in nats."""
    with torch.no_grad():
        logits = model(torch.tensor([[*prompt, *sampled]])).logits[0, len(prompt) - 1 : -1]
    return logits.log_softmax(-1).gather(1, torch.tensor(list(sampled))[:, None])[:, 0]
