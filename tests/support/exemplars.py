"""The episodes that the proposer's prompt shows as examples: how they are made, and how one is played again.

python tests/support/exemplars.py      chooses one for each domain anew and writes agentprop/prompts/exemplar_*.md
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import agentprop.prompts
from agentprop.agent.environment import Environment, Episode, Rules, rollout
from agentprop.agent.guidance import Guidance, exemplar_name
from agentprop.agent.sources import tools
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.survey import survey
from agentprop.composition.terms import skills
from agentprop.records import Domain, Move, Observation, StopReason, Task, Trajectory
from agentprop.records.action_text import COMPOSITION
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, load

DOMAINS: tuple[Domain, ...] = ("mathematics", "coding", "science")
TRIES = 120
DIFFICULTY = "\n\nHow hard it should be"


@dataclass
class Reciting:
    """A policy that says given messages."""

    messages: list[str]

    async def act(self, observation: Observation) -> Move:
        return Move(message=self.messages.pop(0) if self.messages else None)


def task_of(names: Sequence[str], library: Mapping[str, Package], category: str) -> Task:
    """A task on these skills."""
    ids = tuple(library[name].id for name in names)
    domain = library[names[0]].spec.domain
    return Task(seed=0, index=0, domain=domain, category=category, skill_ids=ids, skill_names=tuple(names))


def play(messages: Sequence[str], task: Task, library: Mapping[str, Package], executor: Executor) -> Episode:
    """Say these messages in the environment of a guided model."""
    guidance = Guidance(exemplar=False)
    environment = Environment(task, library, executor, tools(), Rules(), own_code=True, guidance=guidance)
    return asyncio.run(rollout(environment, Reciting(list(messages))))


def text_of(trajectory: Trajectory) -> str:
    """The episode as an example: each message under its speaker, without what every task says."""
    asked = trajectory.prompt.partition(DIFFICULTY)[0]
    said = [("user", asked)]
    for turn in trajectory.turns:
        said += [("assistant", turn.message), ("tool", turn.observation)]
    return "\n\n".join(f"[{role}]\n{text}" for role, text in said) + "\n"


def plain(message: str) -> str:
    """A message without the line by which only the built-in proposer says how it composed its problem."""
    return "".join(line for line in message.splitlines(keepends=True) if not line.startswith(COMPOSITION))


def episodes(domain: Domain, planner: Planner, library: Mapping[str, Package], executor: Executor) -> list[str]:
    """Episodes of the built-in proposer in a domain that met a conflict, mended it and were accepted."""
    found = []
    categories = sorted(c for c in planner.categories if planner.domain(c) == domain)
    for index in range(TRIES):
        rng = Random(f"exemplar/{domain}/{index}")
        category = rng.choice(categories)
        try:
            term = planner.plan(category, rng)
        except Impossible:
            continue
        task = task_of(skills(term), library, category)
        environment = Environment(task, library, executor, tools(), Rules(), own_code=True, guidance=Guidance())
        episode = asyncio.run(rollout(environment, BuiltinProposer(planner, term, rng)))
        outcomes = [turn.outcome for turn in episode.trajectory.turns]
        if (
            episode.trajectory.stop is StopReason.SUBMITTED
            and outcomes.count("conflict") == 1
            and len(set(task.skill_names)) > 1
        ):
            again = play([plain(turn.message) for turn in episode.trajectory.turns], task, library, executor)
            if again.problem is not None:
                found.append(text_of(again.trajectory))
    return found


def main() -> None:
    """Write the shortest such episode of each domain."""
    library = load([])
    folder = Path(agentprop.prompts.__file__).parent
    with Sandbox(preload=(), slots=2) as sandbox:
        executor = Executor(sandbox)
        planner = Planner(library, survey(library, sandbox, seed=0))
        for domain in DOMAINS:
            texts = sorted(episodes(domain, planner, library, executor), key=len)
            print(domain, len(texts), [len(text) for text in texts[:8]])
            (folder / f"{exemplar_name(domain)}.md").write_text(texts[0], encoding="utf-8")


if __name__ == "__main__":
    main()
