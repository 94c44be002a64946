"""Several beginnings of one episode → the first whose composition holds, which is then played to its end.

ReEx-SQL (arXiv 2505.12768) branches a search by the feedback of executions. Here a language model drafts a candidate m
times, each draft until its first code has run; the first draft without an error or a conflict goes on, and the others
are dropped. If none holds, the first that has not ended goes on, since an episode may mend its draft. The prompt is the
same for all, so a server computes it once. What the dropped drafts cost is on the candidate's account.

    draft   first code     m = 3
    0       conflict       dropped
    1       ok             goes on
    2       ok             dropped
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from agentprop.agent.environment import Environment, Policy
from agentprop.records import Observation


@dataclass(frozen=True)
class Draft:
    """Beginning of an episode."""

    environment: Environment
    """Environment, after the first code or at the episode's end."""
    policy: Policy
    """Policy that acts in it."""
    observation: Observation
    """What the policy sees next."""

    @property
    def holds(self) -> bool:
        """The first code ran without an error or a conflict."""
        last = self.environment.turns[-1] if self.environment.turns else None
        return self.environment.stop is None and last is not None and (last.action, last.outcome) == ("exec", "ok")


async def draft(environment: Environment, policy: Policy) -> Draft:
    """Play until the first code has run, or the episode ends."""
    observation = environment.observe()
    while environment.stop is None:
        move = await policy.act(observation)
        if move.message is None:
            environment.end(move)
        else:
            observation = await environment.step(move)
            if environment.turns[-1].action == "exec":
                break
    return Draft(environment, policy, observation)


async def drafts(openings: Sequence[tuple[Environment, Policy]]) -> list[Draft]:
    """Play all beginnings at once."""
    tasks = [asyncio.ensure_future(draft(environment, policy)) for environment, policy in openings]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:  # those that a failure leaves behind
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def best(found: Sequence[Draft]) -> int:
    """Return the number of the draft that goes on."""
    holding = [n for n, one in enumerate(found) if one.holds]
    open_ = [n for n, one in enumerate(found) if one.environment.stop is None]
    return (holding or open_ or [0])[0]
