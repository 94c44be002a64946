"""What is found out about a problem: how it was put, tries at it, what they amount to, how often it is solved."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Evidence, MadeBy, Record


class Question(Record):
    """A row of a benchmark as it was put to a model."""

    kind: ClassVar[str] = "question"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "prompt")

    problem_id: str
    """The problem asked."""
    source: str
    """Where it comes from: `<file name>#<row>`, counting from 0."""
    prompt: str
    """The conversation that was sent, JSON: [{role, content}]."""
    groups: str = "{}"
    """What it is counted under, JSON: {column: value}."""
    made_by: MadeBy = MadeBy()
    """Prompt and agentprop version."""


class Attempt(Record):
    """One verifier's or prober's try at a problem."""

    kind: ClassVar[str] = "attempt"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "role", "number", "verifier", "answer", "vote", "rationale")

    problem_id: str
    """The problem tried."""
    role: Literal["verifier", "auditor", "prober"]
    """What the attempt was for."""
    number: int = 0
    """Which attempt of this verifier."""
    verifier: str
    """Who tried."""
    vote: bool | None = None
    """v_i: True valid, False invalid, None could not say."""
    answer: str | None = None
    """The answer found."""
    code: str = ""
    """Short reason code."""
    rationale: str = ""
    """Why, in a sentence."""
    response: str | None = None
    """The raw reply, kept so that judging again costs nothing."""
    finish_reason: str | None = None
    """The server's finish reason."""
    duration_s: float = 0.0
    """Seconds."""
    isolation: str = ""
    """Sandbox level, where code ran."""
    made_by: MadeBy = MadeBy()
    """Model, sampling, prompt."""


class Verdict(Record):
    """V(q): what the verifiers' attempts amount to."""

    kind: ClassVar[str] = "verdict"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "value", "code", "attempt_ids")

    problem_id: str
    """The problem judged."""
    value: Literal["valid", "invalid", "undetermined"]
    """The verdict; a time-out is never `invalid`."""
    code: str
    """Reason code, e.g. agrees, unreadable, mismatch, answer_differs, timeout."""
    message: str = ""
    """The reason in a sentence."""
    answer: str | None = None
    """The answer the verifiers arrived at."""
    evidence: Evidence = "none"
    """What the verdict rests on."""
    attempt_ids: tuple[str, ...] = ()
    """The attempts behind it."""
    made_by: MadeBy = MadeBy()
    """The verifier configuration."""


class Difficulty(Record):
    """ρ(q) = c/k by one prober."""

    kind: ClassVar[str] = "difficulty"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "prober", "k", "c", "truncated", "timeouts")

    problem_id: str
    """The problem probed."""
    prober: str
    """Prober identity: model and revision."""
    k: int
    """Attempts that count."""
    c: int
    """Correct ones."""
    truncated: int = 0
    """Attempts cut off, counted apart."""
    timeouts: int = 0
    """Attempts lost to time-outs, counted apart."""
    low: float = 0.0
    """Lower end of the 95 % Wilson interval of c/k."""
    high: float = 1.0
    """Upper end."""
    sampling: str | None = None
    """Sampling parameters, JSON."""
    made_by: MadeBy = MadeBy()
    """agentprop version and prompt."""
