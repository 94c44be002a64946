"""The formats by name: whom they are for, what their rows hold, and how they are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agentprop.export import rows
from agentprop.records import Part

Content = Literal["problems", "questions", "lessons", "trajectories", "labelled", "pairs"]
"""What rows are made of: problems with all that is known, questions with answers alone, trajectories of accepted
problems as conversations or with all that is known, trajectories with a label, pairs of trajectories."""


@dataclass(frozen=True)
class Format:
    """One format."""

    row: type[Part]
    """What a row holds."""
    suffix: Literal["jsonl", "parquet"]
    """Kind of file in a directory; a file's own name decides for itself."""
    usage: str
    """How to load it, Python; `{path}` is the directory, `{name}` the package."""
    tables: tuple[Content, ...]
    """What it holds; where there are several, each in a folder of its own."""
    whole: bool = False
    """Whether it is a directory in any case."""


DATASETS = 'from datasets import load_dataset\n\ndata = load_dataset("{path}")'

SFT = f"""{DATASETS}
SFTTrainer(model, args=SFTConfig(assistant_only_loss=True), train_dataset=data["train"])  # loss on actions alone"""

GRPO = f"""{DATASETS}
from agentprop.export.reward import trl_reward

GRPOTrainer(model, reward_funcs=trl_reward, train_dataset=data["train"])"""

DPO = f"""{DATASETS}
DPOTrainer(model, train_dataset=data["train"])  # TRL counts what the environment said as part of a completion"""

KTO = f"""{DATASETS}
KTOTrainer(model, train_dataset=data["train"])  # TRL counts what the environment said as part of a completion"""

VERL = """# python -m verl.trainer.main_ppo algorithm.adv_estimator=grpo \\
#     data.train_files={path}/train.parquet \\
#     reward.custom_reward_function.path="$(python -c 'import agentprop.export.reward as r; print(r.__file__)')" \\
#     reward.custom_reward_function.name=compute_score
from datasets import load_dataset

data = load_dataset("{path}")"""

OPENAI = """from openai import OpenAI

OpenAI().files.create(file=open("{path}/train.jsonl", "rb"), purpose="fine-tune")"""

VERIFIERS = """# pip install {path}
import verifiers.v1 as vf

tasks = vf.load_taskset(vf.TasksetConfig(id="{name}"))"""

DATASET = """from datasets import load_dataset

problems = load_dataset("{path}", "problems")
trajectories = load_dataset("{path}", "trajectories")"""

FORMATS: dict[str, Format] = {
    "trl-sft": Format(rows.ConversationRow, "jsonl", SFT, ("lessons",)),
    "trl-grpo": Format(rows.PromptSolution, "jsonl", GRPO, ("questions",)),
    "trl-preference": Format(rows.Preference, "jsonl", DPO, ("pairs",)),
    "trl-unpaired": Format(rows.Unpaired, "jsonl", KTO, ("labelled",)),
    "verl": Format(rows.VerlRow, "parquet", VERL, ("questions",)),
    "openai-chat": Format(rows.ConversationRow, "jsonl", OPENAI, ("lessons",)),
    "verifiers": Format(rows.QuestionAnswer, "jsonl", VERIFIERS, ("questions",), whole=True),
    "jsonl": Format(rows.ProblemRow, "jsonl", DATASETS, ("problems",)),
    "dataset": Format(rows.ProblemRow, "parquet", DATASET, ("problems", "trajectories"), whole=True),
}
"""Proposers learn from trajectories, solvers from questions, and `jsonl` and `dataset` hold what is known."""

PURPOSE: dict[Content, str] = {
    "problems": "Reasoning problems with their answers, how hard they are, and how they came to be.",
    "questions": "Reasoning problems with their answers, for a solver to learn from; nothing else is in it.",
    "lessons": "Trajectories in which a problem was composed, checked and submitted, for a proposer to imitate.",
    "labelled": "Trajectories in which a problem was proposed, and whether it was found valid.",
    "pairs": "Pairs of trajectories from the same task, of which one ended in a valid problem.",
}
"""A card's first sentence."""
