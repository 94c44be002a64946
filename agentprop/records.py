"""What we keep: frozen, versioned, content-hashed records, from a corpus span to a verdict.

Lineage is a join: Skill → Task → Trajectory → Problem → Attempt / Verdict / Difficulty. Every record has its parents'
ids and who made it. `id` is a hash of the *semantic* fields only (`identity`), so that the same work has the same id on
every machine; versions, durations, costs and the isolation level are recorded but not hashed.
Free-form maps are JSON strings, so that the column types of a shard never depend on its rows.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1

Domain = Literal["mathematics", "coding", "science"]
AnswerType = Literal[
    "integer", "rational", "expression", "quantity", "boolean", "list", "string", "set", "choice", "program"
]
Evidence = Literal["independent", "self-consistent", "certificate", "none"]


def content_id(*parts: object) -> str:
    """20 hex digits of the SHA-256 of the parts' canonical JSON: 80 bits, no realistic collision below 10^9 records."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.id
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"no canonical form for {type(value).__name__}")


class Part(BaseModel):
    """A frozen value inside a record; it has no identity of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Record(Part):
    """A frozen row of a shard. A stored id that does not match its content is refused on reading."""

    kind: ClassVar[str]
    identity: ClassVar[tuple[str, ...]]

    schema_version: int = SCHEMA_VERSION
    """Version of the record layout; a reader refuses newer ones."""
    id: str = ""
    """Hash of the identity fields; computed when empty."""

    @model_validator(mode="after")
    def _identify(self) -> Self:
        expected = content_id(self.kind, *(getattr(self, name) for name in self.identity))
        if not self.id:
            object.__setattr__(self, "id", expected)
        elif self.id != expected:
            raise ValueError(f"{self.kind} {self.id} does not match its content ({expected})")
        return self


class MadeBy(Part):
    """Who made a record, and how."""

    name: str = "builtin"
    """`builtin`, or the model's name as its server reports it."""
    revision: str | None = None
    """Model or checkpoint revision, where known."""
    sampling: str | None = None
    """Sampling parameters, JSON."""
    prompt_hash: str | None = None
    """Hash of the prompt files in force."""
    version: str = ""
    """agentprop's version."""


# --- skills ---


class Span(Part):
    """Where in a corpus something came from."""

    document: str
    """Document id: `<file name>#<index>`."""
    start: int
    """First character of the span in the document's text."""
    end: int
    """One past the last character."""
    sha: str = ""
    """Hash of the document's text."""


class Skill(Record):
    """A skill package k = ⟨ι, μ, δ, τ⟩ with the text of its files."""

    kind: ClassVar[str] = "skill"
    identity: ClassVar[tuple[str, ...]] = ("skill_md", "script")

    name: str
    """Directory name, unique in a library."""
    description: str
    """What it does and when to use it."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """The curriculum's unit, e.g. number-theory."""
    intent: str = ""
    """ι: the reasoning it exercises."""
    method: str = ""
    """μ: how a problem is built with it."""
    effect: str = ""
    """δ: its effect on difficulty."""
    tool: str = ""
    """τ: how code confirms it."""
    skill_md: str
    """The whole SKILL.md."""
    script: str | None = None
    """scripts/skill.py, or None for a package without scripts."""
    origin: Literal["bundled", "mined", "teacher", "user"] = "user"
    """Where the package came from."""
    evidence: Evidence = "independent"
    """What the check of this skill is worth: an independent algorithm, or only self-consistency."""
    quality: float | None = None
    """r(k) in [0, 1] for extracted skills."""
    quality_parts: str | None = None
    """The parts r(k) is made of, JSON."""
    lineage: tuple[Span, ...] = ()
    """Corpus spans it was extracted from."""
    made_by: MadeBy = MadeBy()
    """Who made it."""


# --- environment ---


class Stage(StrEnum):
    """Cognitive stage σ_t; set by the environment, never by the model."""

    DRAFT = "draft"
    CHECK = "check"
    REFINE = "refine"
    FINALIZE = "finalize"


