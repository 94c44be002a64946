"""Multi-turn rollouts in process beside transformers' own `generate`: sampled tokens per second and peak memory.

    python examples/benchmarks/rollout.py [--workload small|wide|long] [--smoke] [--rounds 2] [--threads 1]
                                          [--dtype float32] [--device cpu] [--json]

All ways get the same model (Qwen3 of random weights) and the same workload: groups of conversations that start from one
prompt, whose turns have given lengths (a random model would not know when to stop) and whose observations have given
tokens. Every way samples at temperature 1 and returns the log-probs of what it sampled, as a trainer needs them.

    generate      one call per turn for all conversations, which are encoded anew each time: what most trainers do
    kept cache    the same, with the cache of keys and values kept from turn to turn
    continuous    transformers' continuous batching, which is behind `generate_batch`: each conversation goes on as soon
                  as its observation is there, and shares the pages of its cache with those that begin alike
    agentprop     `training.generation.Generator`: each conversation goes on as soon as its observation is there

Each way runs in a process of its own; the best round counts.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import Measured, apart, measured, run, workload_parser
from transformers import (
    ContinuousBatchingConfig,
    DynamicCache,
    GenerationConfig,
    Qwen3Config,
    Qwen3ForCausalLM,
    StoppingCriteria,
)

PAD = 0
PAGE_TOKENS = 32
"""Tokens of a page of the cache for continuous batching; pages of common prompts are shared whole."""


@dataclass(frozen=True)
class Workload:
    """A model and its conversations; lengths are medians of a log-normal distribution, in tokens."""

    width: int
    layers: int
    vocabulary: int
    groups: int
    members: int
    """Conversations that start from the same prompt."""
    system: int
    """Tokens that all prompts begin with."""
    prompt: int
    """Further tokens of a group's prompt."""
    turns: int
    action: int
    """Tokens sampled in a turn."""
    observation: int
    """Tokens that come back."""


WORKLOADS = {
    "small": Workload(128, 3, 2048, 8, 8, system=100, prompt=100, turns=4, action=30, observation=15),
    "wide": Workload(128, 4, 2048, 16, 8, system=100, prompt=100, turns=6, action=30, observation=15),
    "long": Workload(256, 4, 4096, 4, 8, system=300, prompt=200, turns=12, action=60, observation=30),
    "smoke": Workload(32, 2, 300, 2, 3, system=10, prompt=6, turns=3, action=6, observation=4),
}


@dataclass(frozen=True)
class Conversation:
    """Given parts of one conversation."""

    prompt: list[int]
    actions: list[int]
    """Tokens to sample in each turn."""
    observations: list[list[int]]
    """Ids that follow each turn but the last."""


def main() -> None:
    """Measure all ways in turn, and print a table and the ratios."""
    options = workload_parser(__doc__, WORKLOADS, "small", rounds=2).parse_args()
    if options.smoke:
        options.workload, options.rounds = "smoke", 1
    run(options, measure, compare, show)


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """All ways, in turn."""
    work = WORKLOADS[options.workload]
    names = ("workload", "rounds", "dtype", "device", "threads")
    given = [part for name in names for part in (f"--{name}", getattr(options, name))]
    with tempfile.TemporaryDirectory() as folder:
        save_model(work, Path(folder))
        ways = {way: apart(__file__, *given, "--model", folder, "--way", way) for way in WAYS}
    talks = conversations(work)
    tokens = sum(sum(talk.actions) for talk in talks)
    for found in ways.values():
        found["tokens_per_s"] = round(tokens / found["seconds"], 1)
    ours = ways["agentprop"]["tokens_per_s"]
    return {
        **{name: getattr(options, name) for name in names},
        "conversations": len(talks),
        "sampled_tokens": tokens,
        "model": asdict(work),
        "ways": ways,
        "speed_ratios": {
            way: round(ours / found["tokens_per_s"], 2) for way, found in ways.items() if way != "agentprop"
        },
    }


def measure(options: argparse.Namespace) -> dict[str, float]:
    """One way: the fastest round and the highest memory; and how far its log-probs are from those of fresh passes."""
    talks = conversations(WORKLOADS[options.workload])
    model = Qwen3ForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype)).to(options.device)
    roll_out = WAYS[options.way](model, talks)
    rounds: list[Measured] = []
    for _ in range(options.rounds):
        with measured(options.device) as found:
            said = roll_out()
        rounds.append(found)
    return {
        "seconds": min(one.seconds for one in rounds),
        "mib": round(max(one.mib for one in rounds), 1),
        "error": error(model, talks, said),
    }


# --- what all get ---


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
        max_position_embeddings=8192,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=PAD,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)


