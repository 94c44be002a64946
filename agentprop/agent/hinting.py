"""An episode that failed → its dead end, and an environment that goes on from there with a hint.

REX-RAG (arXiv 2508.08149) puts a short phrase where a rollout failed and lets it go on. Here the phrase ends the
observation of the last turn that failed, so the environment says it and not the policy: what follows is the policy's
own, given that it was told so. Of an episode of at most five turns

    turn   0       1       2       3       4
           exec    exec    think   exec    think     → turn limit
           ok      error   ok      error   ok

the branch keeps the turns 0 and 1 and has three of its own. Turn 3 is no dead end to go on from, because a branch needs
two turns, one to mend and one to submit. Nothing is run again: stage, active skills and counters after a turn are those
that the record has before the next one.
"""

from __future__ import annotations

from itertools import pairwise

from agentprop.agent.clauses import INERT
from agentprop.agent.environment import Environment
from agentprop.records import StopReason, Trajectory, Turn

HINTS = (
    "hint: this way leads nowhere. Change what the last message names, and only that.",
    "hint: choose other numbers; smaller ones are easier to check.",
    "hint: begin again with something simpler: run it first, then submit what it printed.",
)
"""What a branch may be told; true of every task."""
FAILED = frozenset({StopReason.TURN_LIMIT, StopReason.MALFORMED, StopReason.SUBMISSION_LIMIT, StopReason.ABANDONED})
"""Ends of an episode that failed by its own doing."""
LEAST_TURNS = 2
"""Turns that a branch must have."""


def dead_end(trajectory: Trajectory, max_turns: int) -> int | None:
    """Return how many turns a branch keeps: up to the last that failed and leaves enough; None without one.

    The record must have a turn after it, which says what the state was.
    """
    if trajectory.stop not in FAILED:
        return None
    most = min(len(trajectory.turns) - 1, max_turns - LEAST_TURNS)
    return next((n for n in range(most, 0, -1) if trajectory.turns[n - 1].outcome not in ("ok", "read")), None)


def go_on(environment: Environment, trajectory: Trajectory, kept: int, hint: str) -> None:
    """Put a fresh environment of the same task where the episode was after `kept` turns, and give the hint."""
    *before, last = trajectory.turns[:kept]
    hinted = last.model_copy(update={"observation": f"{last.observation}\n{hint}"})
    after = trajectory.turns[kept]
    environment.turns = [*before, hinted]
    environment.stage = after.stage
    environment.active = {name: environment.library[name] for name in after.skills}
    environment.isolation = trajectory.isolation
    environment.malformed = sum(turn.action == "malformed" for turn in environment.turns)
    environment.refused = sum(map(_is_refusal, environment.turns))
    for one, next_one in pairwise((*environment.turns, after)):
        if one.action == "edit" and one.outcome == "ok":
            fewer = len(next_one.skills) < len(one.skills)
            environment.pruned += fewer
            environment.replaced += not fewer
    said = [pair for turn in environment.turns for pair in (("assistant", turn.message), ("tool", turn.observation))]
    environment.history = [("system", trajectory.system), ("user", trajectory.prompt), *said]


def _is_refusal(turn: Turn) -> bool:
    """Tell whether a turn counts against the limit of submissions."""
    code = turn.outcome.removeprefix("refused:")
    return turn.action == "submit" and code != turn.outcome and not code.startswith(INERT)
