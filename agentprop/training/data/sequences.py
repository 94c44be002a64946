"""Trajectories → token sequences with a mask of the tokens that the model sampled.

A sequence consists of the ids that were stored while sampling. If the next prompt does not begin with all ids so far, a
new sequence starts; ids are never patched. The mask covers all sampled tokens, including markup and the token that ends
a turn, but not role headers, tool output or anything else that the environment appended.

    >>> turns = [SampledTurn([1, 2], [3, 4]), SampledTurn([1, 2, 3, 4, 5], [6]), SampledTurn([1, 2, 9], [7])]
    >>> for sequence in join(turns, "trajectory"):      # the third prompt does not begin with 1 2 3 4 5 6
    ...     print(sequence.ids, sequence.mask.astype(int), sequence.action)
    [1 2 3 4 5 6] [0 0 1 1 0 1] [-1 -1  0  0 -1  1]
    [1 2 9 7] [0 0 0 1] [-1 -1 -1  2]

A trajectory from a server that gives no ids can only be *rendered* from its text. That is good enough for imitation,
but not for ratios of probabilities; `drift` measures how often the rendering differs from what was sent or sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    """One sequence of T tokens to train on."""

    ids: Int64
    """Token ids [T]."""
    mask: Bool
    """Mask of the tokens that the policy sampled [T]; False at 0, since no token predicts the first."""
    action: Int64
    """Index of the turn that sampled each token [T]; −1 for other tokens."""
    logprobs: Float32 | None
    """Log-probabilities (nats) under the sampling policy [T], 0 for other tokens; None if they are unknown."""
    trajectory_id: str
    """Id of its trajectory; weights are looked up by it, never by position."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_actions(self) -> int:
        """Number of tokens that the policy sampled."""
        return int(self.mask.sum())


EMPTY_SEQUENCE = TokenSequence(np.zeros(2, np.int64), np.array([False, True]), np.array([-1, 0]), None, "")
"""Sequence for a process without rows while another still has some; it belongs to no trajectory, so its weight is 0."""


@dataclass(frozen=True)
class SampledTurn:
    """Sampled turn and the prompt before it."""

    prompt: Sequence[int]
    """Ids of the whole prompt."""
    sampled: Sequence[int]
    """Ids that the policy sampled."""
    logprobs: Sequence[float] | None = None
    """Log-probabilities (nats) of the sampled ids."""


@dataclass(frozen=True)
class Drift:
    """Difference between rendered turns and what was sent and sampled."""

    turns: int = 0
    """Number of turns compared."""
    drifted: int = 0
    """Number of turns whose ids differ."""

    @property
    def rate(self) -> float:
        """Share of turns that differ; 0 without turns."""
        return self.drifted / self.turns if self.turns else 0.0

    def __add__(self, other: Drift) -> Drift:
        return Drift(self.turns + other.turns, self.drifted + other.drifted)


def sequences_of(trajectory: Trajectory) -> list[TokenSequence]:
    """Convert a trajectory by its stored ids. Raises InputError if ids are missing."""
    return join([_sampled_turn(trajectory, turn) for turn in trajectory.turns], trajectory.id)


def rendered(trajectory: Trajectory, renderer: Renderer) -> TokenSequence:
    """Convert a trajectory by its messages alone, for imitation if no ids were stored."""
    return join(_rendered_turns(trajectory, renderer), trajectory.id)[0]


def join(turns: Sequence[SampledTurn], trajectory_id: str) -> list[TokenSequence]:
    """Join turns into sequences: a turn extends the current one if its prompt begins with it, or starts a new one."""
    groups: list[list[tuple[int, SampledTurn]]] = []
    so_far: list[int] = []
    for index, turn in enumerate(turns):
        # A prompt that differs anywhere was read by the model as it is here, so the sequence cannot be continued.
        if not groups or list(turn.prompt[: len(so_far)]) != so_far:
            groups.append([])
        groups[-1].append((index, turn))
        so_far = [*turn.prompt, *turn.sampled]
    return [_sequence(group, trajectory_id) for group in groups]


