"""Options that commands share, each declared once."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from agentprop.config import StageConfig

BOUNDS, DISPLAY, TRAINING, LAYOUT = "Bounds", "Display", "Training", "Layout of the sources"
MODELS = "Language models"

Out = Annotated[str, typer.Option("--out", "-o", help="Run directory to write; `-` streams records to stdout.")]
Config = Annotated[
    str | None, typer.Option("--config", "-c", metavar="FILE", help="Settings file: .json, .toml or .yaml.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set any setting by its name; may be repeated.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over: delete the run in the directory first.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the settings, print them as JSON, and stop.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print the summary, or the error, as JSON.", rich_help_panel=DISPLAY)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print neither progress nor summary.", rich_help_panel=DISPLAY)
]
Skills = Annotated[
    list[str] | None,
    typer.Option("--skills", metavar="DIR|RUN", help="Skill packages to add to the library; may be repeated."),
]
BundledSkills = Annotated[
    bool | None,
    typer.Option(
        "--bundled-skills/--no-bundled-skills",
        help="Use the skill library that comes with agentprop.",
        show_default="use it",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything random.", show_default="0")]
Workers = Annotated[
    int | None, typer.Option("--workers", "-w", help="Number of worker processes.", show_default="all cores")
]
Graders = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-w",
        help="Number of worker processes that grade replies.",
        show_default="threads of this process",
    ),
]
Partitions = Annotated[
    int | None,
    typer.Option(
        "--partitions",
        metavar="P",
        help="Divide the work into so many parts; `agentprop merge` makes one run of them.",
        show_default="1",
        rich_help_panel="Many machines",
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="local|ray",
        help="Where workers run: this machine, or a Ray cluster (extra `cluster`).",
        show_default="local",
        rich_help_panel="Many machines",
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Address of the Ray cluster.",
        show_default="a new one on this machine",
        rich_help_panel="Many machines",
    ),
]
Partition = Annotated[
    str | None,
    typer.Option(
        "--partition",
        metavar="K|auto",
        help="Part to work on, from 0; auto asks Slurm or Kubernetes.",
        rich_help_panel="Many machines",
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        min=0,
        help="Sampling temperature of replies; --set temperature=null leaves it to the model.",
        rich_help_panel=MODELS,
    ),
]
TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p", help="Nucleus of replies; --set top_p=null leaves it to the model.", rich_help_panel=MODELS
    ),
]
ReplyTokens = Annotated[
    int | None,
    typer.Option("--reply-tokens", min=1, help="Most tokens of a reply, reasoning included.", rich_help_panel=MODELS),
]
MaxTokens = Annotated[
    int | None,
    typer.Option("--max-tokens", help="Stop after this many tokens of language models.", rich_help_panel=BOUNDS),
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost", help="Stop after this cost, in the currency of the models' prices.", rich_help_panel=BOUNDS
    ),
]
MaxFailures = Annotated[
    float | None,
    typer.Option(
        "--max-failures",
        min=0,
        max=1,
        metavar="SHARE",
        help="Stop where a larger share of the records fails unexpectedly.",
        show_default="0.01, and three at least",
        rich_help_panel=BOUNDS,
    ),
]
AllowWeakSandbox = Annotated[
    bool | None,
    typer.Option(
        "--allow-weak-sandbox", help="Run even if this machine cannot isolate untrusted code.", show_default=False
    ),
]
Prompts = Annotated[
    str | None,
    typer.Option(
        "--prompts",
        metavar="DIR",
        help="Files that replace prompts of the same names; see agentprop prompts.",
        show_default="those of agentprop",
        rich_help_panel="Language models",
    ),
]
Steps = Annotated[
    int | None, typer.Option("--steps", help="Number of rollout batches.", show_default="200", rich_help_panel=TRAINING)
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        help="Learning rate.",
        show_default="1e-5 for SFT, 1e-6 for RL; ten times that for LoRA",
        rich_help_panel=TRAINING,
    ),
]
LoraRank = Annotated[
    int | None,
    typer.Option(
        "--lora-rank", help="Train LoRA adapters of this rank instead of all weights.", rich_help_panel=TRAINING
    ),
]
Device = Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, …", rich_help_panel=TRAINING)]


SOURCES = (
    "Runs with problems; files of problems of any kind and layout that extract reads, directories, hf:OWNER/NAME; `-` "
    "reads a stage's stream, JSON lines or an Arrow stream from stdin. Several at once."
)
"""Help of the argument of commands that take problems from wherever they are."""


def _field(flag: str, what: str) -> Any:
    """An option that names the field of a part: a name, a path such as `qa.question`, or `-` for none."""
    return typer.Option(flag, metavar="PATH", help=f"Field of {what}.", show_default="found", rich_help_panel=LAYOUT)


QuestionField = Annotated[str | None, _field("--question-field", "the question: a name, or a path such as qa.question")]
ContextField = Annotated[str | None, _field("--context-field", "a text that the question follows; - for none")]
SolutionField = Annotated[str | None, _field("--solution-field", "the worked solution")]
AnswerField = Annotated[str | None, _field("--answer-field", "the final answer")]
OptionsField = Annotated[str | None, _field("--options-field", "the options of multiple-choice questions")]
UnitField = Annotated[str | None, _field("--unit-field", "the answer's unit")]
EquationField = Annotated[str | None, _field("--equation-field", "an equation that gives the answer")]
ProgramField = Annotated[str | None, _field("--program-field", "the reference program")]
TestsField = Annotated[str | None, _field("--tests-field", "a program's tests")]
EntryPointField = Annotated[str | None, _field("--entry-point-field", "the function that the tests call")]
IdField = Annotated[str | None, _field("--id-field", "the record's own id")]
Split = Annotated[
    list[str] | None,
    typer.Option(
        "--split", metavar="NAME", help="Split to read, such as train; may be repeated.", rich_help_panel=LAYOUT
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="Encoding of text files.", show_default="recognised", rich_help_panel=LAYOUT),
]


def further(config: type[StageConfig], command: Callable[..., Any], *named: str) -> str:
    """Text below a command's help: the settings without a flag of their own (`named` have one of another name)."""
    flags = {*inspect.signature(command).parameters, *named}
    described = [
        f"{name} (default {json.dumps(field.get_default())}): {' '.join((field.description or '').split())}"
        for name, field in config.model_fields.items()
        if name not in flags
    ]
    return "\n\n".join(["Further settings, given by --set or in a settings file:", *described])