def conversations(work: Workload) -> list[Conversation]:
    """Of every group in turn, from a fixed seed."""
    random = np.random.default_rng(0)

    def length(median: int) -> int:
        return max(1, round(median * float(np.exp(0.4 * random.standard_normal()))))

    def ids(count: int) -> list[int]:
        return [int(one) for one in random.integers(1, work.vocabulary, count)]

    system, talks = ids(work.system), []
    for _ in range(work.groups):
        prompt = system + ids(length(work.prompt))
        for _ in range(work.members):
            actions = [length(work.action) for _ in range(length(work.turns))]
            talks.append(Conversation(prompt, actions, [ids(length(work.observation)) for _ in actions[1:]]))
    return talks


Said = list[list[tuple[list[int], list[float]]]]
"""Sampled ids and their log-probs, by conversation and turn."""


def error(model: Any, talks: Sequence[Conversation], said: Said) -> float:
    """Largest difference of a log-prob from that of a fresh pass, over a few conversations."""
    worst = 0.0
    for talk, turns in list(zip(talks, said, strict=True))[:4]:
        ids, sampled, told = list(talk.prompt), [], []
        for (tokens, logprobs), observation in zip(turns, [*talk.observations, []], strict=True):
            sampled += range(len(ids), len(ids) + len(tokens))
            ids += tokens + observation
            told += logprobs
        assert len(told) == sum(talk.actions)
        row = torch.tensor([ids], device=model.device)
        with torch.no_grad():
            fresh = torch.log_softmax(model(row).logits[0].float(), -1)
        at = torch.tensor(sampled, device=model.device)
        found = fresh[at - 1].gather(1, row[0, at, None])[:, 0]
        worst = max(worst, float((found - torch.tensor(told, device=model.device)).abs().max()))
    return worst


# --- agentprop ---


def agentprop(model: Any, talks: Sequence[Conversation]) -> Callable[[], Said]:
    """Conversations go on one by one."""
    from agentprop.inference.engine import Generator, WantedReply

    generator = Generator(model, [], max_length=8192, slots=len(talks))

    def roll_out() -> Said:
        generator.forget()
        said: Said = [[] for _ in talks]
        owners: dict[int, int] = {}

        def ask(number: int, prompt: np.ndarray[Any, Any]) -> None:
            job = WantedReply(prompt, talks[number].actions[len(said[number])], sample=number)
            owners[id(job)] = number
            generator.add(job)

        for number, talk in enumerate(talks):
            ask(number, np.array(talk.prompt))
        while generator.busy:
            for job in generator.step():
                number = owners.pop(id(job))
                said[number].append((job.tokens, job.logprobs))
                if len(said[number]) < len(talks[number].actions):
                    seen = talks[number].observations[len(said[number]) - 1]
                    ask(number, np.concatenate([job.prompt, job.tokens, seen]))
        return said

    return roll_out


# --- transformers ---


class Limits(StoppingCriteria):  # type: ignore[misc]
    """Each row ends at a length of its own."""

    def __init__(self, lengths: torch.Tensor) -> None:
        self.lengths = lengths

    def __call__(self, input_ids: torch.Tensor, scores: object, **options: object) -> torch.Tensor:
        """Which rows are done."""
        return input_ids.shape[1] >= self.lengths


SAMPLING = GenerationConfig(
    do_sample=True,
    temperature=1.0,
    top_k=0,
    top_p=1.0,
    pad_token_id=PAD,
    return_dict_in_generate=True,
    output_logits=True,
)


def generate(model: Any, talks: Sequence[Conversation]) -> Callable[[], Said]:
    """All conversations turn by turn, each turn encoded from the beginning; those that have ended are left out."""

    def roll_out() -> Said:
        said: Said = [[] for _ in talks]
        texts = [list(talk.prompt) for talk in talks]
        for turn in range(max(len(talk.actions) for talk in talks)):
            active = [n for n, talk in enumerate(talks) if turn < len(talk.actions)]
            longest = max(len(texts[n]) for n in active)
            rows = torch.tensor([[PAD] * (longest - len(texts[n])) + texts[n] for n in active], device=model.device)
            mask = torch.tensor([[0] * (longest - len(texts[n])) + [1] * len(texts[n]) for n in active])
            replies, _ = _turn(model, rows, mask.to(model.device), [talks[n].actions[turn] for n in active])
            for n, reply in zip(active, replies, strict=True):
                said[n].append(reply)
                texts[n] += reply[0] + (talks[n].observations[turn] if turn + 1 < len(talks[n].actions) else [])
        return said

    return roll_out


