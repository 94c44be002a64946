"""The update phase of MGPO beside that of TRL's GRPOTrainer: tokens per second and peak memory.

    python examples/benchmarks/update.py [--workload short|long] [--smoke] [--rounds 3] [--dtype float32]
                                         [--device cpu] [--threads 1] [--checkpointing] [--json]

Both get the same model (Qwen3 of random weights), the same recorded trajectories (groups of multi-turn conversations,
whose observations are masked) and the same rewards, and do all that comes between two rollouts: log-probs of the old
and of the reference policy, advantages, an AdamW step for each minibatch. GRPOTrainer takes the recorded tokens through
its `rollout_func` and pads them in batches of so many trajectories; agentprop packs them into rows of no more tokens
than the largest of those batches. Each runs in a process of its own; the best round counts. Tokens are those of the
trajectories, padding not counted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import Measured, apart, measured, run, workload_parser
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from agentprop.config import TrainSftConfig
from agentprop.training.data.sequences import TokenSequence
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.examples import Example, TrainingGroup
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.update import learn

WORDS = 256
RATE, BETA = 1e-6, 0.01


@dataclass(frozen=True)
class Workload:
    """A model and the trajectories it learns from; lengths are medians of a log-normal distribution."""

    width: int
    layers: int
    vocabulary: int
    groups: int
    members: int
    """Trajectories of a group."""
    minibatches: int
    """Optimiser steps per rollout batch, a whole number of groups each."""
    batch: int
    """Trajectories of one of TRL's forward passes."""
    prompt: int
    """Tokens before the first action."""
    turns: int
    action: int
    """Tokens the policy sampled in a turn."""
    observation: int
    """Tokens that came back."""


WORKLOADS = {
    "short": Workload(192, 5, 4096, 4, 4, minibatches=4, batch=4, prompt=200, turns=6, action=60, observation=30),
    "long": Workload(128, 4, 151_936, 2, 2, minibatches=2, batch=2, prompt=400, turns=16, action=60, observation=40),
    "smoke": Workload(32, 2, 300, 2, 4, minibatches=2, batch=2, prompt=10, turns=3, action=6, observation=4),
}


@dataclass(frozen=True)
class Recorded:
    """One trajectory."""

    group: int
    prompt: list[int]
    completion: list[int]
    turn: list[int]
    """Action of each token of the completion; −1 if the policy did not sample it."""
    reward: float


def main() -> None:
    """Measure both in turn, and print a table and the ratios."""
    parser = workload_parser(__doc__, WORKLOADS, "short", rounds=3)
    parser.add_argument("--checkpointing", action="store_true", help="activations are computed again, in both")
    options = parser.parse_args()
    if options.smoke:
        options.workload, options.rounds = "smoke", 1
    run(options, lambda asked: WAYS[asked.way](asked), compare, show)


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Both, in turn."""
    work = WORKLOADS[options.workload]
    names = ("workload", "rounds", "dtype", "device", "threads")
    given = [part for name in names for part in (f"--{name}", getattr(options, name))]
    given += ["--checkpointing"] * options.checkpointing
    with tempfile.TemporaryDirectory() as folder:
        save_model(work, Path(folder))
        found = {way: apart(__file__, *given, "--model", folder, "--way", way) for way in WAYS}
    recorded = trajectories(work)
    tokens = sum(len(one.prompt) + len(one.completion) for one in recorded)
    ways = {way: {**one, "tokens_per_s": round(tokens / one["seconds"], 1)} for way, one in found.items()}
    ours, trl = ways["agentprop"], ways["trl"]
    return {
        **{name: getattr(options, name) for name in names},
        "tokens": tokens,
        "longest": longest(recorded),
        "model": asdict(work),
        "ways": ways,
        "speed_ratio": round(ours["tokens_per_s"] / trl["tokens_per_s"], 3),
        "memory_ratio": round(ours["mib"] / trl["mib"], 3),
    }


# --- what both get ---


def save_model(work: Workload, folder: Path) -> None:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=work.vocabulary,
        hidden_size=work.width,
        intermediate_size=3 * work.width,
        num_hidden_layers=work.layers,
        num_attention_heads=work.width // 32,
        num_key_value_heads=work.width // 64 or 1,
        head_dim=32,
        tie_word_embeddings=True,
        eos_token_id=1,
        pad_token_id=0,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    words = Tokenizer(WordLevel({f"w{number}": number for number in range(WORDS)}, unk_token="w2"))
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="w0", eos_token="w1").save_pretrained(folder)


def trajectories(work: Workload) -> list[Recorded]:
    """Of every group in turn, from a fixed seed."""
    random = np.random.default_rng(0)

    def length(median: int) -> int:
        return max(1, round(median * float(np.exp(0.4 * random.standard_normal()))))

    def ids(count: int) -> list[int]:
        return [int(one) for one in random.integers(2, WORDS, count)]

    recorded: list[Recorded] = []
    for group in range(work.groups):
        prompt = ids(length(work.prompt))
        for number in range(work.members):
            turn: list[int] = []
            for index in range(length(work.turns)):
                turn += [index] * length(work.action) + [-1] * length(work.observation)
            recorded.append(Recorded(group, prompt, ids(len(turn)), turn, number / work.members))
    return recorded


def longest(recorded: list[Recorded]) -> int:
    return max(len(one.prompt) + len(one.completion) for one in recorded)


def load(options: argparse.Namespace, **extra: Any) -> Any:
    dtype = getattr(torch, options.dtype)
    return Qwen3ForCausalLM.from_pretrained(options.model, dtype=dtype, **extra).to(options.device)


# --- agentprop ---


def agentprop(options: argparse.Namespace) -> dict[str, float]:
    """`learn`, as train-mgpo calls it after a rollout batch."""
    from agentprop.training.model import packed_attention as attention

    work = WORKLOADS[options.workload]
    recorded = trajectories(work)
    config = TrainSftConfig(model=options.model, learning_rate=RATE, weight_decay=0.0)
    models = [load(options, attn_implementation=attention.NAME) for _ in range(2)]
    if options.checkpointing:
        models[0].gradient_checkpointing_enable({"use_reentrant": False})
    policy = PolicyModel(models[0], None)  # type: ignore[arg-type]
    policy.keep_reference(PolicyModel(models[1], None))  # type: ignore[arg-type]
    optimiser = Optimiser(policy.trainable(), config)
    objective = Objective(Mgpo(beta=BETA), minibatches=work.minibatches)
    world = World(0, 1, torch.device(options.device), None)
    members = [recorded[start : start + work.members] for start in range(0, len(recorded), work.members)]

    def update() -> None:
        groups = [training_group(one, number) for number, one in enumerate(members)]
        learn(
            policy,
            optimiser,
            groups,
            objective,
            world,
            n_groups=work.groups,
            pack_tokens=work.batch * longest(recorded),
            seed="0",
        )

    return best(update, options)


def training_group(members: list[Recorded], number: int) -> TrainingGroup:
    """A group as the update gets it."""
    group = [
        ReturnedEpisode(
            str(n), one.reward, tuple(ActionReturn("check", float(t % 2)) for t in range(max(one.turn) + 1))
        )
        for n, one in enumerate(members)
    ]
    examples = tuple(Example(str(n), (sequence(one, n),), True) for n, one in enumerate(members))
    return TrainingGroup(advantages(group), examples, number)


def sequence(one: Recorded, number: int) -> TokenSequence:
    action = np.array([-1] * len(one.prompt) + one.turn)
    return TokenSequence(np.array(one.prompt + one.completion), action >= 0, action, None, str(number))


def best(update: Callable[[], None], options: argparse.Namespace) -> dict[str, float]:
    """The fastest round, and the highest memory of all: the first makes the optimiser's state."""
    rounds: list[Measured] = []
    for _ in range(options.rounds):
        with measured(options.device) as found:
            update()
        rounds.append(found)
    return summary(rounds)


