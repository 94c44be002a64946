"""The processor time of a request on its way through the propose loop, part by part, each measured alone."""

from __future__ import annotations

import contextlib
import pickle
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from client import drive, open_ways
from model_server import ACTIONS, name_of

from agentprop.agent.candidates import Candidate, CandidateMaker
from agentprop.agent.environment import Environment
from agentprop.config import ProposeConfig
from agentprop.models.chat import Message, Request
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.endpoint import Endpoint
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import body_of
from agentprop.records import Task
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import bundled_directory
from agentprop.stages.common.library import gather
from agentprop.stages.common.plan import plan_of
from agentprop.stages.propose.digest import Digest
from agentprop.stages.propose.ledger import Ledger
from agentprop.stages.propose.sinks import open_sink

Costs = dict[str, float]
"""Microseconds of processor time by part."""
FEW = ("number-theory-*", "combinatorics-*", "sequences-*")
SETTINGS = ModelSettings(model="static", base_url="http://localhost/v1")


def claim(number: int) -> str:
    """A submission without a certificate: it is refused before anything is run."""
    return ACTIONS["claim"].format(name=name_of(number))


def few_skills() -> list[str]:
    """A few packages: the start, which is not counted, takes a moment, and there is still something to compose."""
    return sorted(str(path) for pattern in FEW for path in bundled_directory().glob(pattern))


def skill_flags() -> list[str]:
    """The same for the command line."""
    return ["--no-bundled-skills", *(part for skill in few_skills() for part in ("--skills", skill))]


def config(candidates: int) -> ProposeConfig:
    """Settings over a few skills."""
    skills = tuple(few_skills())
    return ProposeConfig(
        n=candidates, max_candidates=candidates, skills=skills, bundled_skills=False, proposer="static@localhost:1/v1"
    )


def conversation() -> Request:
    """The second request of a candidate: what it was told, what it said, and what came of it."""
    library = gather(config(1).skills, bundled=False)
    names = tuple(sorted(library))[:3]
    task = Task(
        seed=0,
        index=0,
        domain="mathematics",
        category="number-theory",
        skill_names=names,
        skill_ids=tuple(library[name].id for name in names),
    )
    with Sandbox() as sandbox:
        told = Environment(task, library, Executor(sandbox), {}).observe().messages
    messages = [Message("system", told[0][1]), Message("user", told[1][1]), Message("assistant", claim(0))]
    return Request((*messages, Message("user", "[refine] refused: there is no certificate")), sample=1)


async def parts(base_url: str, candidates: int, concurrency: int) -> Costs:
    """Microseconds per request: of the client, of the conversation around it, and of what becomes of the result."""
    found = await sending(base_url, 3 * candidates, concurrency)
    made, each = await conversing(candidates, concurrency)
    requests = sum(len(candidate.trajectory.turns) for candidate in made if candidate.trajectory)
    found["plan, prompt, protocol, environment, record"] = each / requests * 1e6
    started = time.process_time()
    for batch in (made[i : i + 96] for i in range(0, len(made), 96)):
        pickle.loads(pickle.dumps(batch))
    found["travel to the process that commits"] = (time.process_time() - started) / requests * 1e6
    found["decide, and write the shards"] = committing(made) / requests * 1e6
    return {name: round(cost, 1) for name, cost in found.items()}


async def sending(base_url: str, requests: int, concurrency: int) -> Costs:
    """The exchange, what agentprop's client does around it, and what storing each reply costs."""
    request = conversation()
    async with contextlib.AsyncExitStack() as stack:
        ways = await open_ways(base_url, concurrency, stack, request)
        endpoint = Endpoint(SETTINGS.model_copy(update={"base_url": base_url}))
        stack.push_async_callback(endpoint.aclose)
        body = body_of(request, SETTINGS)
        calls = {
            "exchange": lambda: endpoint.post(body),
            "client": ways["agentprop"].call,
            "stored": ways["agentprop, each reply stored"].call,
        }
        spent = dict.fromkeys(calls, 0.0)
        for call in calls.values():
            await drive(call, concurrency, concurrency)
        for _ in range(5):
            for name, call in calls.items():
                started = time.process_time()
                await drive(call, requests // 5, concurrency)
                spent[name] += (time.process_time() - started) / (requests // 5) / 5 * 1e6
    return {
        "exchange by HTTP": spent["exchange"],
        "queue, bounds, retries, reading": spent["client"] - spent["exchange"],
        "key, look-up and journal of replies": spent["stored"] - spent["client"],
    }


async def conversing(candidates: int, concurrency: int) -> tuple[list[Candidate], float]:
    """Candidates of a scripted model, and the seconds of everything that is not its client."""
    plan = plan_of(config(candidates), gather(config(1).skills, bundled=False))
    numbers = count()

    def answer(body: Mapping[str, Any]) -> str:
        return claim(next(numbers))

    with Sandbox() as sandbox:
        model = Model(channel_of(SETTINGS, Scripted(answer)), Meter())
        maker = CandidateMaker(
            plan.planner(), plan.curriculum, Executor(sandbox, shared=False), plan.rules, 0, False, model
        )
        indices = iter(range(candidates))
        made: list[Candidate] = []
        probabilities = plan.curriculum.probabilities(plan.curriculum.start())

        async def one() -> None:
            made.append(await maker.candidate(next(indices), probabilities))

        started = time.process_time()
        await drive(one, candidates, concurrency)
        spent_s = time.process_time() - started
        request, started = conversation(), time.process_time()
        for _ in range(next(numbers)):
            await model.reply(request)
        spent_s -= time.process_time() - started
    return sorted(made, key=lambda candidate: candidate.index), spent_s


def committing(made: list[Candidate]) -> float:
    """Seconds from candidates to shards."""
    settings = config(len(made))
    plan = plan_of(settings, gather(settings.skills, bundled=False))
    ledger = Ledger(settings, plan.curriculum)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_sink(plan, settings, str(Path(folder, "run")), False, ledger) as sink,
    ):
        started = time.process_time()
        for candidate in made:
            sink.add(ledger.commit(Digest.of(candidate)), lambda: None)
        sink.commit(ledger.state())
        sink.finish(ledger.summary(), complete=False)
        return time.process_time() - started
