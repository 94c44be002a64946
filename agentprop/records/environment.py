"""Messages between the environment and a policy: observations one way, moves the other, and the actions in them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from agentprop.records.base import AnswerType, Part
from agentprop.records.case_text import read_plain, write_plain


class Stage(StrEnum):
    """Cognitive stage σ_t; set by the environment, never by the model."""

    DRAFT = "draft"
    CHECK = "check"
    REFINE = "refine"
    FINALIZE = "finalize"


class StopReason(StrEnum):
    """The reason why a trajectory ended."""

    SUBMITTED = "submitted"
    """A submission met the contract."""
    ABANDONED = "abandoned"
    """The policy gave up, with nothing left to try."""
    TURN_LIMIT = "turn_limit"
    """No submission within the turn limit."""
    MALFORMED = "malformed"
    """Too many malformed actions."""
    SUBMISSION_LIMIT = "submission_limit"
    """Too many submissions that broke the contract."""
    TRUNCATED = "truncated"
    """A reply was cut off by its token limit."""
    CONTEXT_OVERFLOW = "context_overflow"
    """The conversation outgrew the model's context."""
    TOOL_FAILURE = "tool_failure"
    """The sandbox could not run the code (not: the code failed)."""
    INFRASTRUCTURE = "infrastructure"
    """The model could not be reached."""


class TestCase(Part):
    """One hidden test of a program."""

    __test__: ClassVar[bool] = False  # not a pytest class

    arguments: str
    """Positional arguments: a list as JSON, or as a Python literal if JSON has no word for one of their types."""
    expected: str
    """Expected return value, written in the same way."""

    @classmethod
    def of(cls, arguments: Sequence[object], expected: object) -> Self:
        """Return the test of these values. Raises ValueError if a value has no literal."""
        return cls(arguments=write_plain(list(arguments)), expected=write_plain(expected))

    def values(self) -> tuple[list[Any], Any]:
        """Return arguments and expected value. Raises ValueError if they cannot be read."""
        arguments = read_plain(self.arguments)
        if not isinstance(arguments, list):
            raise ValueError("the arguments are not a list")
        return arguments, read_plain(self.expected)


class Submission(Part):
    """Content of the submit action: a problem as its proposer claims it."""

    statement: str
    """The statement."""
    answer: str
    """The claimed answer; for programs the reference program."""
    answer_type: AnswerType
    """Kind of the answer."""
    unit: str | None = None
    """Unit of a quantity."""
    figures: int | None = Field(default=None, ge=1, le=12)
    """Significant figures that the statement asks for."""
    certificate: str = ""
    """Python that assigns the answer's value to `answer`."""
    composition: str | None = None
    """The term that the statement expresses, JSON, if the proposer gives it."""
    tests: tuple[TestCase, ...] = ()
    """Hidden tests of a program."""


class Action(Part):
    """One of the four actions of the proposer, read from its message."""

    kind: Literal["think", "exec", "edit", "submit"]
    """τ_think, τ_exec, τ_edit, τ_submit."""
    text: str = ""
    """The reflection, the code, or the reason of an edit."""
    edit: Literal["prune", "add", "replace"] | None = None
    """Kind of an edit of K_t."""
    skill: str | None = None
    """The skill that an edit removes, adds or exchanges."""
    replacement: str | None = None
    """The skill that takes its place."""
    submission: Submission | None = None
    """The submitted problem."""


class ConflictNote(Part):
    """Reason why a composition does not hold, as the guard that raised it states; see `tools.SENTENCES`."""

    code: str
    """too-small, too-large, not-whole, not-allowed, independent, …"""
    about: str = ""
    """The value (v1, v2, …) or skill that it is about; empty if it is about the whole."""


class Observation(Part):
    """o_t = ⟨K_t, h_t, σ_t⟩, the policy's view before it acts."""

    skills: tuple[str, ...]
    """K_t: names of the active skills."""
    messages: tuple[tuple[str, str], ...]
    """h_t: the conversation so far as (role, text) pairs."""
    stage: Stage
    """σ_t."""
    text: str
    """The tool text that answered the last action (empty at the start)."""
    outcome: str
    """Short code of the last action's outcome."""
    turns_left: int
    """Actions that may still be taken."""
    conflict: ConflictNote | None = None
    """The guard's note, if the last action met a conflict."""


class Move(Part):
    """Choice of a policy: a message, or the reason why there is none."""

    message: str | None = None
    """The assistant message."""
    stop: StopReason | None = None
    """Reason why there is no message; None with no message means that the policy gave up."""
    fault: str | None = None
    """Reason why the message is no action, if the policy knows it; the environment answers with it."""
    prompt_token_ids: tuple[int, ...] | None = None
    """Token ids actually sent, if the server gives them."""
    token_ids: tuple[int, ...] | None = None
    """Sampled token ids."""
    logprobs: tuple[float, ...] | None = None
    """Log-probabilities (nats) of the sampled ids."""
    finish_reason: str | None = None
    """The server's finish reason."""
