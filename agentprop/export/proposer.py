"""Trajectories → what a proposer learns from: conversations to imitate, and good ones beside bad ones.

The last thing the environment said is left out: nobody reads it any more.
"""

from __future__ import annotations

from agentprop.agent.chat_policy import chat_messages
from agentprop.export.rows import ConversationRow, Messages, Preference, Said, StepRow, TrajectoryRow, Unpaired
from agentprop.records import Trajectory, content_id


def conversation(trajectory: Trajectory) -> ConversationRow:
    """The whole conversation."""
    return ConversationRow(messages=prompt_of(trajectory) + completion_of(trajectory))


def preference(good: Trajectory, bad: Trajectory) -> Preference:
    """Two trajectories with the same prompt."""
    return Preference(prompt=prompt_of(good), chosen=completion_of(good), rejected=completion_of(bad))


def unpaired(trajectory: Trajectory, good: bool) -> Unpaired:
    """A trajectory by itself."""
    return Unpaired(prompt=prompt_of(trajectory), completion=completion_of(trajectory), label=good)


def trajectory_row(trajectory: Trajectory) -> TrajectoryRow:
    """Everything about a trajectory that ended in a problem."""
    return TrajectoryRow(
        id=trajectory.id,
        problem_id=trajectory.problem_id or "",
        messages=conversation(trajectory).messages,
        steps=tuple(StepRow(stage=t.stage, action=t.action, outcome=t.outcome) for t in trajectory.turns),
        stop=trajectory.stop,
        pruned=trajectory.pruned,
        replaced=trajectory.replaced,
        proposer=trajectory.made_by.name,
    )


def prompt_key(trajectory: Trajectory) -> bytes:
    """What trajectories from the same prompt share."""
    return bytes.fromhex(content_id(trajectory.system, trajectory.prompt))


def prompt_of(trajectory: Trajectory) -> Messages:
    """What a proposer is given."""
    return _said([("system", trajectory.system), ("user", trajectory.prompt)])


def completion_of(trajectory: Trajectory) -> Messages:
    """What it said, and what the environment answered; at least one turn."""
    pairs = [pair for t in trajectory.turns for pair in (("assistant", t.message), ("tool", t.observation))]
    return _said(pairs[:-1])


def _said(pairs: list[tuple[str, str]]) -> Messages:
    return tuple(Said.model_validate({"role": m.role, "content": m.text}) for m in chat_messages(pairs))