def summary(rounds: list[Measured]) -> dict[str, float]:
    return {"seconds": min(one.seconds for one in rounds), "mib": round(max(one.mib for one in rounds), 1)}


# --- TRL ---


def trl(options: argparse.Namespace) -> dict[str, float]:
    """GRPOTrainer, its rollouts replaced by the recorded ones; from the end of a rollout to that of its last step."""
    os.environ |= {"TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    work = WORKLOADS[options.workload]
    recorded = trajectories(work)
    rounds: list[Measured] = []
    running = ExitStack()

    def replay(prompts: list[str], trainer: object) -> dict[str, Any]:
        """Called once per rollout batch, with every prompt as often as its group has members."""
        order = [recorded[int(prompt) * work.members + n % work.members] for n, prompt in enumerate(prompts)]
        rounds.append(running.enter_context(measured(options.device)))
        return {
            "prompt_ids": [one.prompt for one in order],
            "completion_ids": [one.completion for one in order],
            "env_mask": [[int(turn >= 0) for turn in one.turn] for one in order],
            "logprobs": None,
            "reward": [one.reward for one in order],
        }

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: object, state: Any, control: object, **extra: object) -> None:
            if state.global_step % work.minibatches == 0:
                running.close()

    passes = len(recorded) // work.batch
    settings = GRPOConfig(
        output_dir=str(Path(options.model, "trl")),
        per_device_train_batch_size=work.batch,
        steps_per_generation=passes,
        gradient_accumulation_steps=passes // work.minibatches,
        num_generations=work.members,
        beta=BETA,
        learning_rate=RATE,
        lr_scheduler_type="constant",
        optim="adamw_torch",
        max_steps=options.rounds * work.minibatches,
        gradient_checkpointing=options.checkpointing,
        bf16=options.dtype == "bfloat16",
        use_cpu=options.device == "cpu",
        shuffle_dataset=False,
        report_to="none",
        logging_strategy="no",
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = GRPOTrainer(
        model=load(options),
        reward_funcs=[lambda reward, **_: reward],
        args=settings,
        callbacks=[Clock()],
        train_dataset=Dataset.from_dict({"prompt": [str(group) for group in range(work.groups)]}),
        processing_class=PreTrainedTokenizerFast.from_pretrained(options.model),
        rollout_func=replay,
    )
    trainer.train()
    return summary(rounds)


WAYS: dict[str, Callable[[argparse.Namespace], dict[str, float]]] = {"trl": trl, "agentprop": agentprop}


def show(report: dict[str, Any]) -> None:
    print(f"{report['tokens']} tokens, the longest trajectory {report['longest']}, {report['dtype']}")
    for way, found in report["ways"].items():
        print(f"{way:<10} {found['tokens_per_s']:>9.0f} tokens/s {found['mib']:>8.0f} MiB peak")
    print(f"agentprop / TRL: tokens/s {report['speed_ratio']}, peak memory {report['memory_ratio']}")


if __name__ == "__main__":
    main()