class StopReason(StrEnum):
    """Why a trajectory ended."""

    SUBMITTED = "submitted"
    """A submission met the contract."""
    ABANDONED = "abandoned"
    """The policy gave up (nothing left to try)."""
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
    """Positional arguments, JSON list."""
    expected: str
    """Expected return value, JSON."""


class Submission(Part):
    """What the submit action carries: a problem as its proposer claims it."""

    statement: str
    """The statement."""
    answer: str
    """The claimed answer; for programs the reference program."""
    answer_type: AnswerType
    """Kind of the answer."""
    unit: str | None = None
    """Unit of a quantity."""
    figures: int | None = Field(default=None, ge=1, le=12)
    """Significant figures the statement asks for."""
    certificate: str = ""
    """Python that assigns the answer's value to `answer`."""
    composition: str | None = None
    """The term the statement expresses, JSON, where the proposer says it."""
    tests: tuple[TestCase, ...] = ()
    """Hidden tests of a program."""


class Action(Part):
    """One of the four actions of the proposer, read from its message."""

    kind: Literal["think", "exec", "edit", "submit"]
    """τ_think, τ_exec, τ_edit, τ_submit."""
    text: str = ""
    """The reflection, the code, or the reason of an edit."""
    edit: Literal["prune", "add", "replace"] | None = None
    """What an edit does to K_t."""
    skill: str | None = None
    """The skill an edit removes, adds or exchanges."""
    replacement: str | None = None
    """The skill that takes its place."""
    submission: Submission | None = None
    """What is submitted."""


class Observation(Part):
    """o_t = ⟨K_t, h_t, σ_t⟩: what the policy sees before it acts."""

    skills: tuple[str, ...]
    """K_t: names of the active skills."""
    messages: tuple[tuple[str, str], ...]
    """h_t: the conversation so far as (role, text) pairs."""
    stage: Stage
    """σ_t."""
    text: str
    """The tool text that answered the last action (empty at the start)."""
    outcome: str
    """Short code of what happened to the last action."""
    turns_left: int
    """Actions that may still be taken."""


class Move(Part):
    """What a policy chose: a message, or the reason why there is none."""

    message: str | None = None
    """The assistant message."""
    stop: StopReason | None = None
    """Why there is no message; None with no message means that the policy gave up."""
    prompt_token_ids: tuple[int, ...] | None = None
    """Token ids actually sent, when the server gives them."""
    token_ids: tuple[int, ...] | None = None
    """Sampled token ids."""
    logprobs: tuple[float, ...] | None = None
    """Log-probabilities (nats) of the sampled ids."""
    finish_reason: str | None = None
    """The server's finish reason."""


class Task(Record):
    """One candidate to be proposed: the initial state of the environment."""

    kind: ClassVar[str] = "task"
    identity: ClassVar[tuple[str, ...]] = ("seed", "index", "domain", "category", "skill_ids")

    seed: int
    """The run's seed."""
    index: int
    """Candidate number within the run, from 0."""
    domain: Domain
    """Domain the problem is asked for in."""
    category: str
    """Category drawn from the curriculum."""
    skill_ids: tuple[str, ...]
    """K_0, the initial bundle."""
    skill_names: tuple[str, ...] = ()
    """Names of K_0, in order."""


class Turn(Part):
    """One action and what the environment answered."""

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
    """Short code of what happened: ok, error, timeout, memory, conflict, rejected:<code>, …"""
    skills: tuple[str, ...] = ()
    """Names of the active skills K_t before the action."""
    duration_s: float = 0.0
    """Seconds spent in the sandbox and the environment."""
    prompt_token_ids: tuple[int, ...] | None = None
    """Token ids actually sent, when the server gives them."""
    token_ids: tuple[int, ...] | None = None
    """Sampled token ids."""
    logprobs: tuple[float, ...] | None = None
    """Log-probabilities (nats) of the sampled ids under the sampling policy."""
    finish_reason: str | None = None
    """The server's finish reason."""


