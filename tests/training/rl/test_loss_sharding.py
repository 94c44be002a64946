"""However the sequences of a step are divided over micro-batches and ranks, the gradient is the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from transformers import Qwen3Config, Qwen3ForCausalLM

from agentprop.training.data.packing import batch_of
from agentprop.training.data.sequences import TokenSequence
from agentprop.training.model import packed_attention as attention
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.grpo import grpo_loss
from agentprop.training.rl.algorithms.mgpo import Actions, Granularity, mgpo_loss, zero_sum_weights
from agentprop.training.rl.losses import Loss, Tokens, token_means

GROUPS, MEMBERS, TURNS, VOCABULARY = 2, 3, 2, 61
ALGORITHMS = ("mgpo", "grpo")
CUTS: dict[str, list[list[int]]] = {
    "a row each": [[0], [1], [2], [3], [4], [5]],
    "rows across groups": [[5, 0, 2], [4, 1], [3]],
    "a row of a part of a group": [[0, 1], [2, 3, 4, 5]],
}


@dataclass(frozen=True)
class Step:
    """An optimiser step: sequences, and per-token values of each of them."""

    policy: PolicyModel
    sequences: list[TokenSequence]
    values: list[Tokens]
    """Old log-probs, weights, … of each sequence; the live log-prob is a placeholder."""

    @property
    def n_tokens(self) -> int:
        return sum(sequence.n_actions for sequence in self.sequences)

    def loss(self, row: Sequence[int], algorithm: str) -> Loss:
        """Of one packed row of these sequences."""
        live = self.policy(batch_of([self.sequences[n] for n in row])).logprob
        parts = [self.values[n] for n in row]
        names = ("logp_old_A", "weight_A", "logp_ref_A")
        tokens = Tokens(live, **{name: torch.cat([getattr(part, name) for part in parts]) for name in names})
        if algorithm == "grpo":
            return grpo_loss(tokens, n_tokens=self.n_tokens, beta=0.05)
        return mgpo_loss(tokens, n_tokens=self.n_tokens, tau_neg=2.0)

    def gradient(self, rows: Sequence[Sequence[int]], algorithm: str) -> dict[str, Tensor]:
        """Of the rows, accumulated."""
        self.policy.zero_grad()
        for row in rows:
            self.loss(row, algorithm).loss.backward()
        return {
            name: parameter.grad.clone() for name, parameter in self.policy.trainable() if parameter.grad is not None
        }


def policy() -> PolicyModel:
    """A small Qwen3, in float64 so that the order of a sum does not matter."""
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        attn_implementation=attention.NAME,
        tie_word_embeddings=True,
    )
    return PolicyModel(Qwen3ForCausalLM(config).double(), Any)


def sequence(number: int, random: np.random.Generator) -> TokenSequence:
    """A prompt, and turns of sampled tokens with an observation after each."""
    action = [-1] * int(random.integers(2, 6))
    for turn in range(TURNS):
        action += [turn] * int(random.integers(1, 5)) + [-1] * int(random.integers(0, 4))
    ids = random.integers(0, VOCABULARY, len(action))
    where = np.array(action)
    return TokenSequence(ids, where >= 0, where, None, str(number))


def step(granularity: Granularity = "action") -> Step:
    """Two groups of three trajectories, off-policy, with a reference that differs; all from fixed seeds."""
    random, model = np.random.default_rng(0), policy()
    sequences = [sequence(n, random) for n in range(GROUPS * MEMBERS)]
    torch.manual_seed(1)
    with torch.no_grad():
        now = [model(batch_of([s])).logprob for s in sequences]
    old = [logp + 0.3 * torch.randn_like(logp) for logp in now]
    ref = [logp + 0.3 * torch.randn_like(logp) for logp in now]
    rewards = iter([0.0, 0.5, 0.75, 0.96875, 0.5, 0.0])
    groups = [
        advantages(
            [
                ReturnedEpisode(
                    str(n), next(rewards), tuple(ActionReturn("check", float((n + t) % 2)) for t in range(TURNS))
                )
                for n in range(MEMBERS)
            ]
        )
        for _ in range(GROUPS)
    ]
    counts = [[int((s.action == turn).sum()) for turn in range(TURNS)] for s in sequences]
    actions = Actions.of(groups, [counts[g * MEMBERS : (g + 1) * MEMBERS] for g in range(GROUPS)])
    found = zero_sum_weights(actions, torch.cat(old), torch.cat(ref), beta=0.1, granularity=granularity)
    weight = torch.split(found.weight_A, [s.n_actions for s in sequences])
    return Step(model, sequences, [Tokens(*values) for values in zip(now, old, weight, [None] * 6, ref, strict=True)])


@pytest.fixture(scope="module")
def whole() -> dict[str, dict[str, Tensor]]:
    """The gradient of everything in one row, by algorithm."""
    return {algorithm: step().gradient([range(6)], algorithm) for algorithm in ALGORITHMS}


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys() and len(found) > 20
    assert all(float(gradient.abs().max()) > 1e-6 for gradient in expected.values())
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("rows", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_micro_batches_give_the_gradient_of_the_whole(
    rows: list[list[int]], algorithm: str, whole: dict[str, dict[str, Tensor]]
) -> None:
    same(step().gradient(rows, algorithm), whole[algorithm])


def test_micro_batches_give_the_metrics_of_the_whole() -> None:
    one, own = step(), token_means([step().loss(range(6), "mgpo").sums])
    assert token_means([one.loss(row, "mgpo").sums for row in CUTS["rows across groups"]]) == pytest.approx(own)
    assert own["ratio_std"] > 0.1 and own["gate"] < 0.99, "the gate is not exercised"


def on_one_rank(rank: int, folder: str) -> None:
    """Half of the sequences, every other one: a group has members on both ranks."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)

    def over_ranks(total: Tensor) -> Tensor:
        dist.all_reduce(total)
        return total

    mine, rows = step(), [[n] for n in range(rank, 6, 2)]
    for algorithm in ALGORITHMS:
        gradient = {name: over_ranks(value) for name, value in sorted(mine.gradient(rows, algorithm).items())}
        save_file(gradient, f"{folder}/{algorithm}-{rank}")
        metrics = token_means([mine.loss(row, algorithm).sums for row in rows], over_ranks)
        Path(folder, f"{algorithm}-{rank}.json").write_text(json.dumps(metrics))
    dist.destroy_process_group()


