"""`agentprop tune-proposer`: variants of the settings of propose → the best one, by successive halving."""

from __future__ import annotations

from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.cli.shared import present


def command(
    arms: Annotated[
        str, typer.Argument(metavar="ARMS.toml", help="Settings of propose, and a table [arms.NAME] for each variant.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="Directory for the runs of all variants.")],
    first: Annotated[int, typer.Option(min=1, help="Candidates of each variant in the first round.")] = 64,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find the best of several variants of a proposer, by successive halving.

    Variants are other settings, such as prompts or bundles. Each round proposes with every variant that is left, keeps the half with most accepted problems of different
    templates for a thousand tokens, and doubles the candidates. The winner is then measured on fresh tasks, and that is
    its rate. The same command goes on where it was stopped.
    """
    from agentprop.api.tuning import tune_proposer

    found = tune_proposer(arms, out, first=first, quiet=quiet)
    trials = {f"{t['arm']}, round {t['round']}": round(t["rate"], 4) for t in found["trials"]}
    shown = found if json else {"winner": found["winner"], "rate": round(found["rate"], 4), "trials": trials}
    present(shown, out, as_json=json, quiet=quiet)
