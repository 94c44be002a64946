"""Trajectories → token sequences with a mask of what the model sampled.

A sequence is made of the ids that were stored while sampling. Where the next prompt does not begin with everything so
far, a new sequence begins: nothing is ever patched. The action mask covers all sampled tokens (markup and the token
that ends a turn too); role headers, tool text and whatever else the environment appended are not the policy's.

A trajectory of a server that gives no ids can only be *rendered*: good enough to imitate (SFT), not for ratios of
probabilities; `drift` says how often the rendering differs from what was really sent or sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agentprop.agent.chat_policy import chat_messages
from agentprop.errors import InputError
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Message
from agentprop.records import Trajectory, Turn

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TokenSequence:
    """One row of training data; T tokens."""

    ids: Int64
    """Token ids [T]."""
    mask: Bool
    """Whether the policy sampled the token [T]; never true at 0, which nothing predicts."""
    action: Int64
    """Index of the turn in its trajectory, −1 where the policy did not sample [T]."""
    logprobs: Float32 | None
    """Log-probabilities (nats) under the sampling policy, 0 where it did not sample [T]; None where unknown."""
    trajectory_id: str
    """Whose it is: weights are found by it, never by position."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_actions(self) -> int:
        """Tokens that the policy sampled."""
        return int(self.mask.sum())


EMPTY_SEQUENCE = TokenSequence(np.zeros(2, np.int64), np.array([False, True]), np.array([-1, 0]), None, "")
"""What a process computes while another still has rows; nobody's, so its weight is nothing."""


@dataclass(frozen=True)
class Spoken:
    """One sampled turn with what stood before it."""

    prompt: Sequence[int]
    """Ids of the whole prompt."""
    sampled: Sequence[int]
    """Ids the policy sampled."""
    logprobs: Sequence[float] | None = None
    """Their log-probabilities (nats)."""


@dataclass(frozen=True)
class Drift:
    """How far re-rendered data is from what was sent and sampled."""

    turns: int = 0
    """Turns compared."""
    drifted: int = 0
    """Those whose ids differ."""

    @property
    def rate(self) -> float:
        """Share of turns that differ; 0 where there are none."""
        return self.drifted / self.turns if self.turns else 0.0

    def __add__(self, other: Drift) -> Drift:
        return Drift(self.turns + other.turns, self.drifted + other.drifted)


def sequences_of(trajectory: Trajectory) -> list[TokenSequence]:
    """The trajectory's sequences, by its stored ids. Raises InputError where ids are missing."""
    return join([_spoken(trajectory, turn) for turn in trajectory.turns], trajectory.id)


def rendered(trajectory: Trajectory, renderer: Renderer) -> TokenSequence:
    """One sequence from the messages alone: for imitation, where no ids were stored."""
    return join(_rendered_turns(trajectory, renderer), trajectory.id)[0]


def join(turns: Sequence[Spoken], trajectory_id: str) -> list[TokenSequence]:
    """Turns → sequences: a turn extends the sequence before it where its prompt begins with that, or starts one."""
    groups: list[list[tuple[int, Spoken]]] = []
    so_far: list[int] = []
    for index, turn in enumerate(turns):
        if not groups or list(turn.prompt[: len(so_far)]) != so_far:
            groups.append([])
        groups[-1].append((index, turn))
        so_far = [*turn.prompt, *turn.sampled]
    return [_sequence(group, trajectory_id) for group in groups]


def drift(trajectory: Trajectory, renderer: Renderer) -> Drift:
    """Compare the rendered turns with the stored ids, or, where none are, with a server's rendering from scratch."""
    turns = _rendered_turns(trajectory, renderer)
    pairs = enumerate(zip(trajectory.turns, turns, strict=True))
    return Drift(len(turns), sum(_differs(trajectory, renderer, at, kept, made) for at, (kept, made) in pairs))


def _spoken(trajectory: Trajectory, turn: Turn) -> Spoken:
    if not turn.prompt_token_ids or not turn.token_ids:
        raise InputError(
            f"turn {turn.index} of trajectory {trajectory.id} has no token ids",
            hint="sample with a server that gives token ids, or allow re-tokenised data where that is offered",
        )
    return Spoken(turn.prompt_token_ids, turn.token_ids, turn.logprobs)


def _sequence(turns: Sequence[tuple[int, Spoken]], trajectory_id: str) -> TokenSequence:
    last = turns[-1][1]
    ids = np.asarray([*last.prompt, *last.sampled], dtype=np.int64)
    action = np.full(len(ids), -1, dtype=np.int64)
    known = all(turn.logprobs is not None and len(turn.logprobs) == len(turn.sampled) for _, turn in turns)
    logprobs = np.zeros(len(ids), dtype=np.float32) if known else None
    for index, turn in turns:
        where = slice(len(turn.prompt), len(turn.prompt) + len(turn.sampled))
        action[where] = index
        if logprobs is not None:
            logprobs[where] = turn.logprobs
    return TokenSequence(ids, action >= 0, action, logprobs, trajectory_id)


def _rendered_turns(trajectory: Trajectory, renderer: Renderer) -> list[Spoken]:
    turns: list[Spoken] = []
    ids = renderer.prompt(_messages(trajectory, 0))
    for turn in trajectory.turns:
        said = renderer.said(turn.message)
        turns.append(Spoken(ids, said))
        ids = (*ids, *said, *renderer.bridge(said, chat_messages([("tool", turn.observation)])))
    return turns


def _differs(trajectory: Trajectory, renderer: Renderer, at: int, kept: Turn, made: Spoken) -> bool:
    if kept.token_ids is not None:
        return tuple(kept.token_ids) != tuple(made.sampled)
    sent = kept.prompt_token_ids or renderer.prompt(_messages(trajectory, at))
    return tuple(sent) != tuple(made.prompt)


def _messages(trajectory: Trajectory, turns: int) -> tuple[Message, ...]:
    """The conversation as it was sent before a turn."""
    said = [pair for t in trajectory.turns[:turns] for pair in (("assistant", t.message), ("tool", t.observation))]
    return chat_messages([("system", trajectory.system), ("user", trajectory.prompt), *said])
