"""`agentprop train-solver`: settings → the stage that trains a solver on problems and their answers."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli import shared as stage
from agentprop.cli.options import TRAINING
from agentprop.cli.streams import refuse_stream
from agentprop.config import TrainSolverConfig


@stage.shares
def command(
    runs: Annotated[
        list[str],
        typer.Argument(help="Runs of propose, the verify runs that judged them, and probe runs for difficulty."),
    ],
    out: options.Out,
    model: Annotated[str | None, typer.Option(metavar="DIR|ID", help="Solver to start from.")] = None,
    difficulty: Annotated[
        str | None,
        typer.Option(metavar="LO..HI", help="Only problems with a pass rate in this range.", show_default="all"),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Take at most this many problems.", show_default="all")] = None,
    steps: options.Steps = None,
    groups: Annotated[
        int | None, typer.Option(help="Problems per batch.", show_default="8", rich_help_panel=TRAINING)
    ] = None,
    group_size: Annotated[
        int | None, typer.Option(help="Attempts per problem (G).", show_default="8", rich_help_panel=TRAINING)
    ] = None,
    learning_rate: options.LearningRate = None,
    lora_rank: options.LoraRank = None,
    device: options.Device = None,
    seed: options.Seed = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    *,
    shared: stage.Shared,
) -> None:
    """Train a solver on accepted problems, by their questions and answers alone (GRPO).

    The reward is 1 for an answer equivalent to the problem's, or a program that passes its hidden tests. The same
    command resumes an unfinished run; a larger --steps continues a finished one.
    """
    flags = {
        "model": model,
        "difficulty": difficulty,
        "limit": limit,
        "steps": steps,
        "groups": groups,
        "group_size": group_size,
        "learning_rate": learning_rate,
        "lora_rank": lora_rank,
        "device": device,
        "seed": seed,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    refuse_stream(out, "train-solver")
    settings = shared.settings(TrainSolverConfig, flags)
    from agentprop.stages.train import solver as train_solver

    if shared.only_shows(settings, partial(train_solver.dry_run, sources=runs)):
        return
    shared.present(train_solver.run(settings, runs, out, fresh=shared.fresh, quiet=shared.quiet), out)


epilog = options.further(TrainSolverConfig, command)
