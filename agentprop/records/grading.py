"""Results about a problem: the question as it was asked, attempts at it, its verdict, its difficulty."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Evidence, MadeBy, Record


class Question(Record):
    """A row of a benchmark as it was asked."""

    kind: ClassVar[str] = "question"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "prompt")

    problem_id: str
    """Id of the problem asked."""
    source: str
    """Source: `<file name>#<row>`, counting from 0."""
    prompt: str
    """The conversation that was sent, JSON: [{role, content}]."""
    groups: str = "{}"
    """Groups that it is counted in, JSON: {column: value}."""
    made_by: MadeBy = MadeBy()
    """Prompt and agentprop version."""


class Attempt(Record):
    """One attempt of a verifier, auditor or prober at a problem."""

    kind: ClassVar[str] = "attempt"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "role", "number", "verifier", "answer", "vote", "rationale")

    problem_id: str
    """Id of the problem."""
    role: Literal["verifier", "auditor", "prober"]
    """Purpose of the attempt."""
    number: int = 0
    """Number of the attempt among those of the same verifier, from 0."""
    verifier: str
    """Name of the verifier, auditor or prober."""
    vote: bool | None = None
    """v_i: true valid, false invalid, null undecided."""
    answer: str | None = None
    """The answer that was found."""
    blind_answer: str | None = None
    """A verifier's answer before it was shown claim and trace; null if it was shown all at once, or gave none."""
    code: str = ""
    """Short reason code."""
    rationale: str = ""
    """The reason in a sentence."""
    response: str | None = None
    """The raw reply, stored so that judging again costs nothing."""
    finish_reason: str | None = None
    """The server's finish reason."""
    duration_s: float = 0.0
    """Duration in seconds."""
    isolation: str = ""
    """Sandbox level, if code ran."""
    made_by: MadeBy = MadeBy()
    """Model, sampling, prompt."""


class Verdict(Record):
    """V(q), the decision on a problem from its attempts."""

    kind: ClassVar[str] = "verdict"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "value", "code", "attempt_ids")

    problem_id: str
    """Id of the problem judged."""
    value: Literal["valid", "invalid", "undetermined"]
    """The verdict; a time-out is never `invalid`."""
    code: str
    """Reason code, e.g. agrees, not_in_grammar, mismatch, answer_differs, timeout."""
    message: str = ""
    """The reason in a sentence."""
    answer: str | None = None
    """The verifiers' answer."""
    evidence: Evidence = "none"
    """Evidence that the verdict rests on."""
    attempt_ids: tuple[str, ...] = ()
    """Ids of the attempts behind it."""
    made_by: MadeBy = MadeBy()
    """The verifier configuration."""


class Difficulty(Record):
    """ρ(q) = c/k by one prober."""

    kind: ClassVar[str] = "difficulty"
    identity: ClassVar[tuple[str, ...]] = ("problem_id", "prober", "k", "c", "truncated", "timeouts")

    problem_id: str
    """Id of the problem probed."""
    prober: str
    """Prober identity: model and revision."""
    k: int
    """Attempts that count."""
    c: int
    """Correct attempts among them."""
    truncated: int = 0
    """Attempts cut off, not among the k."""
    timeouts: int = 0
    """Attempts lost to time-outs, not among the k."""
    low: float = 0.0
    """Lower end of the 95 % Wilson interval of c/k."""
    high: float = 1.0
    """Upper end of the interval."""
    sampling: str | None = None
    """Sampling parameters, JSON."""
    made_by: MadeBy = MadeBy()
    """agentprop version and prompt."""
