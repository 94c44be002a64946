"""The making of one problem: the task that it began with, and every turn."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from agentprop.records.base import Domain, MadeBy, Part, Record, content_id
from agentprop.records.environment import Stage, StopReason


class Task(Record):
    """One candidate to be proposed: the initial state of the environment."""

    kind: ClassVar[str] = "task"
    identity: ClassVar[tuple[str, ...]] = ("seed", "index", "domain", "category", "skill_ids")

    seed: int
    """The run's seed."""
    index: int
    """Candidate number within the run, from 0."""
    domain: Domain
    """Domain of the problem that is asked for."""
    category: str
    """Category drawn from the curriculum."""
    skill_ids: tuple[str, ...]
    """K_0, the initial bundle."""
    skill_names: tuple[str, ...] = ()
    """Names of K_0, in order."""


TRUNCATED = "truncated"
"""Outcome of a turn whose message was cut off."""


class Turn(Part):
    """One action and the environment's answer."""

    index: int
    """Turn number, from 0."""
    stage: Stage
    """σ_t in which the action was taken."""
    action: Literal["think", "exec", "edit", "submit", "malformed"]
    """τ: kind of the action."""
    message: str
    """The assistant message, word for word."""
    observation: str
    """The tool text that came back, word for word."""
    outcome: str = "ok"
    """Short code of the outcome: ok, error, timeout, memory, conflict, truncated, refused:<code>, …"""
    skills: tuple[str, ...] = ()
    """Names of the active skills K_t before the action."""
    duration_s: float = 0.0
    """Seconds spent in the sandbox and the environment."""
    prompt_token_ids: tuple[int, ...] | None = None
    """Token ids actually sent, if the server gives them."""
    token_ids: tuple[int, ...] | None = None
    """Sampled token ids."""
    logprobs: tuple[float, ...] | None = None
    """Log-probabilities (nats) of the sampled ids under the sampling policy."""
    finish_reason: str | None = None
    """The server's finish reason."""

    @property
    def cut_off(self) -> bool:
        """The message was cut off by its token limit: nothing was carried out, and no token ends it."""
        return self.outcome == TRUNCATED


class Trajectory(Record):
    """The making of one problem: every turn of the Draft → Check → Refine → Finalize loop."""

    kind: ClassVar[str] = "trajectory"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "messages_hash")

    task_id: str
    """Id of its task."""
    task: Task
    """The initial state, so that a trajectory can be replayed by itself."""
    system: str
    """System message."""
    prompt: str
    """First user message: the task and the frontmatter of K_0."""
    turns: tuple[Turn, ...]
    """The turns, in order."""
    stop: StopReason
    """The reason why it ended."""
    problem_id: str | None = None
    """Id of the submitted problem, if the contract was met."""
    pruned: int = 0
    """Skills removed by edit."""
    replaced: int = 0
    """Skills added or exchanged by edit."""
    token_exact: bool = False
    """Every turn carries the token ids that the model sampled."""
    isolation: str = ""
    """Sandbox level in force."""
    made_by: MadeBy = MadeBy()
    """The proposer."""
    messages_hash: str = ""
    """Hash of all messages."""

    @model_validator(mode="before")
    @classmethod
    def _hash_messages(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("messages_hash"):
            turns = [t if isinstance(t, Turn) else Turn.model_validate(t) for t in data["turns"]]
            parts = [data["system"], data["prompt"], *((t.message, t.observation) for t in turns)]
            data = {**data, "turns": tuple(turns), "messages_hash": content_id(*parts)}
        return data

    def messages(self) -> list[dict[str, str]]:
        """The conversation as chat messages: system, user, then assistant and tool text by turns."""
        out = [{"role": "system", "content": self.system}, {"role": "user", "content": self.prompt}]
        for turn in self.turns:
            out.append({"role": "assistant", "content": turn.message})
            if turn.observation:
                out.append({"role": "tool", "content": turn.observation})
        return out
