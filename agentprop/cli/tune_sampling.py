"""`agentprop tune-sampling`: runs at several temperatures → the one with the best balance of right and different."""

from __future__ import annotations

import json as json_
from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli.shared import print_summary


def command(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Runs of propose at two temperatures or more, with their verify runs."),
    ],
    difficulty: Annotated[
        list[str] | None,
        typer.Option(metavar="LO..HI", help="Count only problems with a pass rate in this range; may be repeated."),
    ] = None,
    wanted: Annotated[int, typer.Option(min=1, help="Valid and different problems of a bundle that are enough.")] = 8,
    json: options.Json = False,
) -> None:
    """Choose a proposer's temperature from samples that exist (B-STaR's balance score).

    The score of a bundle is the share of its valid, different problems in what is wanted (at most 1), times their share
    in all that were submitted; a configuration has the mean over the bundles that all configurations tried. Beside it
    stand the different templates that a bundle gets, and the bundles gained and lost against the first configuration.
    Nothing is sampled and no model is asked.
    """
    from agentprop.stages.common.tuning import tune

    found = tune(runs, difficulty or [], wanted)
    if json:
        print(json_.dumps(found, ensure_ascii=False))
        return
    for row in found["rows"]:
        band = f"  difficulty {row['difficulty']}" if "difficulty" in row else ""
        k, covered = list(row["coverage"].items())[-1]
        print(
            f"{row['balance']:.4f}  temperature {row['temperature']:g}{band}  {covered:.2f} templates in {k} tries"
            f"{_change(row.get('against_first'))}  {row['proposer']}"
        )
    print_summary({"bundles": found["best"]["bundles"], "samples of each": found["best"]["samples"]})


def _change(against: dict[str, float] | None) -> str:
    """Say which bundles were gained and lost against the first proposer."""
    return "" if against is None else f"  bundles +{against['gained']} −{against['lost']}"
