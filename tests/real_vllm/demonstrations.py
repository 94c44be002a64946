"""What the taught model is to know by heart: conversations of every role, had by our own code with a tutor.

The tutor follows rules. As proposer it runs `k + k²` for a k of its own, then submits the sum; as verifier, auditor and
prober it finds the claimed answer (as doubter −1, as prober one time in four a wrong one); as teacher it makes a skill
of each passage, the first with a script; as rater it is content.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from checkpoints import Demonstration
from places import EXAMPLES

from agentprop.agent.chat_policy import ChatPolicy
from agentprop.agent.environment import Environment, Episode, rollout
from agentprop.agent.sources import tools
from agentprop.config import ProposeConfig
from agentprop.extraction.corpus import Fields, find_files
from agentprop.extraction.corpus.texts import read_texts
from agentprop.extraction.teaching.chunks import chunked
from agentprop.extraction.teaching.lesson import Teacher
from agentprop.grading import auditor
from agentprop.grading import model_verifier as verifiers
from agentprop.grading.model_verifier import ModelJudge
from agentprop.grading.probers import question
from agentprop.models.abilities import ADD, SUM
from agentprop.models.chat import Sampling
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings
from agentprop.records import Trajectory
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import load
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run

SKILL_PACKAGE = EXAMPLES / "miniature" / "skills" / "digit-sum"
LIBRARY = ("--no-bundled-skills", "--skills", str(SKILL_PACKAGE))
"""A library of one skill, so that every task of `propose` is the one that the taught model knows."""
NUMBERS = range(12, 20)
EPISODES = 3 * len(NUMBERS)
"""The task is answered with each number three times."""
CHUNK_CHARACTERS = 300
REPLY_TOKENS = 120
"""More than any reply of a proposer takes: on tasks that it has not seen it talks nonsense, which is cut off there."""
RARE = 10
"""Repetitions of a demonstration that comes up once."""
EXEC = "<action:exec>\nprint({k} + {k} ** 2)\n</action:exec>"
SUBMIT = """<action:submit>
<statement>
A box holds {k} rows of {k} marbles and {k} loose ones. How many marbles does it hold?
</statement>
<answer type="integer">
{value}
</answer>
<certificate>
answer = {k} + {k} ** 2
</certificate>
</action:submit>"""
OPINION = "<verdict>valid</verdict>\n<flags>none</flags>\n<answer>{answer}</answer>\n<rationale>{why}</rationale>"
ROWS = (
    "A multiple is counted. Between 1 and 100 there are 14 multiples of 7, because 100 divided by 7 is 14 and a rest.",
    "A path is counted. On a grid of 3 by 2 there are 10 shortest paths, because 5 steps are in 10 orders.",
)
PADDING = " The same holds for other numbers, as every reader may try." * 3
SKILL = """<skill>
<name>counting {what}</name>
<description>Counts {what}. Use when {what} are asked for.</description>
<domain>mathematics</domain>
<category>counting</category>
<passages>1</passages>
<intent>Counts {what} without listing them.</intent>
<method>Choose bounds and ask for the number of {what}.</method>
<effect>Harder where the bounds hide what is counted.</effect>
<tool>A loop over all {what}.</tool>
<recognition>A number of {what} is asked for.</recognition>
<workflow>
1. Choose the bounds.
2. Ask for the number of {what}.
</workflow>
{executable}</skill>
"""
EXECUTABLE = """<executable>
<parameters>
n: {kind: integer, min: 20, max: 90}
d: {kind: integer, min: 2, max: 9}
</parameters>
<output>{kind: integer}</output>
<phrasing><ask>How many positive multiples of <d> are there up to <n>?</ask></phrasing>
<phrasing><ask>Count the multiples of <d> among the numbers from 1 to <n>.</ask></phrasing>
<value>the number of positive multiples of <d> up to <n></value>
<script>
\"\"\"Multiples of d up to n.\"\"\"


def solve(n: int, d: int) -> int:
    \"\"\"By division.\"\"\"
    return n // d


def check(n: int, d: int) -> int:
    \"\"\"By listing them.\"\"\"
    return sum(1 for k in range(1, n + 1) if k % d == 0)
</script>
</executable>
"""
PARTS = ("grounded", "general", "method", "effect", "checkable")
MARKS = "".join(f"<{part}>4</{part}>\n" for part in PARTS)
RATING = f'<rating skill="1">\n{MARKS}<reason>fine</reason>\n</rating>'
CLAIM = re.compile(r"<(?:answer[^>\n]*|claimed)>\n(.*?)\n</(?:answer|claimed)>", re.DOTALL)


@dataclass
class Tutor:
    """Scripted model that answers by rules, and records every answer as a demonstration."""

    doubting: bool = False
    """It is the doubting model."""
    demonstrations: list[Demonstration] = field(default_factory=list)
    """Demonstrations recorded so far."""
    numbers: Iterator[int] = field(default_factory=lambda: cycle(NUMBERS))
    """The next k."""

    def __call__(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The assistant's message."""
        messages, offered = list(body["messages"]), body.get("tools")
        reply = _calls(self._said(messages)) if offered else {"content": self._said(messages)}
        text = reply["content"] or "".join(_as_templated(call["function"]) for call in reply["tool_calls"])
        self.demonstrations.append(Demonstration(messages, text, offered, self.doubting))
        return reply

    def _said(self, messages: Sequence[Mapping[str, Any]]) -> str:
        begins, asked = messages[0]["content"], messages[-1]["content"]
        if begins.startswith("You propose"):
            return self._proposed(messages)
        if begins.startswith("You judge"):
            answer = "-1" if self.doubting else CLAIM.findall(asked)[-1]
            return OPINION.format(answer=answer, why="I counted them")
        if begins.startswith("You settle"):
            return OPINION.format(answer=CLAIM.findall(asked)[0], why="the rows were counted")
        if begins.startswith("You extract"):
            multiples = "multiple" in asked
            return SKILL.format(what="multiples" if multiples else "paths", executable=EXECUTABLE * multiples)
        assert begins.startswith("You rate")
        return RATING

    def _proposed(self, messages: Sequence[Mapping[str, Any]]) -> str:
        if len(messages) == 2:
            return EXEC.format(k=next(self.numbers))
        said = json.dumps(messages[2])
        k = int(re.search(r"print\((\d+)", said)[1])  # type: ignore[index]
        return SUBMIT.format(k=k, value=k + k**2)


