"""Sampling in process: the model's own log-probs whatever happens to slots, the right distribution, the same twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma3TextConfig, LlamaConfig, Qwen2Config, Qwen3Config

from agentprop.errors import ConfigError
from agentprop.inference.engine import Generator, WantedReply
from agentprop.inference.kv_cache import SlotCache
from agentprop.inference.sampling import draw, uniforms

STATM = Path("/proc/self/statm")
VOCABULARY = 120
SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 1024,
    "initializer_range": 0.3,
}
WINDOWED = {"sliding_window": 24, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
FAMILIES = {
    "qwen3": Qwen3Config(**SHAPE),
    "llama": LlamaConfig(**SHAPE),
    "windows": Qwen2Config(**SHAPE, use_sliding_window=True, **WINDOWED),
    "biased": Qwen2Config(**SHAPE),
    "gemma3": Gemma3TextConfig(**SHAPE, query_pre_attn_scalar=8, **WINDOWED),
}


def model_of(config: Any, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config).eval()
    for parameter in model.parameters():
        if parameter.ndim == 1:  # biases and scales begin as zeros and ones
            parameter.data += 0.3 * torch.randn_like(parameter)
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    return model_of(FAMILIES["qwen3"])


def prompts(count: int, seed: int = 0, longest: int = 90) -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    return [random.integers(1, VOCABULARY, random.integers(2, longest)) for _ in range(count)]


def sampled(
    generator: Generator, asked: list[np.ndarray[Any, Any]], max_tokens: int = 12, **options: Any
) -> list[WantedReply]:
    jobs = [WantedReply(prompt, max_tokens, sample=i, **options) for i, prompt in enumerate(asked)]
    generator.run(jobs)
    return jobs


def ids_of(job: WantedReply) -> np.ndarray[Any, Any]:
    return np.append(job.prompt, job.tokens)


def error(model: Any, jobs: list[WantedReply]) -> float:
    """Largest difference between a job's log-probs and those of a fresh pass over its whole conversation."""
    worst = 0.0
    for job in jobs:
        ids = torch.from_numpy(ids_of(job))[None]
        with torch.no_grad():
            told = torch.log_softmax(model(ids).logits[0], -1)
        told = told[len(job.prompt) - 1 : -1].gather(1, ids[0, len(job.prompt) :, None])[:, 0]
        worst = max(worst, float((told - torch.tensor(job.logprobs)).abs().max()))
    return worst


# --- log-probs ---


@pytest.mark.parametrize("family", FAMILIES)
def test_log_probs_are_those_of_a_fresh_pass_over_many_turns_in_used_slots(family: str) -> None:
    model = model_of(FAMILIES[family])
    generator = Generator(model, [0], max_length=400, slots=5)
    random = np.random.default_rng(1)
    asked = prompts(13)
    for _ in range(4):
        jobs = sampled(generator, asked, max_tokens=int(random.integers(3, 20)))
        assert error(model, jobs) < 1e-4
        assert all(len(job.tokens) == len(job.logprobs) > 0 for job in jobs)
        asked = [np.append(ids_of(job), random.integers(1, VOCABULARY, random.integers(1, 30))) for job in jobs]
    assert max(map(len, asked)) > 100


def test_a_conversation_that_goes_on_computes_only_what_is_new(model: Any) -> None:
    generator = Generator(model, [], max_length=400)
    (first,) = sampled(generator, prompts(1, longest=60))
    (second,) = sampled(generator, [np.append(ids_of(first), [5, 6, 7])])
    assert second.cached == len(ids_of(first)) - 1  # the last sampled token was never passed
    assert error(model, [second]) < 1e-4


def test_samples_of_one_prompt_share_its_computation(model: Any) -> None:
    generator = Generator(model, [], max_length=400)
    prompt = np.random.default_rng(0).integers(1, VOCABULARY, 200)
    jobs = sampled(generator, [prompt] * 6)
    assert [job.cached for job in jobs] == [0, *[199] * 5]
    assert len({tuple(job.tokens) for job in jobs}) == 6
    assert error(model, jobs) < 1e-4


def test_a_prompt_longer_than_a_chunk_is_computed_in_chunks(model: Any) -> None:
    prompt = np.random.default_rng(0).integers(1, VOCABULARY, 700)
    assert error(model, sampled(Generator(model, [], max_length=1024), [prompt, *prompts(3)])) < 1e-4


