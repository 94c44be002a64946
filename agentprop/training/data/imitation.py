"""Accepted trajectories, and skills with the passages they came from → token sequences to imitate.

A trajectory uses its stored ids if this tokenizer decodes them to its messages; a new sequence starts when a prompt
does not extend the one before. Any other trajectory, such as one of another model, is rendered from its text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agentprop.agent.renaming import renamed
from agentprop.boundary import RecordFailure, contained
from agentprop.grading.probers import question
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Message
from agentprop.prompts import prompt
from agentprop.records import Problem, Skill, Trajectory
from agentprop.training.data.sequences import Drift, SampledTurn, TokenSequence, drift, join, rendered, sequences_of

DRIFT_SAMPLE = 100
"""Number of rendered trajectories whose drift is measured: each turn costs a rendering of the whole conversation."""
Sample = tuple[TokenSequence, ...]
"""Sequences of one trajectory, usually one."""


@dataclass(frozen=True, eq=False)
class Material:
    """Data of a run: what is trained on, and what is held out."""

    train: tuple[Sample, ...]
    """Trajectories to imitate."""
    held_out: tuple[Sample, ...] = ()
    """Trajectories with skill bundles that `train` does not have."""
    skills: tuple[TokenSequence, ...] = ()
    """Skills to learn, each after its passage."""


@dataclass
class TrajectoryReader:
    """Converter from trajectories, answers and skills to token sequences; it counts what it converts and leaves out."""

    renderer: Renderer
    max_length: int
    """Length of the longest sequence that is kept, in tokens."""
    stages: frozenset[str] = frozenset()
    """Stages whose turns are imitated, the others being context; empty means all."""
    names: tuple[str, ...] = ()
    """Names that change places for each task."""
    counts: Counter[str] = field(default_factory=Counter)
    """Number of `exact` and `rendered` trajectories, of `answers` and `skills`, of items that were `too_long`, and of
    trajectories `without_stage` to imitate."""
    drift: Drift = field(default_factory=Drift)
    """How often a server that renders from scratch would send other ids, of the first that were rendered."""
    failures: list[tuple[str, RecordFailure]] = field(default_factory=list)
    """Ids of what could not be read, by no fault of its own, and why."""

    def contained(self, record: Problem | Trajectory, read: Callable[[], Sample | None]) -> Sample | None:
        """What is read of a record; one that fails is left out, told of, and no other one's concern."""

        def failed(failure: RecordFailure) -> None:
            self.failures.append((record.id, failure))
            self.counts[failure.code] += 1

        return contained(read, failed)

    def trajectory(self, trajectory: Trajectory) -> Sample | None:
        """Convert a trajectory; None if one of its sequences is too long."""
        trajectory = renamed(trajectory, self.names)
        exact = ids_match_text(trajectory, self.renderer)
        sample = tuple(sequences_of(trajectory)) if exact else (rendered(trajectory, self.renderer),)
        if not exact and self.counts["rendered"] < DRIFT_SAMPLE:
            self.drift += drift(_without_ids(trajectory), self.renderer)
        if self.stages:
            turns = [turn.index for turn in trajectory.turns if turn.stage in self.stages]
            sample = tuple(learnt for one in sample if (learnt := only_turns(one, turns)).n_actions)
            if not sample:
                self.counts["without_stage"] += 1
                return None
        return self._kept(sample, "exact" if exact else "rendered")

    def answer(self, problem: Problem) -> Sample | None:
        """Convert a problem to a prober's question and the bare answer or program; None if that is too long."""
        asked = self.renderer.prompt([Message("user", question(problem))])
        program = problem.answer_type == "program"
        said = f"```python\n{problem.answer}\n```" if program else f"\\boxed{{{problem.answer}}}"
        return self._kept((join([SampledTurn(asked, self.renderer.reply_ids(said))], problem.id)[0],), "answers")

    def skills(self, pairs: Iterable[tuple[Skill, str]]) -> tuple[TokenSequence, ...]:
        """Convert skills and passages to sequences whose loss is −log π(k | D_corpus); those too long are left out."""
        made = ((skill_sequence(skill, passage, self.renderer),) for skill, passage in pairs)
        return tuple(sequence for sample in made for sequence in self._kept(sample, "skills") or ())

    def _kept(self, sample: Sample, kind: str) -> Sample | None:
        if any(len(sequence) > self.max_length for sequence in sample):
            self.counts["too_long"] += 1
            return None
        self.counts[kind] += 1
        return sample


def only_turns(sequence: TokenSequence, turns: Sequence[int]) -> TokenSequence:
    """Return the sequence with a mask of the tokens of some turns alone."""
    return replace(sequence, mask=sequence.mask & np.isin(sequence.action, turns))


def _without_ids(trajectory: Trajectory) -> Trajectory:
    """Drop the stored ids: drift is measured against the text alone if the ids cannot be used."""
    turns = (t.model_copy(update={"token_ids": None, "prompt_token_ids": None}) for t in trajectory.turns)
    return trajectory.model_copy(update={"turns": tuple(turns)})


def ids_match_text(trajectory: Trajectory, renderer: Renderer) -> bool:
    """Return True if all ids are stored and this tokenizer decodes them to the messages."""
    size = len(renderer.tokenizer)
    for turn in trajectory.turns:
        if not turn.token_ids or not turn.prompt_token_ids or max(*turn.token_ids, *turn.prompt_token_ids) >= size:
            return False
        if renderer.decode(turn.token_ids).strip() != turn.message.strip():
            return False
    return bool(trajectory.turns)


def skill_sequence(skill: Skill, passage: str, renderer: Renderer) -> TokenSequence:
    """Convert a skill to a conversation: the passage as the user's message, the text of the skill as the reply."""
    asked = renderer.prompt([Message("user", prompt("acquire").format(passage=passage))])
    return join([SampledTurn(asked, renderer.reply_ids(skill.skill_md))], skill.id)[0]
