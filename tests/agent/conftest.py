"""A small world for the environment: three toy skills, a task on two of them, a policy that recites its messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from teacher_fixtures import corpus, done, server
from toy_skills import of_a_number

from agentprop.agent.environment import Environment, Episode, Rules, rollout
from agentprop.agent.sources import tools
from agentprop.records import Move, Observation, Task
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package


@pytest.fixture(scope="session")
def toys() -> dict[str, Package]:
    packages = [of_a_number("square", "n * n"), of_a_number("double", "2 * n"), of_a_number("successor", "n + 1")]
    return {package.name: package for package in packages}


@dataclass
class Parrot:
    """A policy that recites the given messages one after the other, and then gives up."""

    messages: Sequence[str]
    said: int = 0

    async def act(self, observation: Observation) -> Move:
        if self.said >= len(self.messages):
            return Move(message=None)
        self.said += 1
        return Move(message=self.messages[self.said - 1])


Play = Callable[..., Episode]


@pytest.fixture
def play(toys: Mapping[str, Package], executor: Executor) -> Play:
    """Run messages through a fresh environment."""

    def run(*messages: str, names: Sequence[str] = ("toy-square", "toy-double"), **rules: Any) -> Episode:
        task = Task(
            seed=0,
            index=0,
            domain="mathematics",
            category="toy",
            skill_ids=tuple(toys[n].id for n in names),
            skill_names=tuple(names),
        )
        environment = Environment(task, toys, executor, tools(), Rules(**rules))
        return asyncio.run(rollout(environment, Parrot(messages)))

    return run


__all__ = ["corpus", "done", "server"]
