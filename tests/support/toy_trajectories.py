"""Trajectories as a sampler leaves them: with the ids it sent and sampled, or with text alone."""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.agent.chat_policy import chat_messages
from agentprop.inference.chat_template import Ids, Renderer
from agentprop.records import Stage, StopReason, Task, Trajectory, Turn

SYSTEM, PROMPT = "You propose.", "Propose one problem."
SAID = ("<action:think>plan</action:think>", "<action:exec>print(4)</action:exec>", "<action:submit>4</action:submit>")
TOLD = ("[draft] noted", "[check] 4", "[finalize] accepted")
TASK = Task(seed=0, index=0, domain="mathematics", category="algebra", skill_ids=("a",), skill_names=("a",))


def sampled(renderer: Renderer, replies: Sequence[Ids] = (), *, break_at: int | None = None) -> Trajectory:
    """Three turns with ids; `replies` are what was sampled, `break_at` a turn whose prompt forgets the one before."""
    prompt = renderer.prompt(chat_messages([("system", SYSTEM), ("user", PROMPT)]))
    turns = []
    for index, (said, told) in enumerate(zip(SAID, TOLD, strict=True)):
        ids = replies[index] if replies else renderer.reply_ids(said)
        if index == break_at:
            prompt = renderer.prompt(chat_messages([("system", SYSTEM), ("user", "Forget it.")]))
        turns.append(turn(index, prompt_token_ids=prompt, token_ids=ids, logprobs=tuple(-0.1 * i for i in ids)))
        prompt = prompt + ids + renderer.bridge(ids, chat_messages([("tool", told)]))
    return trajectory(turns, token_exact=True)


def texts() -> Trajectory:
    """The same without ids."""
    return trajectory([turn(index) for index in range(3)], token_exact=False)


def turn(index: int, **ids: object) -> Turn:
    return Turn.model_validate(
        {
            "index": index,
            "stage": Stage.DRAFT,
            "action": "think",
            "message": SAID[index],
            "observation": TOLD[index],
            **ids,
        }
    )


def trajectory(turns: Sequence[Turn], *, token_exact: bool) -> Trajectory:
    return Trajectory.model_validate(
        {
            "task_id": TASK.id,
            "task": TASK,
            "system": SYSTEM,
            "prompt": PROMPT,
            "turns": tuple(turns),
            "stop": StopReason.SUBMITTED,
            "token_exact": token_exact,
        }
    )
