"""Options that commands share, each declared once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from agentprop.config import StageConfig

BOUNDS, DISPLAY, TRAINING = "Bounds", "Display", "Training"

Out = Annotated[str, typer.Option("--out", "-o", help="Run directory to write; `-` streams records to stdout.")]
Config = Annotated[
    str | None, typer.Option("--config", "-c", metavar="FILE", help="Settings file: .json, .toml or .yaml.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting by its name; may be repeated.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over, deleting the run that is in the directory.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and print the settings as JSON, and stop.")]
Json = Annotated[bool, typer.Option("--json", help="Print summary or error as JSON.", rich_help_panel=DISPLAY)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.", rich_help_panel=DISPLAY)]
Skills = Annotated[
    list[str] | None,
    typer.Option("--skills", metavar="DIR|RUN", help="Skill packages to add to the library; may be repeated."),
]
BundledSkills = Annotated[
    bool | None,
    typer.Option(
        "--bundled-skills/--no-bundled-skills",
        help="Use the library that travels with agentprop.",
        show_default="use it",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Everything random follows from it.", show_default="0")]
Workers = Annotated[int | None, typer.Option("--workers", "-w", help="Worker processes.", show_default="all cores")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", rich_help_panel=BOUNDS)]
MaxCost = Annotated[float | None, typer.Option("--max-cost", rich_help_panel=BOUNDS)]
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
    typer.Option("--allow-weak-sandbox", help="Run even where untrusted code cannot be isolated.", show_default=False),
]
Steps = Annotated[
    int | None, typer.Option("--steps", help="Rollout batches.", show_default="200", rich_help_panel=TRAINING)
]
LearningRate = Annotated[float | None, typer.Option("--learning-rate", rich_help_panel=TRAINING)]
LoraRank = Annotated[
    int | None,
    typer.Option("--lora-rank", help="Train adapters of this rank, not all weights.", rich_help_panel=TRAINING),
]
Device = Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, …", rich_help_panel=TRAINING)]


def further(config: type[StageConfig], command: Callable[..., Any], *named: str) -> str:
    """The end of a command's help: settings without a flag of their own (`named` have one of another name)."""
    flags = {*inspect.signature(command).parameters, *named}
    described = [
        f"{name} (default {field.get_default()}): {' '.join((field.description or '').split())}"
        for name, field in config.model_fields.items()
        if name not in flags
    ]
    return "\n\n".join(["Further settings, for --set and settings files:", *described])