def all_demonstrations(folder: Path) -> list[Demonstration]:
    """Record the demonstrations of all roles; some files are left in the folder."""
    tutor, doubter = Tutor(), Tutor(doubting=True)
    taught, doubting = _model(tutor), _model(doubter)
    episodes = asyncio.run(_episodes(folder, taught))
    asyncio.run(_judged(episodes, taught, doubting))
    asyncio.run(_studied(corpus(folder), taught))
    once = [
        lesson
        for lesson in tutor.demonstrations
        if lesson.messages[0]["content"].startswith(("You extract", "You rate"))
    ]
    return [*tutor.demonstrations, *doubter.demonstrations, *_tried(episodes), *RARE * [*once, *_added()]]


def texts(demonstrations: Sequence[Demonstration]) -> list[str]:
    """Return all texts in the demonstrations, and the numbers alone, to train a tokenizer on."""
    said = [text for one in demonstrations for text in (*(m.get("content") or "" for m in one.messages), one.reply)]
    return said + [str(number) for k in NUMBERS for number in (k, k + k**2)] * 200


def corpus(folder: Path) -> Path:
    """Two documents, each a chunk of its own."""
    path = folder / "corpus.jsonl"
    path.write_text("".join(json.dumps({"text": row + PADDING}) + "\n" for row in ROWS))
    return path


def _model(tutor: Tutor) -> Model:
    settings = ModelSettings(model="tutor", replies="-")
    return Model(channel_of(settings, Scripted(tutor)), Meter())


async def _episodes(folder: Path, model: Model) -> list[Episode]:
    """Episodes in tagged text, on the task as `propose` draws it; then the same by native calls."""
    config = ProposeConfig(n=1, skills=(str(SKILL_PACKAGE),), bundled_skills=False, workers=1, verifier="none")
    propose.run(config, str(folder / "tasks"), quiet=True)
    task = next(open_run(folder / "tasks").iter(Trajectory)).task
    library = load([SKILL_PACKAGE], bundled=False)
    with Sandbox(preload=(), slots=2) as sandbox:
        found = [
            await rollout(Environment(task, library, Executor(sandbox), tools()), ChatPolicy(model, native=native))
            for native in (False, True)
            for _ in range(EPISODES)
        ]
    assert all(episode.problem is not None for episode in found)
    return found


async def _judged(episodes: Sequence[Episode], taught: Model, doubting: Model) -> None:
    for episode in episodes[:EPISODES]:
        problem = episode.problem
        assert problem is not None
        shown = verifiers.question(problem, episode.trajectory)
        attempts = [
            await ModelJudge("m", number, "verifier", model).attempt(problem, shown)
            for number, model in ((0, taught), (1, taught), (0, doubting))
        ]
        await ModelJudge("m", 0, "auditor", taught).attempt(problem, auditor.question(problem, attempts))


async def _studied(source: Path, model: Model) -> None:
    chunks = chunked(read_texts(find_files([str(source)]), Fields()), CHUNK_CHARACTERS)
    for chunk in chunks:
        lesson = await Teacher(model, model, 4, Sampling()).study(chunk)
        assert lesson.candidates, lesson.refusals


def _tried(episodes: Sequence[Episode]) -> list[Demonstration]:
    """Return three correct answers and a wrong one to every problem."""
    problems = [episode.problem for episode in episodes[:EPISODES] if episode.problem is not None]
    return [
        Demonstration([{"role": "user", "content": question(problem)}], f"So it is \\boxed{{{answer}}}.")
        for problem in problems
        for answer in (problem.answer, problem.answer, problem.answer, "7")
    ]


def _added() -> list[Demonstration]:
    """Two plus three, for `check-models`: as JSON, and by a tool call."""
    asked = [{"role": "user", "content": SUM}]
    function = {"name": ADD.name, "description": ADD.description, "parameters": dict(ADD.parameters)}
    call = {"name": ADD.name, "arguments": json.dumps({"a": 2, "b": 3})}
    return [
        Demonstration(asked, json.dumps({"sum": 5})),
        Demonstration(asked, _as_templated(call), [{"type": "function", "function": function}]),
    ]


def _calls(said: str) -> dict[str, Any]:
    """Convert a tagged action to the same native call."""
    if "<action:exec>" in said:
        name, arguments = "exec", {"code": said.split("\n")[1]}
    else:
        parts = dict(re.findall(r"<(\w+)[^>]*>\n(.*?)\n</", said.partition("\n")[2], re.DOTALL))
        name, arguments = "submit", {**parts, "answer_type": "integer"}
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": None, "tool_calls": [{"id": "call_0", "type": "function", "function": function}]}


def _as_templated(function: Mapping[str, str]) -> str:
    return f'<tool_call>\n{{"name": "{function["name"]}", "arguments": {function["arguments"]}}}\n</tool_call>'