class Trajectory(Record):
    """How one problem came to be: every turn of the Draft → Check → Refine → Finalize loop."""

    kind: ClassVar[str] = "trajectory"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "messages_hash")

    task_id: str
    """Parent task."""
    task: Task
    """The initial state, so that a trajectory can be replayed by itself."""
    system: str
    """System message."""
    prompt: str
    """First user message: the task and the frontmatter of K_0."""
    turns: tuple[Turn, ...]
    """The turns, in order."""
    stop: StopReason
    """Why it ended."""
    problem_id: str | None = None
    """The submitted problem, where the contract was met."""
    pruned: int = 0
    """Skills removed by edit."""
    replaced: int = 0
    """Skills added or exchanged by edit."""
    token_exact: bool = False
    """Whether every turn carries the token ids the model sampled."""
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


# --- problems ---


class Certificate(Part):
    """What re-derives the answer, in the sandbox."""

    form: Literal["composition", "program", "none"]
    """A composition of skills, or a free program that assigns `answer`."""
    composition: str | None = None
    """The term that the statement expresses, JSON."""
    source: str = ""
    """Python that assigns the answer's text to `answer`; composition: generated from the skills' `solve`."""


class Problem(Record):
    """A statement with one answer."""

    kind: ClassVar[str] = "problem"
    identity: ClassVar[tuple[str, ...]] = ("statement", "answer", "answer_type")

    statement: str
    """What a solver is given."""
    answer: str
    """The answer's text, canonical; for programs the reference program."""
    answer_type: AnswerType
    """Kind of the answer."""
    unit: str | None = None
    """Unit of a quantity, as the statement asks for it."""
    figures: int | None = None
    """Significant figures the statement asks for; None means exact."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """Category drawn from the curriculum; the asking skill may be of another one in a story."""
    skills: tuple[str, ...]
    """Names of the skills composed, the asking one first."""
    skill_ids: tuple[str, ...]
    """Their ids, in the same order."""
    operators: tuple[str, ...] = ()
    """Composition operators used: chain, aggregate, invert, constrain, nest, …"""
    entry_point: str | None = None
    """Function name a program must define."""
    tests: tuple[TestCase, ...] = ()
    """Hidden tests of a program."""
    certificate: Certificate
    """What re-derives the answer."""
    evidence: Evidence = "independent"
    """The weakest evidence among its skills' checks."""
    template: str = ""
    """Hash of the statement with its numbers masked."""
    trajectory_id: str | None = None
    """How it came to be."""
    task_id: str | None = None
    """Parent task."""
    index: int | None = None
    """Candidate number in its run."""
    isolation: str = ""
    """Sandbox level the certificate ran under."""
    made_by: MadeBy = MadeBy()
    """The proposer."""


class PipedProblem(Record):
    """What travels between stages on a pipe: a problem that needs nothing else to be judged."""

    kind: ClassVar[str] = "piped_problem"
    identity: ClassVar[tuple[str, ...]] = ("problem", "trajectory")

    problem: Problem
    """The problem."""
    trajectory: Trajectory | None = None
    """Its trajectory."""
    skills: tuple[Skill, ...] = ()
    """The packages its certificate composes, sources included."""


# --- grading ---


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


class Reject(Record):
    """Something that went into a stage and did not come out accepted."""

    kind: ClassVar[str] = "reject"
    identity: ClassVar[tuple[str, ...]] = ("stage", "item", "outcome", "code")

    stage: str
    """extract, propose, verify, …"""
    item: str
    """What it was: an id, a document, a candidate index."""
    outcome: Literal["rejected", "failed"]
    """Judged and refused, or not finished for a technical reason."""
    code: str
    """Reason code."""
    message: str = ""
    """The reason in a sentence."""
    record: str | None = None
    """The record itself, JSON."""


RECORDS: dict[str, type[Record]] = {
    cls.kind: cls
    for cls in (Skill, Task, Trajectory, Problem, PipedProblem, Attempt, Verdict, Difficulty, Reject)
}
