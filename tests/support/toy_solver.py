"""Exercises whose answers are small numbers, and a tiny solver that has learnt to answer with some digit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tiny_model import TEMPLATE, tiny_model
from toy_groups import ALONE, config

from agentprop.grading.probers import question
from agentprop.inference.chat_template import Renderer, load_tokenizer
from agentprop.models.chat import Message
from agentprop.records import Certificate, Difficulty, Problem, TestCase, Verdict
from agentprop.storage.run import Run
from agentprop.training.data.packing import batch_of
from agentprop.training.data.sequences import SampledTurn, join
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import save_model

STATEMENTS = ("What is 3 + 4?", "How many days has a week?", "What is 14 / 2?", "Which prime follows 5?")
ANSWER = "7"


def problem(statement: str = STATEMENTS[0], answer: str = ANSWER) -> Problem:
    """A problem with everything a proposer leaves in it."""
    return Problem(
        statement=statement,
        answer=answer,
        answer_type="integer",
        domain="mathematics",
        category="sums",
        skills=("adding",),
        skill_ids=("secret-skill",),
        operators=("chain",),
        trajectory_id="secret-trace",
        certificate=Certificate(form="program", source="answer = 'secret-source'"),
        template="secret-template",
        task_id="secret-task",
        index=3,
        isolation="L3",
    )


def program() -> Problem:
    """A problem that asks for a function."""
    tests = tuple(TestCase(arguments=f"[{n}]", expected=str(2 * n)) for n in range(4))
    return Problem(
        statement="Write `solve(n)`, which doubles.",
        answer="def solve(n):\n    return 2 * n",
        answer_type="program",
        domain="coding",
        category="sums",
        skills=(),
        skill_ids=(),
        entry_point="solve",
        tests=tests,
        certificate=Certificate(form="none"),
    )


def run_of(path: Path, problems: Sequence[Problem], *, values: Sequence[str] = (), rates: Sequence[int] = ()) -> Path:
    """Write a run with these problems, their verdicts (valid by default) and c of 16 attempts."""
    with Run.open(path, "propose", {"n": len(problems)}) as run:
        for number, one in enumerate(problems):
            value = values[number] if values else "valid"
            run.add(one)
            run.add(Verdict.model_validate({"problem_id": one.id, "value": value, "code": "said"}))
            if rates:
                run.add(Difficulty(problem_id=one.id, prober="p", k=16, c=rates[number]))
        run.commit({})
        run.finish({})
    return path


def guessing(folder: Path, steps: int = 60) -> Path:
    """A model directory: it answers every question with a digit, any of the ten."""
    asked = [question(problem(statement)) for statement in STATEMENTS]
    chosen = config(tiny_model(folder / "blank", texts=asked * 9, vocabulary=420), learning_rate=1e-2)
    tokenizer = load_tokenizer(chosen.model)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(chosen.model)
    policy = PolicyModel.load(chosen).distribute(ALONE)
    renderer, optimiser = Renderer(policy.tokenizer), Optimiser(policy.trainable(), chosen)
    for step in range(steps):
        prompt = renderer.prompt((Message("user", asked[step % len(asked)]),))
        said = [renderer.reply_ids(f"\\boxed{{{digit}}}") for digit in range(10)]
        batch = batch_of([join([SampledTurn(prompt, ids)], str(n))[0] for n, ids in enumerate(said)])
        (-policy(batch).logprob.mean()).backward()
        optimiser.step()
    (folder / "model").mkdir()
    with torch.no_grad():
        save_model(policy, folder / "model")
    return folder / "model"
