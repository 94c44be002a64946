"""`episodes(domain="mathematics")`: the environment in which a problem is proposed, for whoever acts from outside.

    episode = episodes(seed=3)[0]
    episode.messages                       the protocol and the task, as a model is told them
    episode.step("<exec>…</exec>")         carries out the actions of a message, and returns the observation
    episode.done, episode.reward()

Episode i has the same task on every machine, so that a group of rollouts can share it. Any number may be under way, in
any threads; they share one library and one sandbox.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import Any

from agentprop.agent.candidates import CandidateMaker
from agentprop.agent.environment import Environment
from agentprop.agent.sources import tools
from agentprop.agent.tool_calls import PROMPT, tagged_block
from agentprop.api.custom import OwnVerifier, Verifier
from agentprop.api.items import STRIDE, TRIES, library_and_plan
from agentprop.api.running import outside_loop
from agentprop.api.settings import Paths, paths_of, settings_of
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.grading import builtin_verifier
from agentprop.models.chat import ToolCall
from agentprop.prompts import prompt
from agentprop.records import MadeBy, Move, Problem, Task, Trajectory
from agentprop.records.action_text import Malformed
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.plan import Plan
from agentprop.training.rl.rewards import terminal

OUTSIDE = "custom:outside"
"""Name that records give the proposer of such an episode."""


def episodes(
    domain: str | None = None,
    seed: int = 0,
    *,
    verifier: Verifier | None = None,
    skills: Paths = (),
    categories: Paths = (),
    bundled_skills: bool = True,
    max_skills: int | None = None,
    held_out: Paths = (),
    max_turns: int = 16,
    strict: bool = False,
    allow_weak_sandbox: bool = False,
) -> Episodes:
    """Return the episodes of a proposer; the settings mean what they mean for `propose`.

    `verifier` decides whether a problem is valid, as in `verify`; None means the built-in one, which leaves a statement
    undecided that is not worded as the skills word theirs.
    """
    given = {
        "n": 1,
        "proposer": OUTSIDE,
        "guidance": False,
        "domain": domain,
        "seed": seed,
        "skills": paths_of(skills),
        "categories": paths_of(categories),
        "bundled_skills": bundled_skills,
        "max_skills": max_skills,
        "held_out": paths_of(held_out),
        "max_turns": max_turns,
        "strict": strict,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    return Episodes(settings_of(ProposeConfig, given), verifier)


class Episodes:
    """Episodes by number. Use `episodes` to make them."""

    def __init__(self, config: ProposeConfig, verifier: Verifier | None = None) -> None:
        self.config = config
        self._own = OwnVerifier(verifier) if verifier is not None else None
        self._plan: Plan | None = None
        self._drop()

    def _drop(self) -> None:
        self._owner, self._lock = os.getpid(), threading.Lock()
        self._maker: CandidateMaker | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Keep the settings; the sandbox is started anew."""
        return {"config": self.config, "own": self._own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start from the settings."""
        self.__init__(state["config"])  # type: ignore[misc]
        self._own = state["own"]

    def __getitem__(self, index: int) -> Episode:
        """Open an episode from its beginning. Raises IndexError for a negative number."""
        if index < 0:
            raise IndexError(f"there is no episode {index}")
        maker = self._open()
        start = maker.curriculum.start()
        for candidate in range(index * STRIDE, index * STRIDE + TRIES):
            environment = maker.environment(candidate, start)
            if environment is not None:
                return Episode(index, environment, self)
        raise ConfigError(
            f"no composition was found for episode {index}", hint="allow more skills, or other categories"
        )

    def _open(self) -> CandidateMaker:
        if os.getpid() != self._owner:
            self._drop()
        with self._lock:
            if self._maker is None:
                sandbox = Sandbox(allow_weak=self.config.allow_weak_sandbox)
                plan = self._plan = self._plan or library_and_plan(self.config, sandbox)
                self._maker = CandidateMaker(
                    plan.planner(),
                    plan.curriculum,
                    Executor(sandbox, shared=False),  # episodes run in threads and event loops of their own
                    plan.rules,
                    self.config.seed,
                    verify=True,
                    made_by=MadeBy(name=OUTSIDE),
                    policy=_nobody,
                    variety=plan.variety,
                )
            return self._maker

    async def _judge(self, problem: Problem) -> bool | None:
        """Whether a problem is valid; None if that is undecided."""
        maker = self._open()
        judge = self._own or builtin_verifier.judge
        found = await judge(problem, maker.bundles.library, tools(), maker.executor)
        return {"valid": True, "invalid": False}.get(found.value)


class Episode:
    """One episode under way; one thread at a time may use it."""

    def __init__(self, index: int, environment: Environment, owner: Episodes) -> None:
        self.index = index
        """Number of the episode."""
        self._environment, self._owner = environment, owner
        self._valid: bool | None = None
        self._judged = False

    @property
    def task(self) -> Task:
        """Domain, category and skills to propose with."""
        return self._environment.task

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation so far as a chat model reads it: what came back from actions has the role `tool`."""
        return [{"role": role, "content": text} for role, text in self._environment.history]

    @property
    def native_messages(self) -> list[dict[str, str]]:
        """The protocol and the task as a model is told them that acts by calling functions."""
        return [{"role": "system", "content": prompt(PROMPT)}, {"role": "user", "content": self._environment.prompt}]

    @property
    def done(self) -> bool:
        """True once a problem was accepted, or a limit was met."""
        return self._environment.stop is not None

    @property
    def problem(self) -> Problem | None:
        """The problem, if a submission kept the contract."""
        return self._environment.problem

    @property
    def turns_left(self) -> int:
        """Actions that may still be taken."""
        return 0 if self.done else self._environment.rules.max_turns - len(self._environment.turns)

    def step(self, message: str) -> str:
        """Carry out the actions of a message in the tagged protocol, and return what came back."""
        return self._step(Move(message=message))

    def call(self, function: str, **arguments: Any) -> str:
        """Do the same for a native call: think(text), exec(code), edit(…) or submit(…)."""
        call = ToolCall("", function, json.dumps(arguments, ensure_ascii=False))
        try:
            return self._step(Move(message=tagged_block(call)))
        except Malformed as error:
            return self._step(Move(message=call.arguments, fault=str(error)))

    def _step(self, move: Move) -> str:
        if self.done:
            return "the episode is over"
        return outside_loop(lambda: asyncio.run(self._environment.step(move))).text

    def trajectory(self) -> Trajectory:
        """The record of the episode so far."""
        return self._environment.episode().trajectory

    def valid(self) -> bool | None:
        """V of the problem: True or False, None if the verifier could not decide; without a problem False."""
        problem = self.problem
        if problem is None:
            return False
        if not self._judged:
            self._valid = outside_loop(lambda: asyncio.run(self._owner._judge(problem)))
            self._judged = True
        return self._valid

    def reward(self, pass_rate: float | None = None) -> float | None:
        """r_T of the episode: V·(0.5 + 1[ρ > 0]·0.5·(1 − ρ)), where ρ is a solver's measured pass rate if there is one.

        None if validity is undecided. Source: the paper; the constants are ours.
        """
        valid = self.valid()
        return None if valid is None else terminal(valid, pass_rate)


def _nobody(task: Task) -> Any:
    """Stand in for a policy: whoever calls `step` acts."""
    raise AssertionError("an episode that is acted in from outside has no policy")
