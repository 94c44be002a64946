"""Toys for reinforcement learning: two skills, and a policy that follows scripts, in ids of a tokenizer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from tiny_model import tiny_model
from toy_skills import of_a_number

from agentprop.agent.environment import Rules
from agentprop.agent.hinting import HINTS
from agentprop.agent.sources import tools
from agentprop.composition.terms import Apply, Given, to_json
from agentprop.config import TrainMgpoConfig
from agentprop.inference.chat_template import PromptCache, Renderer
from agentprop.models.chat import Choice, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.records import Submission, Task
from agentprop.records import action_text as protocol
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.training.model.distributed import World
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.rollout import Group, RolloutSetup, roll_out

ALONE = World(0, 1, torch.device("cpu"), None)


def toys() -> dict[str, Package]:
    """Return two skills by name."""
    made = [of_a_number("square", "n * n", low=2), of_a_number("double", "2 * n", low=2)]
    return {package.name: package for package in made}


LIBRARY = toys()


def task(index: int = 0, names: Sequence[str] = ("toy-square",)) -> Task:
    """Return the task of a problem with these skills."""
    return Task(
        seed=0,
        index=index,
        domain="mathematics",
        category="toy",
        skill_ids=tuple(LIBRARY[name].id for name in names),
        skill_names=tuple(names),
    )


def submission(n: int = 7, claim: str | None = None, statement: str | None = None) -> str:
    """Return the message that submits the square of a number; V accepts it unless claim or statement is replaced."""
    term = to_json(Apply("toy-square", (("n", Given(str(n))),)))
    return protocol.submit(
        Submission(
            statement=statement or f"Find the square of {n}.",
            answer=claim or str(n * n),
            answer_type="integer",
            certificate=f"from skills import toy_square\nanswer = toy_square.solve(n={n})",
            composition=None if statement else term,
        )
    )


RUNS = protocol.execute("from skills import toy_square\nprint(toy_square.check(n=7))")
FAILS = protocol.execute("1 / 0")
THINK = protocol.think("Let me see.")
GOOD, WRONG = [RUNS, submission()], [submission(claim="48")] * 3
GARBAGE = ["what?"] * 3
UNREADABLE = [submission(statement="Consider, if you will, seven times seven.")]


@dataclass
class ScriptedPolicy:
    """Chat model that follows scripts, chosen by the number of the sample."""

    renderer: Renderer
    scripts: Sequence[Sequence[str]]
    """Scripts; sample i follows the one at i modulo their number. Replies after its end are cut off."""
    exact: bool = True
    """Replies have token ids."""
    cut: str = ""
    """What is said of a reply that is cut off."""
    asked: list[Request] = field(default_factory=list)
    identity: str = "told"
    prompt_cache: PromptCache = field(init=False)

    def __post_init__(self) -> None:
        self.prompt_cache = PromptCache(self.renderer)

    async def reply(self, request: Request) -> Reply:
        self.asked.append(request)
        await asyncio.sleep(0)
        script = self.scripts[request.sample % len(self.scripts)]
        turn = sum(message.role == "assistant" for message in request.messages)
        if turn >= len(script):
            prompt = self.prompt_cache.prompt(request.messages, request.sample)
            ids = self.renderer.reply_ids(self.cut)[:-1] if self.cut and self.exact else None
            said = Choice(self.cut, finish_reason="length", token_ids=ids)
            return Reply((said,), self.identity, prompt_token_ids=prompt if ids else None)
        if script[turn] == "down":
            raise ModelFailure(FailureKind.CONNECTION, "nobody is there")
        prompt = self.prompt_cache.prompt(request.messages, request.sample)
        ids = self.renderer.reply_ids(script[turn])
        self.prompt_cache.remember(request.messages, prompt, ids, script[turn], request.sample)
        if not self.exact:
            return Reply((Choice(script[turn], finish_reason="stop"),), self.identity)
        said = Choice(script[turn], finish_reason="stop", token_ids=ids)
        return Reply((said,), self.identity, prompt_token_ids=prompt)

    async def aclose(self) -> None:
        return


@dataclass
class Advised(ScriptedPolicy):
    """A policy that submits once it is given a hint."""

    said: str = submission()

    async def reply(self, request: Request) -> Reply:
        if not any(hint in message.text for message in request.messages for hint in HINTS):
            return await super().reply(request)
        turn = sum(message.role == "assistant" for message in request.messages)
        own = replace(self, scripts=[[self.said] * (turn + 1)])
        own.prompt_cache = self.prompt_cache
        return await super(Advised, own).reply(request)


def config(model: Path, **settings: Any) -> TrainMgpoConfig:
    """Settings of a small run on the CPU."""
    return TrainMgpoConfig(**{"model": str(model), "device": "cpu", "pack_tokens": 2048, **settings})


def policy_of(folder: Path) -> PolicyModel:
    """A tiny policy with random weights."""
    model = tiny_model(folder, texts=[*GOOD, *WRONG, *GARBAGE, RUNS, THINK])
    return PolicyModel.load(config(model)).distribute(ALONE)


def rollout_setup(executor: Executor, **rules: Any) -> RolloutSetup:
    """Return the fixed parts of toy episodes."""
    return RolloutSetup(LIBRARY, tools(), executor, Rules(**rules))


def rolled_out(
    executor: Executor,
    model: ScriptedPolicy,
    *,
    groups: int = 1,
    size: int | None = None,
    tasks: Sequence[Task] = (),
    **rules: Any,
) -> list[Group]:
    """Groups of episodes, one member for each script unless `size` says otherwise."""
    wanted = tasks or [task(index) for index in range(groups)]
    return asyncio.run(
        roll_out(wanted, size or len(model.scripts), rollout_setup(executor, **rules), model, Sampling())
    )
