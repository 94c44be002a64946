"""A model in this process as any stage meets it: exact ids over turns, a free event loop, whole stages without vLLM."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import tiny_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from agentprop.config import ProbeConfig, ProposeConfig, VerifyConfig
from agentprop.errors import BoundReached, InputError
from agentprop.inference.chat import InProcessChat
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Message, Reply, Request, Sampling, Tool
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.registry import Models
from agentprop.models.settings import InProcessSettings, ModelSettings
from agentprop.prompts import prompt
from agentprop.records import Attempt, Certificate, Difficulty, Problem, Trajectory, Verdict
from agentprop.stages.common.models import in_process, loaded, runs_here
from agentprop.stages.probe import run as probe
from agentprop.stages.propose import run as propose
from agentprop.stages.verify import run as verify
from agentprop.storage.run import Run, open_run

CONTEXT = 8192
"""Tokens; the prompt of a proposer takes more than half of them with so small a vocabulary."""
STOPS = 40
"""Ids that end a reply of the checkpoint, so that random replies end."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with random weights whose replies are short."""
    path = tiny_model(tmp_path_factory.mktemp("random"), texts=[prompt("proposer"), prompt("task")], vocabulary=800)
    shape = AutoConfig.from_pretrained(path, initializer_range=0.3, max_position_embeddings=CONTEXT)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(shape)
    model.generation_config = GenerationConfig(eos_token_id=[2, *range(10, 10 + STOPS)])
    model.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def module(checkpoint: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(checkpoint).eval()


def opened(checkpoint: Path, module: Any, **options: Any) -> InProcessChat:
    return InProcessChat(module, AutoTokenizer.from_pretrained(checkpoint), name="tiny", **options)


def asked(*texts: str, **options: Any) -> Request:
    """A conversation in which the user begins."""
    roles = ("user", "assistant")
    messages = tuple(Message(roles[i % 2], text) for i, text in enumerate(texts))
    return Request(messages, Sampling(max_tokens=30, temperature=1.0), **options)


def answered(model: InProcessChat, *requests: Request) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        replies = await asyncio.gather(*map(model.reply, requests))
        await model.aclose()
        return list(replies)

    return asyncio.run(all_of_them())


def error(module: Any, reply: Reply) -> float:
    """Largest difference between a reply's log-probs and those of a fresh pass."""
    assert reply.prompt_token_ids is not None
    worst = 0.0
    for choice in reply.choices:
        assert choice.token_ids is not None and choice.logprobs is not None
        worst = max(worst, difference(module, reply.prompt_token_ids, choice.token_ids, choice.logprobs))
    return worst


def difference(module: Any, prompt: tuple[int, ...], sampled: tuple[int, ...], logprobs: tuple[float, ...]) -> float:
    with torch.no_grad():
        told = torch.log_softmax(module(torch.tensor([prompt + sampled])).logits[0], -1)[len(prompt) - 1 : -1]
    found = told.gather(1, torch.tensor(sampled)[:, None])[:, 0]
    return float((found - torch.tensor(logprobs)).abs().max())


# --- replies ---


def test_a_reply_is_text_with_the_ids_and_log_probs_behind_it(checkpoint: Path, module: Any) -> None:
    model = opened(checkpoint, module)
    (reply,) = answered(model, asked("Hello", n=5))
    assert len({choice.token_ids for choice in reply.choices}) == 5
    assert error(module, reply) < 1e-4
    for choice in reply.choices:
        ids = choice.token_ids or ()
        ended = ids[-1] in model.stop_ids
        assert choice.finish_reason == ("stop" if ended else "length") and len(ids) <= 30
        assert choice.text == model.renderer.decode(ids[:-1] if ended else ids)
    assert reply.usage is not None
    assert reply.usage.completion_tokens == sum(len(choice.token_ids or ()) for choice in reply.choices)
    assert reply.usage.prompt_tokens == len(reply.prompt_token_ids or ())


def test_choices_are_the_samples_that_single_requests_would_get(checkpoint: Path, module: Any) -> None:
    (together,) = answered(opened(checkpoint, module), asked("Hello", n=3, sample=4))
    singles = answered(opened(checkpoint, module), *(asked("Hello", sample=4 + i) for i in range(3)))
    assert [c.token_ids for c in together.choices] == [one.choices[0].token_ids for one in singles]


def test_turns_go_on_from_the_exact_ids_of_the_turns_before(checkpoint: Path, module: Any) -> None:
    model = opened(checkpoint, module, slots=4)

    async def talk(sample: int) -> list[Reply]:
        said, replies = ["Hello"], []
        for turn in range(4):
            replies.append(await model.reply(asked(*said, sample=sample)))
            said += [replies[-1].text, f"and then {turn}?"]
        return replies

    async def talks() -> list[list[Reply]]:
        found = await asyncio.gather(*map(talk, range(9)))
        await model.aclose()
        return list(found)

    for replies in asyncio.run(talks()):
        for before, after in pairwise(replies):
            ids = (before.prompt_token_ids or ()) + (before.choices[0].token_ids or ())
            assert (after.prompt_token_ids or ())[: len(ids)] == ids
        assert max(error(module, reply) for reply in replies) < 1e-4


def test_the_event_loop_runs_on_while_a_reply_is_sampled(checkpoint: Path, module: Any) -> None:
    model = opened(checkpoint, module)
    turns = 0

    async def count(stop: asyncio.Event) -> None:
        nonlocal turns
        while not stop.is_set():
            await asyncio.sleep(0)
            turns += 1

    async def both() -> None:
        stop = asyncio.Event()
        counting = asyncio.create_task(count(stop))
        await model.reply(asked("Hello", n=4))
        stop.set()
        await counting
        await model.aclose()

    asyncio.run(both())
    assert turns > 20


def test_a_stop_text_ends_a_reply_and_is_not_part_of_it(checkpoint: Path, module: Any) -> None:
    whole = answered(opened(checkpoint, module), *(asked("Hello", sample=sample) for sample in range(30)))
    sample, text = max(enumerate(reply.text for reply in whole), key=lambda found: len(found[1]))
    stop = next(text[i : i + 2] for i in range(len(text) // 3, len(text)) if text[i : i + 2].isascii())
    sampling = Sampling(max_tokens=30, temperature=1.0, stop=("never", stop))
    (cut,) = answered(opened(checkpoint, module), Request(asked("Hello").messages, sampling, sample=sample))
    assert cut.text == text[: text.index(stop)] and cut.choices[0].finish_reason == "stop"


def test_what_cannot_be_done_is_a_failure_that_says_why(checkpoint: Path, module: Any) -> None:
    model = opened(checkpoint, module, context_length=60)
    with pytest.raises(ModelFailure, match="of 60") as overflow:
        answered(model, asked("x" * 200))
    assert overflow.value.kind is FailureKind.CONTEXT_OVERFLOW
    with pytest.raises(ModelFailure, match="no tools") as tools:
        answered(model, asked("Hello", tools=(Tool("f", "does", {}),)))
    assert tools.value.kind is FailureKind.REJECTED


def test_an_error_in_the_sampling_thread_reaches_who_waits(
    checkpoint: Path, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(checkpoint, module)
    monkeypatch.setattr(model.generator, "step", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        answered(model, asked("Hello"), asked("Goodbye"))
    monkeypatch.undo()
    (reply,) = answered(model, asked("Hello"))
    assert error(module, reply) < 1e-4


def test_after_new_weights_nothing_old_is_left(checkpoint: Path) -> None:
    module = AutoModelForCausalLM.from_pretrained(checkpoint).eval()
    model = opened(checkpoint, module)
    (before,) = answered(model, asked("Hello", n=4))
    state = {name: value + 0.05 * torch.randn_like(value) for name, value in module.state_dict().items()}
    model.refresh(state, name="tiny#1")
    (after,) = answered(model, asked("Hello", n=4))
    assert after.model == "tiny#1"
    assert [c.token_ids for c in after.choices] != [c.token_ids for c in before.choices]
    assert error(module, after) < 1e-4


# --- in the stages ---


def test_who_runs_a_local_model() -> None:
    assert not runs_here(ModelSettings(model="m", engine="vllm"))
    assert runs_here(ModelSettings(model="m", engine="in-process"))
    assert not runs_here(ModelSettings(model="m", serve_command=("mine",)))


def speaking(checkpoint: Path, module: Any) -> list[int]:
    """Samples of "Hello" for which two replies both have text: one that ends at once is no reply."""
    found = answered(opened(checkpoint, module), *(asked("Hello", sample=sample, n=2) for sample in range(0, 20, 2)))
    return [2 * i for i, reply in enumerate(found) if all(choice.text.strip() for choice in reply.choices)]


def test_replies_of_a_model_in_process_are_bought_once(checkpoint: Path, module: Any, tmp_path: Path) -> None:
    settings = loaded(ModelSettings(model=str(checkpoint), engine="in-process"))
    one, two, three, *_ = speaking(checkpoint, module)

    def ask(*samples: int) -> list[Reply]:
        async def all_of_them() -> list[Reply]:
            cache = ReplyCache(tmp_path / "replies.sqlite")
            models = Models(cache=cache, loader=in_process)
            model = models.open("role", settings)
            replies = [await model.reply(asked("Hello", sample=sample, n=2, exact=True)) for sample in samples]
            await models.aclose()
            cache.close()
            return replies

        return asyncio.run(all_of_them())

    first, other = ask(one, two)
    again, more = ask(one, three)
    assert again.cached and not more.cached
    assert again.choices == first.choices and again.prompt_token_ids == first.prompt_token_ids
    ids = [choice.token_ids for reply in (first, other, more) for choice in reply.choices]
    assert len(set(ids)) == 6 and None not in ids
    assert error(AutoModelForCausalLM.from_pretrained(checkpoint).eval(), other) < 1e-4


def test_a_field_that_would_change_the_reply_is_refused(checkpoint: Path) -> None:
    settings = loaded(ModelSettings(model=str(checkpoint), extra_body={"top_k": 20}))

    async def ask() -> None:
        models = Models(loader=in_process)
        try:
            await models.open("role", settings).reply(asked("Hello"))
        finally:
            await models.aclose()

    with pytest.raises(ModelFailure, match="top_k"):
        asyncio.run(ask())


@pytest.mark.parametrize("missing", ["tokenizer.json", "model.safetensors", "config.json"])
def test_half_a_model_is_refused(missing: str, checkpoint: Path, tmp_path: Path) -> None:
    for file in checkpoint.iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())

    async def ask() -> None:
        await Models(loader=in_process).open("role", InProcessSettings(model=str(tmp_path))).reply(asked("Hello"))

    with pytest.raises(InputError, match="cannot be read"):
        asyncio.run(ask())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> Path:
    """A directory in which the checkpoint is called `tiny`."""
    monkeypatch.chdir(tmp_path)
    Path("agentprop.toml").write_text(
        f'[models.tiny]\nmodel = {json.dumps(str(checkpoint))}\nengine = "in-process"\nmax_concurrency = 96\n'
    )
    return tmp_path


def test_propose_by_a_directory_keeps_exact_ids_and_log_probs(project: Path, module: Any) -> None:
    config = ProposeConfig(
        n=1, proposer="tiny", domain="mathematics", max_candidates=8, reply_tokens=30, max_turns=3, temperature=1.0
    )
    with pytest.raises(BoundReached):
        propose.run(config, "run", quiet=True)
    trajectories = [one for one in open_run("run").iter(Trajectory) if len(one.turns) > 1]
    assert trajectories and all(one.token_exact for one in trajectories)
    for turns in (one.turns for one in trajectories):
        for turn in turns:
            assert turn.prompt_token_ids and turn.token_ids and turn.logprobs
            assert difference(module, turn.prompt_token_ids, turn.token_ids, turn.logprobs) < 1e-4
        for before, after in pairwise(turns):
            ids = (*(before.prompt_token_ids or ()), *(before.token_ids or ()))
            assert (after.prompt_token_ids or ())[: len(ids)] == ids


def test_verify_and_probe_by_a_directory(project: Path) -> None:
    problem = Problem(
        statement="What is 1 + 1?",
        answer="2",
        answer_type="integer",
        domain="mathematics",
        category="sums",
        skills=("sum",),
        skill_ids=("s",),
        certificate=Certificate(form="none"),
    )
    with Run.open("made", "propose", {}) as made:
        made.add(problem)
        made.commit({})
        made.finish({})
    probe.run(ProbeConfig(prober=("tiny",), k=4, reply_tokens=20), "made", "probed", quiet=True)
    probed = open_run("probed")
    replies = [attempt.response for attempt in probed.iter(Attempt)]
    assert len(set(replies)) == 4
    assert [found.c for found in probed.iter(Difficulty)] in ([], [0])
    verify.run(VerifyConfig(verifier=("tiny",) * 3, reply_tokens=20), "made", "verified", quiet=True)
    (verdict,) = open_run("verified").iter(Verdict)
    assert verdict.value != "valid"
    assert len({attempt.response for attempt in open_run("verified").iter(Attempt)}) == 3
