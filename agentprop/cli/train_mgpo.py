"""`agentprop train-mgpo`: settings → the stage that trains a proposer on its own attempts."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import completion, options
from agentprop.cli import shared as stage
from agentprop.cli.options import TRAINING
from agentprop.cli.streams import refuse_stream
from agentprop.config import TrainMgpoConfig
from agentprop.training.rl.algorithms import ALGORITHMS

JUDGING = "Judging"


@stage.shares
def command(
    out: options.Out,
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR|ID", help="Proposer to start from, such as train-sft's model; also the reference."),
    ] = None,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    verifier: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=completion.models,
            metavar="MODEL",
            help="Verifier: builtin, or models that vote; may be repeated.",
            show_default="builtin",
            rich_help_panel=JUDGING,
        ),
    ] = None,
    auditor: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.models,
            metavar="MODEL",
            help="Model that settles differences between answers.",
            rich_help_panel=JUDGING,
        ),
    ] = None,
    prober: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=completion.models,
            metavar="MODEL",
            help="Model that measures difficulty; repeat it for a pool, weak to strong.",
            show_default="none",
            rich_help_panel=JUDGING,
        ),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "--k", "-k", help="Attempts of the prober at each problem.", show_default="16", rich_help_panel=JUDGING
        ),
    ] = None,
    algorithm: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.algorithms,
            metavar="NAME",
            help=f"Algorithm: {', '.join(ALGORITHMS.names())}.",
            show_default="mgpo",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    steps: options.Steps = None,
    groups: Annotated[
        int | None, typer.Option(help="Tasks per batch.", show_default="8", rich_help_panel=TRAINING)
    ] = None,
    group_size: Annotated[
        int | None, typer.Option(help="Episodes per task (G).", show_default="8", rich_help_panel=TRAINING)
    ] = None,
    learning_rate: options.LearningRate = None,
    lora_rank: options.LoraRank = None,
    device: options.Device = None,
    seed: options.Seed = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    shared: stage.Shared,
) -> None:
    """Train a proposer on its own attempts in the real environment (MGPO).

    Episodes of one task are compared with each other: the verifier decides which problems are valid, the prober
    measures how hard they are. The same command resumes an unfinished run; a larger --steps continues a finished one.
    """
    flags = {
        "model": model,
        "skills": skills,
        "bundled_skills": bundled_skills,
        "verifier": verifier,
        "auditor": auditor,
        "prober": prober,
        "k": k,
        "algorithm": algorithm,
        "steps": steps,
        "groups": groups,
        "group_size": group_size,
        "learning_rate": learning_rate,
        "lora_rank": lora_rank,
        "device": device,
        "seed": seed,
        "max_tokens": max_tokens,
        "max_cost": max_cost,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    refuse_stream(out, "train-mgpo")
    settings = shared.settings(TrainMgpoConfig, flags)
    from agentprop.stages.train import mgpo as train_mgpo

    if shared.only_shows(settings, train_mgpo.dry_run):
        return
    shared.present(train_mgpo.run(settings, out, fresh=shared.fresh, quiet=shared.quiet), out)


epilog = options.further(TrainMgpoConfig, command)
