"""Trajectories → training rows for a proposer: demonstrations, pairs of good and bad ones, labelled ones.

The last observation is left out, because no action follows it.
"""

from __future__ import annotations

from agentprop.agent.chat_policy import chat_messages
from agentprop.export.rows import ChatMessage, ConversationRow, Messages, Preference, StepRow, TrajectoryRow, Unpaired
from agentprop.records import Trajectory, content_id


def conversation(trajectory: Trajectory) -> ConversationRow:
    """Make a row of the whole conversation."""
    return ConversationRow(messages=prompt_of(trajectory) + completion_of(trajectory))


def preference(good: Trajectory, bad: Trajectory) -> Preference:
    """Make a row of two trajectories with the same prompt."""
    return Preference(prompt=prompt_of(good), chosen=completion_of(good), rejected=completion_of(bad))


def unpaired(trajectory: Trajectory, good: bool) -> Unpaired:
    """Make a row of one trajectory with its label."""
    return Unpaired(prompt=prompt_of(trajectory), completion=completion_of(trajectory), label=good)


def trajectory_row(trajectory: Trajectory) -> TrajectoryRow:
    """Make a row of all facts about a trajectory that ended in a problem."""
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
    """Key that trajectories from the same prompt share."""
    return bytes.fromhex(content_id(trajectory.system, trajectory.prompt))


def prompt_of(trajectory: Trajectory) -> Messages:
    """Messages that a proposer is given: system and task."""
    return chat_rows([("system", trajectory.system), ("user", trajectory.prompt)])


def completion_of(trajectory: Trajectory) -> Messages:
    """Its messages and the observations between them; at least one turn."""
    pairs = [pair for t in trajectory.turns for pair in (("assistant", t.message), ("tool", t.observation))]
    return chat_rows(pairs[:-1])


def chat_rows(pairs: list[tuple[str, str]]) -> Messages:
    """Return messages as rows have them, from (role, text)."""
    return tuple(ChatMessage.model_validate({"role": m.role, "content": m.text}) for m in chat_messages(pairs))