def from_turn(sequence: TokenSequence, first: int) -> TokenSequence:
    """Return the sequence with the tokens of turns before `first` as mere context, and turns counted from it.

    >>> [sequence] = join([SampledTurn([1, 2], [3, 4]), SampledTurn([1, 2, 3, 4, 5], [6])], "trajectory")
    >>> from_turn(sequence, 1).action
    array([-1, -1, -1, -1, -1,  0])
    """
    action = np.where(sequence.action >= first, sequence.action - first, -1)
    logprobs = None if sequence.logprobs is None else np.where(action >= 0, sequence.logprobs, np.float32(0))
    return replace(sequence, mask=action >= 0, action=action, logprobs=logprobs)


def drift(trajectory: Trajectory, renderer: Renderer) -> Drift:
    """Compare the rendered turns with the stored ids, or without those with a rendering of each prompt from scratch."""
    turns = _rendered_turns(trajectory, renderer)
    pairs = enumerate(zip(trajectory.turns, turns, strict=True))
    return Drift(len(turns), sum(_differs(trajectory, renderer, at, kept, made) for at, (kept, made) in pairs))


def _sampled_turn(trajectory: Trajectory, turn: Turn) -> SampledTurn:
    if not turn.prompt_token_ids or not turn.token_ids:
        raise InputError(
            f"turn {turn.index} of trajectory {trajectory.id} has no token ids",
            hint="sample with a server that gives token ids, or set allow_retokenised if the stage has it",
        )
    return SampledTurn(turn.prompt_token_ids, turn.token_ids, turn.logprobs)


def _sequence(turns: Sequence[tuple[int, SampledTurn]], trajectory_id: str) -> TokenSequence:
    last = turns[-1][1]  # the last prompt holds all earlier turns of the sequence
    ids = np.asarray([*last.prompt, *last.sampled], dtype=np.int64)
    action = np.full(len(ids), -1, dtype=np.int64)
    # Log-probs of some turns only would look like a gap between policy and engine, so it is all or none.
    known = all(turn.logprobs is not None and len(turn.logprobs) == len(turn.sampled) for _, turn in turns)
    logprobs = np.zeros(len(ids), dtype=np.float32) if known else None
    # Every turn's prompt is a prefix of the sequence, so its length is the place of the sampled ids.
    for index, turn in turns:
        sampled_at = slice(len(turn.prompt), len(turn.prompt) + len(turn.sampled))
        action[sampled_at] = index
        if logprobs is not None:
            logprobs[sampled_at] = turn.logprobs
    return TokenSequence(ids, action >= 0, action, logprobs, trajectory_id)


def _rendered_turns(trajectory: Trajectory, renderer: Renderer) -> list[SampledTurn]:
    turns: list[SampledTurn] = []
    ids = renderer.prompt(_messages(trajectory, 0))
    for turn in trajectory.turns:
        said = renderer.reply_ids(turn.message)
        if turn.cut_off:
            said = said[:-1]  # the model never said that the turn ends here
        turns.append(SampledTurn(ids, said))
        ids = (*ids, *said, *renderer.bridge(said, chat_messages([("tool", turn.observation)])))
    return turns


def _differs(trajectory: Trajectory, renderer: Renderer, at: int, kept: Turn, made: SampledTurn) -> bool:
    if kept.token_ids is not None:
        return tuple(kept.token_ids) != tuple(made.sampled)
    # Without sampled ids only the prompts can be compared: ours grows by appending, a server renders it anew.
    sent = kept.prompt_token_ids or renderer.prompt(_messages(trajectory, at))
    return tuple(sent) != tuple(made.prompt)


def _messages(trajectory: Trajectory, turns: int) -> tuple[Message, ...]:
    """Return the conversation as it was sent before a turn."""
    said = [pair for t in trajectory.turns[:turns] for pair in (("assistant", t.message), ("tool", t.observation))]
    return chat_messages([("system", trajectory.system), ("user", trajectory.prompt), *said])
