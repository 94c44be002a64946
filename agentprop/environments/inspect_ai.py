"""A task of Inspect: `inspect eval agentprop/agentprop -T n=100 -T domain=mathematics --model …`

The entry point of pyproject.toml makes that name known; after `pip install -e`, give Inspect the path of this file.
Source: inspect_ai 0.3.
"""

from __future__ import annotations

import asyncio
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import CORRECT, INCORRECT, NOANSWER, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

from agentprop.answers import final_answer
from agentprop.api.dataset import Item, dataset, prompt_of
from agentprop.api.scoring import score


@scorer(metrics=[accuracy(), stderr()])
def correct() -> Scorer:
    """Score by `agentprop.score`; NOANSWER, which counts as 0, if neither right nor wrong can be shown."""

    async def scored(state: TaskState, target: Target) -> Score:
        reply, kind = state.output.completion, state.metadata.get("answer_type")
        found = await asyncio.to_thread(score, target.text, reply, answer_type=kind)
        value = NOANSWER if found is None else CORRECT if found else INCORRECT
        return Score(value=value, answer=final_answer(reply) or None, metadata={"undetermined": found is None})

    return scored


@task
def agentprop(n: int = 100, seed: int = 0, domain: str | None = None) -> Task:
    """The first n problems of `agentprop.dataset(domain, seed)`."""
    return Task(dataset=MemoryDataset(list(map(_sample, dataset(domain, seed, n))), name="agentprop"), **_parts())


def _parts() -> dict[str, Any]:
    return {"solver": generate(), "scorer": correct()}


def _sample(item: Item) -> Sample:
    told = item["metadata"]
    return Sample(id=told["id"], input=prompt_of(item), target=item["answer"], metadata=dict(told))
