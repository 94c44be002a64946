"""What a row of each format holds: no field, no column.

A solver's row is made of a question and its answer, field by field: what else is known of a problem has no place to go.
"""

from __future__ import annotations

from typing import Literal

from agentprop.records import AnswerType, Domain, Evidence, Part, Stage, StopReason, TestCase


class Said(Part):
    """One message."""

    role: Literal["system", "user", "assistant"]
    """Who speaks; what the environment says is a user's text."""
    content: str
    """What is said."""


Messages = tuple[Said, ...]


# --- the proposer ---


class ConversationRow(Part):
    """A trajectory to imitate."""

    messages: Messages
    """System, user, and then assistant and user in turn; the last is the submission."""


class Preference(Part):
    """Two trajectories from the same task."""

    prompt: Messages
    """System message and task."""
    chosen: Messages
    """A trajectory whose problem V accepted."""
    rejected: Messages
    """One that failed by its own fault."""


class Unpaired(Part):
    """A trajectory and whether it was any good."""

    prompt: Messages
    """System message and task."""
    completion: Messages
    """The trajectory."""
    label: bool
    """Whether V accepted its problem."""


# --- the solver ---


class QuestionAnswer(Part):
    """All that a solver may learn from."""

    question: str
    """The statement."""
    answer: str
    """The answer; for a program its hidden tests, JSON: {entry_point, tests: [{arguments, expected}]}, where arguments
    and expected value are texts: JSON, or a Python literal if JSON has no word for a type, such as a tuple."""


class PromptSolution(Part):
    """A question and its answer by the names that TRL gives them."""

    prompt: Messages
    """The question, and how its answer is to be given."""
    solution: str
    """The answer; for a program its hidden tests, JSON: {entry_point, tests: [{arguments, expected}]}, where arguments
    and expected value are texts: JSON, or a Python literal if JSON has no word for a type, such as a tuple."""


class RewardModel(Part):
    """How verl scores."""

    style: Literal["rule"] = "rule"
    """By a rule and not by a model."""
    ground_truth: str
    """The answer; for a program its hidden tests, JSON: {entry_point, tests: [{arguments, expected}]}, where arguments
    and expected value are texts: JSON, or a Python literal if JSON has no word for a type, such as a tuple."""


class RowPlace(Part):
    """Where a row stands."""

    index: int
    """Number in its split, from 0."""
    split: str
    """The split."""


class VerlRow(Part):
    """A question and its answer as verl reads them."""

    data_source: str = "agentprop"
    """What chooses the reward."""
    prompt: Messages
    """The question, and how its answer is to be given."""
    ability: Domain
    """mathematics, coding or science."""
    reward_model: RewardModel
    """The answer."""
    extra_info: RowPlace
    """Where the row stands."""


# --- everything there is to know ---


class ProblemRow(Part):
    """A problem with its provenance, for people and for benchmarks; not for a solver to train on."""

    id: str
    """Identity: a hash of question, answer and kind of answer."""
    question: str
    """The statement."""
    answer: str
    """The answer's text; for a program the reference program."""
    answer_type: AnswerType
    """integer, rational, expression, quantity, boolean, list, string, set, choice or program."""
    unit: str | None
    """Unit of a quantity, as the statement asks for it."""
    figures: int | None
    """Significant figures the statement asks for; null means exact."""
    entry_point: str | None
    """Function name a program must define."""
    tests: tuple[TestCase, ...]
    """Hidden tests of a program: arguments and expected value, as JSON or Python literals."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """Subject."""
    skills: tuple[str, ...]
    """Names of the skills it composes, the asking one first."""
    operators: tuple[str, ...]
    """How they are composed."""
    level: int
    """Number of distinct skills."""
    pass_rate: float | None
    """ρ = c/k, the share of a prober's attempts that were right; null where it was not measured."""
    prober: str | None
    """Who made these attempts: model and revision."""
    attempts: int | None
    """k."""
    correct: int | None
    """c."""
    evidence: Evidence
    """What the answer rests on: the weakest evidence among its skills' checks."""
    certificate: str
    """Python that derives the answer."""
    proposer: str
    """Who proposed it."""
    trajectory_id: str | None
    """How it came to be."""


class StepRow(Part):
    """One turn of a trajectory."""

    stage: Stage
    """Cognitive stage: draft, check, refine or finalize."""
    action: Literal["think", "exec", "edit", "submit", "malformed"]
    """What was done."""
    outcome: str
    """What came of it: ok, error, conflict, …"""


class TrajectoryRow(Part):
    """How a problem came to be."""

    id: str
    """Identity."""
    problem_id: str
    """The problem it ended in."""
    messages: Messages
    """The conversation."""
    steps: tuple[StepRow, ...]
    """What each assistant message did, in order."""
    stop: StopReason
    """Why it ended."""
    pruned: int
    """Skills removed on the way."""
    replaced: int
    """Skills added or exchanged on the way."""
    proposer: str
    """Who proposed."""
