"""`agentprop train-sft`: settings → the stage that trains a proposer on valid trajectories (agentic SFT)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage
from agentprop.cli.options import TRAINING
from agentprop.cli.streams import refuse_stream
from agentprop.config import TrainSftConfig


@stage.shares
def command(
    runs: Annotated[
        list[str], typer.Argument(help="Runs of propose, and the verify runs that judged their problems, if any.")
    ],
    out: options.Out,
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR|ID", help="Model to start from; without weights it is initialised at random."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the trajectories.", rich_help_panel=TRAINING)] = None,
    max_steps: Annotated[
        int | None, typer.Option(help="Stop after this many optimiser steps.", rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Trajectories per optimiser step.", rich_help_panel=TRAINING)
    ] = None,
    learning_rate: options.LearningRate = None,
    lora_rank: options.LoraRank = None,
    extracted: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN", help="Extract run whose skills are also learnt; may be repeated.", rich_help_panel=TRAINING
        ),
    ] = None,
    device: options.Device = None,
    seed: options.Seed = None,
    *,
    shared: stage.Shared,
) -> None:
    """Train a model to propose by imitating valid trajectories (SFT).

    It starts from a Hugging Face model, or initialises one if a directory holds only its config.json and tokenizer.
    Under `torchrun` the weights are sharded over all processes. The same command resumes an unfinished run.
    """
    flags = {
        "model": model,
        "epochs": epochs,
        "max_steps": max_steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "lora_rank": lora_rank,
        "extracted": extracted,
        "device": device,
        "seed": seed,
    }
    refuse_stream(out, "train-sft")
    settings = shared.settings(TrainSftConfig, flags)
    from agentprop.stages.train import sft as train_sft

    if shared.only_shows(settings, partial(train_sft.dry_run, sources=runs)):
        return
    shared.present(train_sft.run(settings, runs, out, fresh=shared.fresh, quiet=shared.quiet), out)


epilog = options.further(TrainSftConfig, command)
