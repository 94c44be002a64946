"""A real vLLM server: ids and log-probs, several replies, tools, schemas, and conversations that are too long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from checkpoints import logprobs_of
from demonstrations import REPLY_TOKENS, SKILL_PACKAGE
from transformers import AutoModelForCausalLM, AutoTokenizer

from agentprop.cli.check_models import command as check_models
from agentprop.config import ProposeConfig
from agentprop.errors import BoundReached
from agentprop.inference.chat_template import Renderer
from agentprop.models.abilities import SCHEMA, SUM
from agentprop.models.chat import Message, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.local import serving
from agentprop.models.registry import Models
from agentprop.models.settings import ModelSettings, ServedSettings
from agentprop.records import Problem, StopReason, Trajectory, Turn
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run
from agentprop.training.data.sequences import drift, sequences_of

EXACT = ("--dtype", "float32", "--enable-auto-tool-choice", "--tool-call-parser", "hermes")
CLOSE = 1e-3
"""Nats by which a log-prob may differ from that of transformers."""


@pytest.fixture(scope="module")
def server(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSettings]:
    """The taught model in float32."""
    settings = ModelSettings(model=str(model_folder / "taught"), serve_args=EXACT)
    with serving(settings, tmp_path_factory.mktemp("server") / "log") as up:
        yield up


@pytest.fixture
def project(server: ServedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose agentprop.toml names the server, with tagged text and with native calls."""
    monkeypatch.chdir(tmp_path)
    place = (
        f'model = "{server.model}"\nbase_url = "{server.base_url}"\nmax_concurrency = 8\napi_key_env = "SERVER_KEY"\n'
    )
    monkeypatch.setenv("SERVER_KEY", server.key)
    known = f"{place}logprobs = true\ntoken_ids = true\n"
    (tmp_path / "agentprop.toml").write_text(f"[models.tagged]\n{known}[models.native]\n{known}tools = true\n")
    return tmp_path


def ask(server: ModelSettings, request: Request) -> Reply:
    async def answered() -> Reply:
        models = Models()
        try:
            return await models.open("test", server).reply(request)
        finally:
            await models.aclose()

    return asyncio.run(answered())


def proposals(out: Path, proposer: str, **settings: object) -> list[Trajectory]:
    bounds = {"n": 3, "max_candidates": 100, "reply_tokens": REPLY_TOKENS}
    library = {"skills": (str(SKILL_PACKAGE),), "bundled_skills": False}
    config = {"proposer": proposer, "strict": True, "guidance": False, **library, **bounds, **settings}
    with suppress(BoundReached):
        propose.run(ProposeConfig.model_validate(config), str(out), quiet=True)
    return list(open_run(out).iter(Trajectory))


def test_every_turn_has_the_ids_and_logprobs_of_transformers_and_the_next_prompt_goes_on_from_them(
    server: ModelSettings, project: Path
) -> None:
    model = AutoModelForCausalLM.from_pretrained(server.model, dtype=torch.float32)
    renderer = Renderer(AutoTokenizer.from_pretrained(server.model))
    trajectories = proposals(project / "run", "tagged")
    assert sum(t.problem_id is not None for t in trajectories) >= 3  # a statement may have come twice
    assert len(list(open_run(project / "run").iter(Problem))) == 3
    for trajectory in trajectories:
        for turn in trajectory.turns:
            assert turn.prompt_token_ids and turn.token_ids and turn.logprobs
            expected = logprobs_of(model, turn.prompt_token_ids, turn.token_ids)
            assert (expected - torch.tensor(turn.logprobs)).abs().max() < CLOSE
            assert turn.token_ids[-1] == renderer.end_id  # the end of a turn is an action too
        kept = [_goes_on(renderer, *pair) for pair in pairwise(trajectory.turns)]
        assert len(sequences_of(trajectory)) == 1 + kept.count(False)
        if trajectory.problem_id is not None:
            assert kept == [True]
            assert drift(trajectory, renderer).drifted == 0