def test_replies_are_the_same_where_memory_is_so_short_that_some_must_wait_or_begin_again(model: Any) -> None:
    asked = prompts(12)
    free = sampled(Generator(model, [], max_length=400), asked, max_tokens=150)
    generator = Generator(model, [], max_length=400)
    generator.memory.max_bytes = 5 * 192 * generator.cache.bytes_per_token
    tight = sampled(generator, asked, max_tokens=150)
    assert [job.tokens for job in tight] == [job.tokens for job in free]
    assert generator.cache.slots * generator.cache.length <= 5 * 192
    assert error(model, tight) < 1e-4


def test_what_does_not_fit_into_memory_at_all_says_so(model: Any) -> None:
    generator = Generator(model, [], max_length=1000, cache_bytes=0)
    generator.memory.max_bytes = 128 * generator.cache.bytes_per_token
    long, short = sampled(generator, [np.arange(1, 110), np.arange(1, 20)], max_tokens=60)
    assert (long.finish, short.finish) == ("overflow", "length")
    assert len(short.tokens) == 60


def test_memory_is_cleared_before_it_is_read(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = prompts(12)
    found = sampled(Generator(model, [], max_length=400), asked, max_tokens=150)
    empty = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *shape, **given: empty(*shape, **given).fill_(torch.nan))
    generator = Generator(model, [], max_length=400)
    jobs = sampled(generator, asked, max_tokens=150)
    assert generator.cache.keys[0].isnan().any()
    assert [(job.tokens, job.logprobs) for job in jobs] == [(job.tokens, job.logprobs) for job in found]