def test_two_ranks_give_the_gradient_and_the_metrics_of_one(
    tmp_path: Path, whole: dict[str, dict[str, Tensor]]
) -> None:
    spawn(on_one_rank, (str(tmp_path),), nprocs=2)
    for algorithm in ALGORITHMS:
        expected = token_means([step().loss(range(6), algorithm).sums])
        for rank in (0, 1):
            same(load_file(tmp_path / f"{algorithm}-{rank}"), whole[algorithm])
            found = json.loads((tmp_path / f"{algorithm}-{rank}.json").read_text())
            assert found == pytest.approx(expected)


@pytest.mark.parametrize("granularity", ["action", "token", "trajectory"])
def test_tokens_the_environment_wrote_get_no_gradient_from_the_head(granularity: Granularity) -> None:
    """The last hidden states of a row: those that predict no action token are not pulled at all."""
    one, states = step(granularity), []
    decoder: Any = one.policy.model.get_decoder()

    def keep(module: object, arguments: object, output: Any) -> None:
        output.last_hidden_state.retain_grad()
        states.append(output.last_hidden_state)

    decoder.register_forward_hook(keep)
    one.loss(range(6), "mgpo").loss.backward()
    pulled = states[0].grad[0].abs().sum(1) > 0
    predicting = torch.zeros_like(pulled)
    predicting[batch_of(one.sequences).action_index] = True
    assert pulled.tolist() == predicting.tolist()