def _goes_on(renderer: Renderer, before: Turn, after: Turn) -> bool:
    """Check that a prompt is all that was sent and sampled before plus a bridge, or its text encodes differently."""
    sampled = before.token_ids or ()
    bridge = renderer.bridge(sampled, [Message("user", before.observation)])
    if after.prompt_token_ids == (*(before.prompt_token_ids or ()), *sampled, *bridge):
        return True
    assert renderer.reply_ids(before.message) != sampled
    return False


def test_logprobs_are_the_models_own_at_any_temperature(server: ModelSettings) -> None:
    model = AutoModelForCausalLM.from_pretrained(server.model, dtype=torch.float32)
    asked = (Message("user", "Say something new about marbles."),)
    for sampling in (Sampling(temperature=0.5, top_p=0.9, max_tokens=24), Sampling(temperature=1.5, max_tokens=24)):
        reply = ask(server, Request(asked, sampling, exact=True))
        assert reply.prompt_token_ids and reply.choices[0].token_ids and reply.choices[0].logprobs
        expected = logprobs_of(model, reply.prompt_token_ids, reply.choices[0].token_ids)
        assert (expected - torch.tensor(reply.choices[0].logprobs)).abs().max() < CLOSE


def test_several_replies_come_in_one_request_each_with_its_own_tokens(server: ModelSettings) -> None:
    sampling = Sampling(temperature=1.5, max_tokens=12, seed=3)
    asked = (Message("user", "Say something new about rows."),)
    reply = ask(server, Request(asked, sampling, n=5, exact=True))
    assert reply.attempts == 1
    assert len({choice.token_ids for choice in reply.choices}) == 5
    assert all(len(choice.token_ids or ()) == len(choice.logprobs or ()) > 0 for choice in reply.choices)
    again = ask(server, Request(asked, sampling, n=5, exact=True))
    assert [c.token_ids for c in again.choices] == [c.token_ids for c in reply.choices]


def test_native_calls_propose_as_tagged_text_does(project: Path) -> None:
    trajectories = proposals(project / "run", "native")
    accepted = [t for t in trajectories if t.problem_id is not None]
    assert len(accepted) >= 3
    assert all([turn.action for turn in t.turns] == ["exec", "submit"] for t in accepted)
    assert all(turn.finish_reason == "tool_calls" for t in accepted for turn in t.turns)
    assert ["marbles" in problem.statement for problem in open_run(project / "run").iter(Problem)] == 3 * [True]


def test_a_schema_reaches_the_server(server: ModelSettings) -> None:
    asked = Request((Message("user", SUM),), Sampling(temperature=0.0, max_tokens=60), schema=SCHEMA)
    assert json.loads(ask(server, asked).text) == {"sum": 5}
    with pytest.raises(ModelFailure) as caught:
        ask(server, replace(asked, schema={"type": "nonsense"}))
    assert caught.value.kind is FailureKind.REJECTED


def test_a_conversation_longer_than_the_context_is_told_from_a_reply_that_was_cut_off(
    server: ModelSettings, project: Path
) -> None:
    with pytest.raises(ModelFailure) as caught:
        ask(server, Request((Message("user", "zq " * 5000),)))
    assert caught.value.kind is FailureKind.CONTEXT_OVERFLOW
    endless = server.model_copy(update={"extra_body": {"ignore_eos": True}})
    cut = ask(endless, Request((Message("user", "zq " * 1300),), exact=True))
    assert cut.choices[0].truncated
    assert len(cut.prompt_token_ids or ()) + len(cut.choices[0].token_ids or ()) == 4096
    stops = {t.stop for t in proposals(project / "short", "tagged", reply_tokens=5, max_candidates=2)}
    assert stops == {StopReason.TRUNCATED}


def test_check_models_finds_that_it_can_do_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_models(["native"], json=True)
    (found,) = json.loads(capsys.readouterr().out)
    able = {name: found["abilities"][name] for name in ("n", "tools", "structured", "logprobs", "token_ids")}
    assert able == dict.fromkeys(able, "yes")
    assert found["abilities"]["context_length"] == 4096
    assert found["prompt"].startswith("<|im_start|>system\nYou may call:\nthink\nexec\nedit\nsubmit<|im_end|>\n")
