"""A run → a model directory without weights: a tokenizer that compresses its trajectories well, and a small config.

    python examples/miniature/student.py RUN --out DIR [--vocabulary 2048] [--hidden 128] [--layers 3] [--names NAME...]

The tokenizer is a byte-level BPE that may merge anything but digits, so that the protocol's boilerplate costs few
tokens while numbers stay readable digit by digit. Names that change places for each task are a token each, so that all
are copied alike. Its chat template leaves the system text out: a model trained from scratch is not helped by
instructions that never change. The architecture is Qwen3's. `agentprop train-sft --model DIR` draws the first weights
from its seed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config

from agentprop.grading.probers import question
from agentprop.records import Problem, Trajectory
from agentprop.storage.run import open_run

PAD, USER, ASSISTANT, END = SPECIAL = ("<|pad|>", "<|user|>", "<|assistant|>", "<|end|>")
TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    + ASSISTANT
    + "{{ m.content }}"
    + END
    + "{% elif m.role != 'system' %}"
    + USER
    + "{{ m.content }}"
    + END
    + "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)
HEAD_DIM = 32
CONTEXT = 1024
TEXTS = 600
"""Trajectories the vocabulary is learnt from."""


def texts(run: Path) -> Iterator[str]:
    """Yield all texts of a run, and the questions and answers of a solver."""
    stored = open_run(run)
    for number, trajectory in enumerate(stored.iter(Trajectory)):
        if number == TEXTS:
            break
        yield trajectory.prompt
        yield from (text for turn in trajectory.turns for text in (turn.message, turn.observation))
    for number, problem in enumerate(stored.iter(Problem)):
        if number == TEXTS:
            break
        yield question(problem)
        yield f"\\boxed{{{problem.answer}}}"


def tokenizer(source: Iterator[str], vocabulary: int, names: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """A byte-level BPE with a chat template, and with a token for each name; `vocabulary` counts them all."""
    bpe = Tokenizer(models.BPE())
    digits = pre_tokenizers.Split(Regex("|".join([r"\d", *names])), "isolated")
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [digits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(names),
        special_tokens=list(SPECIAL),
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    bpe.train_from_iterator(source, trainer)
    bpe.add_tokens([AddedToken(name, normalized=False) for name in names])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token=PAD, eos_token=END, chat_template=TEMPLATE, model_max_length=CONTEXT
    )


def config(vocabulary: int, hidden: int, layers: int) -> Qwen3Config:
    """A small Qwen3."""
    heads = hidden // HEAD_DIM
    return Qwen3Config(
        architectures=["Qwen3ForCausalLM"],
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=HEAD_DIM,
        intermediate_size=3 * hidden,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=SPECIAL.index(PAD),
        bos_token_id=None,
        eos_token_id=SPECIAL.index(END),
    )


def main() -> None:
    """Write the directory."""
    parser = argparse.ArgumentParser(description="a tokenizer and a small model's config from a run")
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=int, default=2048)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--names", nargs="*", default=[], help="names that are a token each")
    asked = parser.parse_args()
    made = tokenizer(texts(asked.run), asked.vocabulary, asked.names)
    made.save_pretrained(asked.out)
    config(len(made), asked.hidden, asked.layers).save_pretrained(asked.out)
    print(json.dumps({"vocabulary": len(made), "hidden": asked.hidden, "layers": asked.layers}))


if __name__ == "__main__":
    main()