@pytest.mark.skipif(not STATM.exists(), reason="memory is read where Linux tells it")
def test_a_cache_takes_the_memory_of_what_was_used_and_not_of_what_it_could_hold(model: Any) -> None:
    cache = SlotCache.of(model)
    before, slots, length = resident(), 64, (1 << 30) // (64 * cache.bytes_per_token)
    cache.resize(slots, length)
    cache.open(4, length // 2)
    assert 1 << 24 < resident() - before < 1 << 27  # of 1 GiB a 32nd is used
    cache.resize(2 * slots, 2 * length)
    assert resident() - before < 1 << 27
    assert not any(tensor[:4, :, : length // 2].any() for tensor in (*cache.keys, *cache.values))


def resident() -> int:
    """Bytes of memory that this process takes."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- what is sampled ---


def test_greedy_sampling_is_that_of_transformers(model: Any) -> None:
    asked = prompts(6)
    jobs = sampled(Generator(model, [0], max_length=400, slots=4), asked, max_tokens=30, temperature=0.0)
    for job in jobs:
        told = model.generate(
            torch.from_numpy(job.prompt)[None], max_new_tokens=30, do_sample=False, eos_token_id=0, pad_token_id=0
        )
        assert job.tokens == told[0, len(job.prompt) :].tolist()


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.6, 1.0), (1.7, 1.0), (1.0, 0.7), (0.8, 0.95)])
def test_tokens_come_with_their_probabilities(model: Any, temperature: float, top_p: float) -> None:
    prompt, count = np.arange(1, 9), 6000
    jobs = sampled(Generator(model, [], max_length=64), [prompt] * count, 1, temperature=temperature, top_p=top_p)
    with torch.no_grad():
        weights = torch.softmax(model(torch.from_numpy(prompt)[None]).logits[0, -1].double() / temperature, -1)
    ordered, order = weights.sort(descending=True)
    ordered[ordered.cumsum(0) - ordered >= top_p] = 0
    expected = torch.zeros_like(weights).scatter(0, order, ordered / ordered.sum()).numpy() * count
    seen = np.bincount([job.tokens[0] for job in jobs], minlength=VOCABULARY)
    assert seen[expected == 0].sum() == 0
    often = expected >= 5
    observed = np.append(seen[often], seen[~often].sum())
    wanted = np.append(expected[often], expected[~often].sum())
    square = ((observed - wanted)[wanted > 0] ** 2 / wanted[wanted > 0]).sum()
    freedom = int((wanted > 0).sum()) - 1
    assert freedom > 5
    assert square < freedom + 5 * (2 * freedom) ** 0.5  # five standard deviations


def test_successive_tokens_and_samples_are_drawn_independently() -> None:
    keys = np.random.default_rng(0).integers(0, 2**63, 400).astype(np.uint64)
    drawn = np.array([uniforms(keys, np.full(400, position)) for position in range(200)])
    assert abs(drawn.mean() - 0.5) < 0.005
    for left, right in ((drawn[:-1], drawn[1:]), (drawn[:, :-1], drawn[:, 1:])):
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 0.02


def test_replies_do_not_depend_on_what_is_sampled_beside_them(model: Any) -> None:
    asked = prompts(20)
    together = sampled(Generator(model, [0], max_length=400), asked, max_tokens=40)
    for number in (3, 11):
        alone = WantedReply(asked[number], 40, sample=number)
        Generator(model, [0], max_length=400, slots=1).run([alone])
        assert alone.tokens == together[number].tokens
        assert np.allclose(alone.logprobs, together[number].logprobs, atol=1e-5)


def test_another_seed_or_sample_is_another_reply(model: Any) -> None:
    prompt = np.arange(1, 40)
    jobs = [WantedReply(prompt, 20, seed=seed, sample=sample) for seed, sample in ((0, 0), (1, 0), (0, 1), (0, 0))]
    Generator(model, [], max_length=100).run(jobs)
    replies = [tuple(job.tokens) for job in jobs]
    assert replies[0] == replies[3]
    assert len(set(replies)) == 3


def test_greedy_and_sampled_rows_may_stand_in_one_batch() -> None:
    logits = torch.log(torch.tensor([[0.1, 0.6, 0.3]])).expand(4, -1)
    tokens, logprobs = draw(
        logits,
        torch.tensor([0.99, 0.99, 0.05, 0.99], dtype=torch.float64),
        torch.tensor([0.0, 1.0, 1.0, 1.0]),
        torch.tensor([1.0, 1.0, 1.0, 0.5]),
    )
    assert tokens.tolist() == [1, 2, 0, 1]
    assert torch.allclose(logprobs.exp(), torch.tensor([0.6, 0.3, 0.1, 0.6]))


# --- how it ends ---


def test_a_reply_ends_with_a_stop_id_or_at_its_limit(model: Any) -> None:
    free = sampled(Generator(model, [], max_length=400), prompts(8), max_tokens=40)
    stop = free[0].tokens[7]
    jobs = sampled(Generator(model, [stop], max_length=400), prompts(8), max_tokens=40)
    for job, whole in zip(jobs, free, strict=True):
        cut = whole.tokens.index(stop) + 1 if stop in whole.tokens else 40
        assert job.tokens == whole.tokens[:cut]
        assert job.finish == ("stop" if stop in whole.tokens else "length")


def test_a_reply_ends_where_its_own_condition_says(model: Any) -> None:
    job = WantedReply(np.arange(1, 9), 40, ends=lambda tokens: len(tokens) == 5)
    Generator(model, [], max_length=400).run([job])
    assert (len(job.tokens), job.finish) == (5, "stop")


def test_prompt_and_reply_together_stay_within_the_context(model: Any) -> None:
    generator = Generator(model, [], max_length=50)
    fits, full = sampled(generator, [np.arange(1, 41), np.arange(1, 51)], max_tokens=30)
    assert (len(fits.tokens), fits.finish) == (10, "length")
    assert (len(full.tokens), full.finish) == (0, "length")


# --- the model ---


def with_adapters(model: Any) -> Any:
    """The model with LoRA on every linear layer of its body, changed from what it begins with."""
    model = inject_adapter_in_model(LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"), model)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(std=0.2)
    return model.eval()


@pytest.mark.parametrize(
    ("family", "fused"), [("qwen3", True), ("llama", True), ("biased", True), ("windows", True), ("gemma3", False)]
)
def test_small_models_of_known_architectures_have_a_fused_pass(family: str, fused: bool) -> None:
    generator = Generator(model_of(FAMILIES[family]), [], max_length=400)
    assert (generator.fused is not None) == fused


def test_a_fused_pass_gives_what_the_models_own_code_gives() -> None:
    model = model_of(FAMILIES["biased"])
    fused, own = (Generator(model, [0], max_length=400, slots=5) for _ in range(2))
    assert fused.fused is not None
    own.fused = None
    for jobs in zip(sampled(fused, prompts(9), 30), sampled(own, prompts(9), 30), strict=True):
        assert jobs[0].tokens == jobs[1].tokens
        assert np.allclose(jobs[0].logprobs, jobs[1].logprobs, atol=1e-5)


def test_adapters_are_sampled_with() -> None:
    plain = sampled(Generator(model_of(FAMILIES["qwen3"]), [], max_length=400), prompts(3))
    model = with_adapters(model_of(FAMILIES["qwen3"]))
    generator = Generator(model, [], max_length=400)
    adapted = sampled(generator, prompts(3))
    assert generator.fused is not None
    assert [job.tokens for job in adapted] != [job.tokens for job in plain]
    assert error(model, adapted) < 1e-4
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module._disable_adapters = True
    generator.forget()
    assert [job.tokens for job in sampled(generator, prompts(3))] == [job.tokens for job in plain]


def test_a_model_that_only_looks_known_runs_its_own_code() -> None:
    model = model_of(FAMILIES["llama"])
    forward = type(model).forward
    model.forward = lambda *args, **given: _halved(forward(model, *args, **given))
    generator = Generator(model, [], max_length=400)
    assert generator.fused is None
    assert error(model, sampled(generator, prompts(3))) < 1e-4


def _halved(out: Any) -> Any:
    out.logits = out.logits / 2
    return out


def test_new_weights_are_sampled_from_once_the_old_ones_are_forgotten() -> None:
    model = model_of(FAMILIES["qwen3"])
    generator = Generator(model, [], max_length=400)
    before = sampled(generator, prompts(4), max_tokens=20)
    model.load_state_dict(model_of(FAMILIES["qwen3"], seed=1).state_dict())
    generator.forget()
    after = sampled(generator, prompts(4), max_tokens=20)
    assert [job.tokens for job in after] != [job.tokens for job in before]
    assert error(model, after) < 1e-4
    fresh = sampled(Generator(model, [], max_length=400), prompts(4), max_tokens=20)
    assert [(job.tokens, job.logprobs) for job in after] == [(job.tokens, job.logprobs) for job in fresh]


def test_weights_that_an_optimiser_changed_are_noticed() -> None:
    model = model_of(FAMILIES["qwen3"])
    generator = Generator(model, [], max_length=400)
    before = sampled(generator, prompts(4), max_tokens=20)
    optimiser = torch.optim.SGD(model.parameters(), lr=5.0)
    model(torch.arange(1, 20)[None]).logits.square().mean().backward()
    optimiser.step()
    after = sampled(generator, prompts(4), max_tokens=20)
    assert [job.tokens for job in after] != [job.tokens for job in before]
    assert error(model, after) < 1e-4


def test_a_model_that_has_just_trained_with_gradient_checkpointing_is_sampled_from() -> None:
    model = model_of(FAMILIES["llama"])
    generator = Generator(model, [], max_length=400)
    before = sampled(generator, prompts(3))
    model.gradient_checkpointing_enable()
    model.train()
    generator.forget()
    assert generator.fused is not None
    assert [job.tokens for job in sampled(generator, prompts(3))] == [job.tokens for job in before]


def test_weights_cannot_change_while_a_reply_is_under_way(model: Any) -> None:
    generator = Generator(model, [], max_length=400)
    generator.add(WantedReply(np.arange(1, 9), 40))
    generator.step()
    with pytest.raises(RuntimeError, match="under way"):
        generator.forget()


def test_a_model_in_training_is_left_with_its_own_attention_and_without_gradients() -> None:
    model = model_of(FAMILIES["qwen3"]).train()
    before = model.config._attn_implementation
    (job,) = sampled(Generator(model, [], max_length=100), [np.arange(1, 9)])
    assert model.config._attn_implementation == before
    assert not model.training
    assert error(model, [job]) < 1e-4
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_model_with_capped_scores_is_refused() -> None:
    shape = {**SHAPE, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 30.0}
    with pytest.raises(ConfigError, match="capped"):
        sampled(Generator(model_of(Gemma2Config(**shape)), [], max_length=100), [np.arange(1, 9)])
