"""Annealed decoding: the schedule, what is drawn and noted, and that the correction leaves the gradient unbiased."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import torch
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.errors import ConfigError
from agentprop.inference.chat_template import Renderer
from agentprop.inference.deterministic import DeterministicChat
from agentprop.inference.sampling import annealed_logprobs, draw
from agentprop.models.annealing import Annealing
from agentprop.models.chat import Choice, Message, Request, Sampling
from agentprop.records.action_text import think
from agentprop.stages.train.rl_run import check_reinforce, policy_sampling
from agentprop.training.means import RunningMeans
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.corrections import by_position, check_effective
from agentprop.training.rl.losses import rollout_correction


def test_the_schedule_by_hand() -> None:
    at = Annealing(500).temperature
    found = [at(t) for t in (0, 10, 100, 300, 390, 500, 10**9)]
    assert found == pytest.approx([1, 1.1798, 0.9786, 0.3779, 0.1, 0.1, 0.1], abs=1e-4)
    assert Annealing(500, 5).at(20).decay == 600 and Annealing(500, 5).at(10**6).decay == 40_000
    assert Annealing(500, 5).at(20).at(20).decay == 600


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.2])
def test_tokens_are_drawn_at_their_temperature_and_noted_with_its_log_probs(temperature: float) -> None:
    """From the logits 0 and log 2 the second token comes with 2^(1/τ) to 1."""
    n, logits = 20_000, torch.tensor([[0.0, 2.0]]).log().masked_fill(torch.tensor([[True, False]]), 0.0)
    every = logits.expand(n, 2)
    uniforms = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    at = torch.full((n,), temperature)
    tokens, plain = draw(every, uniforms, at, torch.ones(n))
    share = 2 ** (1 / temperature) / (1 + 2 ** (1 / temperature))
    assert float(tokens.double().mean()) == pytest.approx(share, abs=1e-4)
    drawn = annealed_logprobs(every, tokens, at)
    closed = torch.where(tokens == 1, share / (2 / 3), (1 - share) / (1 / 3)).log()
    torch.testing.assert_close(drawn - plain, closed.float(), atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> PolicyModel:
    loaded = PolicyModel.load(config(tiny_model(tmp_path_factory.mktemp("model")))).distribute(ALONE)
    with torch.no_grad():
        for parameter in loaded.parameters():
            parameter.mul_(3)
    return loaded


def said(policy: PolicyModel, annealing: Annealing | None, step: int = 0) -> tuple[tuple[int, ...], Choice]:
    """The prompt and a reply of thirty tokens."""
    model = DeterministicChat(policy.model, policy.tokenizer, name="toy", context_length=400)
    model.stop_ids, model.generator.stop_ids = frozenset(), model.generator.stop_ids[:0]
    model.step = step
    sampling = Sampling(temperature=1.0, max_tokens=30, annealing=annealing)
    reply = asyncio.run(model.reply(Request((Message("user", "Begin."),), sampling)))
    assert reply.prompt_token_ids is not None
    return reply.prompt_token_ids, reply.choices[0]


def test_a_reply_is_noted_with_the_log_probs_of_its_own_temperatures(policy: PolicyModel) -> None:
    annealing = Annealing(8.0, growth=2.0)
    prompt, choice = said(policy, annealing, step=1)
    assert choice.token_ids is not None and choice.logprobs is not None and len(choice.token_ids) == 30
    ids = torch.tensor([[*prompt, *choice.token_ids]])
    logits = policy.model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
    now = annealing.at(1)
    temperature = torch.tensor([now.temperature(t) for t in range(30)])
    assert temperature[9] == 1 and temperature[10] < 1 and temperature[-1] == pytest.approx(0.1)
    expected = annealed_logprobs(logits, ids[0, len(prompt) :], temperature)
    torch.testing.assert_close(torch.tensor(choice.logprobs), expected.detach(), atol=1e-3, rtol=1e-3)


def test_temperatures_that_are_all_1_change_nothing(policy: PolicyModel) -> None:
    plain, flat = said(policy, None)[1], said(policy, Annealing(100.0, high=1.0, low=1.0))[1]
    assert flat.token_ids == plain.token_ids and flat.logprobs == plain.logprobs
    assert said(policy, Annealing(5.0))[1].token_ids != plain.token_ids


def test_a_reply_is_annealed_from_a_text_on_or_not_at_all(policy: PolicyModel) -> None:
    plain = said(policy, None)[1]
    never = said(policy, Annealing(5.0, after="<no such text>"))[1]
    assert plain.token_ids is not None and never.token_ids == plain.token_ids
    assert never.logprobs == pytest.approx(plain.logprobs, abs=1e-5)
    texts = [Renderer(policy.tokenizer).decode(plain.token_ids[:n]) for n in range(31)]
    begun = next(n for n in range(12, 30) if all(texts[n] in text for text in texts[n:]) and texts[n] not in texts[:n])
    annealing = Annealing(5.0, after=texts[begun])
    prompt, choice = said(policy, annealing)
    assert choice.token_ids is not None and choice.token_ids[:begun] == plain.token_ids[:begun]
    assert choice.token_ids != plain.token_ids
    ids = torch.tensor([[*prompt, *choice.token_ids]])
    logits = policy.model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
    temperature = torch.tensor([1.0 if t < begun else annealing.temperature(t) for t in range(30)])
    expected = annealed_logprobs(logits, ids[0, len(prompt) :], temperature)
    torch.testing.assert_close(torch.tensor(choice.logprobs), expected.detach(), atol=1e-3, rtol=1e-3)


def test_corrected_by_the_full_ratio_the_gradient_is_that_of_temperature_1() -> None:
    """Three arms, every one with its probability: the mean of c·A·∇log π over μ is that of A·∇log π over π."""
    logits, gain = torch.tensor([0.3, -1.0, 0.9]).double(), torch.tensor([1.0, 0.5, -0.7]).double()
    pi, log_mu = logits.softmax(0), (logits / 0.4).log_softmax(0)
    slopes = torch.eye(3, dtype=torch.float64) - pi  # ∇ log π of each arm by the logits
    c = rollout_correction(pi.log(), log_mu, cap=torch.inf)
    annealed = ((log_mu.exp() * c * gain)[:, None] * slopes).sum(0)
    torch.testing.assert_close(annealed, ((pi * gain)[:, None] * slopes).sum(0), atol=1e-12, rtol=0)


def test_corrections_are_reported_by_tenths_of_a_reply_and_too_uneven_ones_end_the_run() -> None:
    means = RunningMeans()
    action = torch.tensor([0] * 20 + [1] * 10)
    by_position(means, torch.cat([torch.arange(20) / 2, torch.arange(10.0)]), action)
    found = means.reduce(ALONE)
    assert found["correction_tenth_1"] == pytest.approx((0 + 0.5 + 0) / 3)
    assert found["correction_tenth_10"] == pytest.approx((9 + 9.5 + 9) / 3)
    assert found["annealed"] == pytest.approx(28 / 30), "two of the corrections are 1"
    check_effective(torch.tensor([1.0, 1.0, 1.0, 2.0]), ALONE)
    with pytest.raises(ConfigError, match="20% of a batch"):
        check_effective(torch.tensor([1.0, 0, 0, 0, 0]), ALONE)


def test_settings_anneal_only_if_asked_and_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy_sampling(config(tmp_path)) == Sampling(temperature=1.0, top_p=1.0, max_tokens=2048)
    asked = config(tmp_path, anneal_decay=512)
    assert policy_sampling(asked).annealing == Annealing(512)
    thinking = policy_sampling(config(tmp_path, anneal_decay=512, anneal_turns="think")).annealing
    assert thinking == Annealing(512, after="<action:think>") and think("so").startswith(thinking.after)
    monkeypatch.setattr("agentprop.stages.train.rl_run.vllm_program", lambda: ["vllm"])
    check_reinforce(asked)
    with pytest.raises(ConfigError, match="one temperature"):
        check_reinforce(config(tmp_path, anneal_decay=512, sampler="vllm"))
