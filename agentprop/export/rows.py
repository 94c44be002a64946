"""The rows of the formats: one field for each column.

A solver's row is made of a question and its answer, field by field, so that nothing else about a problem can slip in.
"""

from __future__ import annotations

from typing import Literal

from agentprop.records import AnswerType, Domain, Evidence, Part, Stage, StopReason, TestCase


class ChatMessage(Part):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    """Role of the message; observations are user messages."""
    content: str
    """Text of the message."""


Messages = tuple[ChatMessage, ...]


# --- the proposer ---


class ConversationRow(Part):
    """A demonstration: a trajectory to imitate."""

    messages: Messages
    """System, user, and then assistant and user in turn; the last is the submission."""


class Preference(Part):
    """Two trajectories from the same task, or two drafts of one trajectory."""

    prompt: Messages
    """System message and task, and what came before two drafts."""
    chosen: Messages
    """A trajectory whose problem the verifiers accepted, or the draft of that problem."""
    rejected: Messages
    """A trajectory that failed by its own fault, or a draft that did not compute."""


class Unpaired(Part):
    """A trajectory with a label."""

    prompt: Messages
    """System message and task."""
    completion: Messages
    """The trajectory."""
    label: bool
    """True if the verifiers accepted its problem."""


# --- the solver ---


class QuestionAnswer(Part):
    """All that a solver may be trained on."""

    question: str
    """The statement."""
    answer: str
    """The answer; for a program its hidden tests, JSON: {entry_point, tests: [{arguments, expected}]}, where arguments
    and expected value are texts: JSON, or a Python literal if JSON has no word for a type, such as a tuple.
    For one with a budget {entry_point, judging, tests: [{input, output, testtype}]}, as LiveCodeBench stores them."""


class PromptSolution(Part):
    """A question and its answer under TRL's names."""

    prompt: Messages
    """The question, with instructions on the form of the answer."""
    solution: str
    """The answer; for a program its hidden tests, JSON: {entry_point, tests: [{arguments, expected}]}, where arguments
    and expected value are texts: JSON, or a Python literal if JSON has no word for a type, such as a tuple.
    For one with a budget {entry_point, judging, tests: [{input, output, testtype}]}, as LiveCodeBench stores them."""


class RewardModel(Part):
    """Scoring of a row in verl."""

    style: Literal["rule"] = "rule"
    """Scoring by a rule, not by a model."""
    ground_truth: str
    """The answer; for a program its hidden tests, JSON: {entry_point, tests: [{arguments, expected}]}, where arguments
    and expected value are texts: JSON, or a Python literal if JSON has no word for a type, such as a tuple.
    For one with a budget {entry_point, judging, tests: [{input, output, testtype}]}, as LiveCodeBench stores them."""


class RowPlace(Part):
    """Place of a row in the export."""

    index: int
    """Number in its split, from 0."""
    split: str
    """The split."""


class VerlRow(Part):
    """A question and its answer under verl's names."""

    data_source: str = "agentprop"
    """Name by which verl chooses the reward."""
    prompt: Messages
    """The question, with instructions on the form of the answer."""
    ability: Domain
    """mathematics, coding or science."""
    reward_model: RewardModel
    """The answer."""
    extra_info: RowPlace
    """Place of the row in the export."""


# --- all facts ---


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
    """Significant figures that the statement asks for; null means exact."""
    entry_point: str | None
    """Name of the function that a program must define."""
    tests: tuple[TestCase, ...]
    """Hidden tests of a program: arguments and expected value, as JSON or Python literals."""
    judging: str
    """How a judge runs the program, as JSON: form, budget, limits, examples; empty if it is called without a budget."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """Subject."""
    skills: tuple[str, ...]
    """Names of the skills it composes, the asking one first."""
    operators: tuple[str, ...]
    """Composition operators."""
    level: int
    """Number of distinct skills."""
    pass_rate: float | None
    """ρ = c/k, the share of a prober's attempts that were right; null if it was not measured."""
    prober: str | None
    """Model and revision that made these attempts."""
    attempts: int | None
    """k, the attempts that count."""
    correct: int | None
    """c, the correct ones among them."""
    evidence: Evidence
    """Evidence for the answer: the weakest among its skills' checks."""
    certificate: str
    """Python that derives the answer."""
    proposer: str
    """Its proposer."""
    trajectory_id: str | None
    """Id of the trajectory that produced it."""


class StepRow(Part):
    """One turn of a trajectory."""

    stage: Stage
    """Cognitive stage: draft, check, refine or finalize."""
    action: Literal["think", "exec", "edit", "submit", "malformed"]
    """Kind of the action."""
    outcome: str
    """Outcome of the action: ok, error, conflict, …"""


class TrajectoryRow(Part):
    """A trajectory that ended in a problem."""

    id: str
    """Identity."""
    problem_id: str
    """Id of the problem."""
    messages: Messages
    """The conversation."""
    steps: tuple[StepRow, ...]
    """The step of each assistant message, in order."""
    stop: StopReason
    """Reason why it ended."""
    pruned: int
    """Skills removed on the way."""
    replaced: int
    """Skills added or exchanged on the way."""
    proposer: str
    """Its proposer."""
