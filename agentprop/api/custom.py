"""A program's own proposer or verifier → what the stages call: a policy for each episode, a judge of one problem."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agentprop.agent.environment import Policy
from agentprop.api.scoring import score
from agentprop.errors import ConfigError
from agentprop.grading.judgement import Judgement
from agentprop.records import Move, Observation, Problem, Task
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

Answered = Move | str | None
"""A message in the tagged protocol, a whole move, or None to give up."""
Found = Judgement | bool | str | None
"""A judgement; True valid, False invalid, None undecided; or the verifier's own answer as a text."""


class Proposer(Protocol):
    """What proposes: one method, which may be a coroutine so that several episodes are answered at once."""

    def act(self, observation: Observation) -> Answered | Awaitable[Answered]:
        """Choose the next message of an episode; the observation holds all that came before."""
        ...


Verifier = Callable[[Problem], Found | Awaitable[Found]]
"""What judges: a function of a problem, which may be a coroutine function."""


def name_of(given: object) -> str:
    """Name that runs record: `custom:` and the object's `name`, or else that of its function or class."""
    own = getattr(given, "name", None) or getattr(given, "__name__", None) or type(given).__name__
    return f"custom:{own}"


def policy_of(proposer: Proposer | Callable[[Task], Proposer]) -> Callable[[Task], Policy]:
    """Make the policy of each episode, from a proposer for all of them, or from what makes one for a task."""
    if isinstance(proposer, type) or not hasattr(proposer, "act"):
        if not callable(proposer):
            raise ConfigError(
                f"a proposer has a method act(observation); {type(proposer).__name__} has none",
                hint="give it one that returns the next message, or name a MODEL",
            )
        make = proposer
        return lambda task: _OwnPolicy(make(task))
    return lambda task: _OwnPolicy(proposer)


@dataclass(frozen=True)
class _OwnPolicy:
    proposer: Any

    async def act(self, observation: Observation) -> Move:
        answered = self.proposer.act(observation)
        if inspect.isawaitable(answered):
            answered = await answered
        if answered is not None and not isinstance(answered, Move | str):
            told = f"act(observation) of a proposer returned {type(answered).__name__}"
            raise ConfigError(told, hint="return the next message as a text, a Move, or None to give up")
        return answered if isinstance(answered, Move) else Move(message=answered)


@dataclass(frozen=True)
class OwnVerifier:
    """A program's own verifier in the form of those that need no language model."""

    verifier: Verifier

    async def __call__(
        self, problem: Problem, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
    ) -> Judgement:
        """Judge a problem."""
        found = self.verifier(problem)
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, Judgement):
            return found
        if isinstance(found, str):
            return _by_answer(problem, found)
        if found is None or isinstance(found, bool):
            return _by_word(found)
        # A number may be an answer or a word, and counted as the wrong one of them it would judge every problem.
        told = f"a verifier returned {type(found).__name__} ({found!r:.40})"
        raise ConfigError(told, hint="return True, False, None, or the answer that it found as a text")


def _by_word(found: bool | None) -> Judgement:
    if found is None:
        return Judgement("undetermined", "undecided", "the verifier did not decide")
    told = "accepts" if found else "refuses"
    return Judgement("valid" if found else "invalid", told, f"the verifier {told} it")


def _by_answer(problem: Problem, answer: str) -> Judgement:
    """Judge by the answer that the verifier found."""
    right = score(problem, answer)
    if right is None:
        told = "whether the verifier's answer is the problem's could not be shown"
        return Judgement("undetermined", "uncompared", told, answer)
    if right:
        return Judgement("valid", "same-answer", "the verifier found the same answer", answer)
    return Judgement("invalid", "other-answer", "the verifier found another answer", answer)