def kept_cache(model: Any, talks: Sequence[Conversation]) -> Callable[[], Said]:
    """All conversations turn by turn in one cache, whose rows have gaps after turns shorter than the longest."""

    def roll_out() -> Said:
        said: Said = [[] for _ in talks]
        cache = DynamicCache(config=model.config)
        new = [list(talk.prompt) for talk in talks]
        rows = mask = torch.zeros((len(talks), 0), dtype=torch.long, device=model.device)
        for turn in range(max(len(talk.actions) for talk in talks)):
            longest = max(map(len, new))
            more = torch.tensor([[PAD] * (longest - len(one)) + one for one in new], device=model.device)
            seen = torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in new], device=model.device)
            rows, mask = torch.cat([rows, more], 1), torch.cat([mask, seen], 1)
            wanted = [talk.actions[turn] if turn < len(talk.actions) else 1 for talk in talks]
            replies, rows = _turn(model, rows, mask, wanted, past_key_values=cache)
            limits = torch.tensor(wanted, device=model.device)[:, None]
            steps = torch.arange(rows.shape[1] - mask.shape[1], device=model.device)
            mask = torch.cat([mask, (steps < limits).long()], 1)
            for n, (talk, reply) in enumerate(zip(talks, replies, strict=True)):
                if turn < len(talk.actions):
                    said[n].append(reply)
                new[n] = talk.observations[turn] if turn + 1 < len(talk.actions) else [1]
        return said

    return roll_out


def continuous(model: Any, talks: Sequence[Conversation]) -> Callable[[], Said]:
    """Conversations go on one by one, in one manager with room for the caches of all."""
    tokens = [len(talk.prompt) + sum(talk.actions) + sum(map(len, talk.observations)) for talk in talks]
    pages = sum(-(-count // PAGE_TOKENS) + 1 for count in tokens)
    batching = ContinuousBatchingConfig(
        page_size=PAGE_TOKENS, num_blocks=pages, max_batch_tokens=1024, return_logprobs=True
    )
    sampling = GenerationConfig(do_sample=True, temperature=1.0, top_k=0, top_p=1.0, pad_token_id=PAD, eos_token_id=-1)

    def roll_out() -> Said:
        said: Said = [[] for _ in talks]
        texts = [list(talk.prompt) for talk in talks]
        context = model.continuous_batching_context_manager(
            generation_config=sampling, continuous_batching_config=batching, warmup=False
        )
        with context as manager:

            def ask(number: int) -> None:
                turn = len(said[number])
                wanted = talks[number].actions[turn]
                manager.add_request(texts[number], request_id=f"{number}/{turn}", max_new_tokens=wanted)

            for number in range(len(talks)):
                ask(number)
            left = sum(len(talk.actions) for talk in talks)
            while left:
                found = manager.get_result(timeout=60)
                if found is None or found.error is not None:
                    raise RuntimeError(f"continuous batching failed: {found}")
                if not found.is_finished():
                    continue
                number = int(found.request_id.partition("/")[0])
                said[number].append((found.generated_tokens, found.logprobs))
                left -= 1
                if len(said[number]) < len(talks[number].actions):
                    texts[number] += found.generated_tokens + talks[number].observations[len(said[number]) - 1]
                    ask(number)
        return said

    return roll_out


def _turn(
    model: Any, rows: torch.Tensor, mask: torch.Tensor, wanted: list[int], **options: Any
) -> tuple[list[tuple[list[int], list[float]]], torch.Tensor]:
    """Sample so many tokens of each row; with their log-probs, and the rows as they are then."""
    start = rows.shape[1]
    limits = Limits(torch.tensor(wanted, device=model.device) + start)
    sampling = GenerationConfig(**{**SAMPLING.to_diff_dict(), "max_new_tokens": max(wanted)})
    out = model.generate(rows, attention_mask=mask, generation_config=sampling, stopping_criteria=[limits], **options)
    tokens = out.sequences[:, start:]
    told = [torch.log_softmax(logits.float(), -1).gather(1, tokens[:, i, None]) for i, logits in enumerate(out.logits)]
    logprobs = torch.cat(told, 1).tolist()
    replies = [(ids[:n], found[:n]) for ids, found, n in zip(tokens.tolist(), logprobs, wanted, strict=True)]
    return replies, out.sequences


WAYS: dict[str, Callable[[Any, Sequence[Conversation]], Callable[[], Said]]] = {
    "generate": generate,
    "kept cache": kept_cache,
    "continuous": continuous,
    "agentprop": agentprop,
}


def show(report: dict[str, Any]) -> None:
    print(f"{report['conversations']} conversations, {report['sampled_tokens']} sampled tokens, {report['dtype']}")
    for way, found in report["ways"].items():
        line = f"{way:<12} {found['tokens_per_s']:>9.0f} tokens/s {found['mib']:>8.0f} MiB peak"
        print(f"{line}   log-probs within {found['error']:.1e}")
    print("agentprop / " + ", ".join(f"{way}: {ratio}" for way, ratio in report["speed_ratios"].items()))


if __name__ == "__main__":
    main()
