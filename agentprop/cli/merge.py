"""`agentprop merge`: the parts of a divided run → one run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agentprop.cli import options
from agentprop.cli.shared import present


def command(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The --out of the commands that made the parts.")],
    n: Annotated[
        int | None,
        typer.Option(
            "--n",
            "-n",
            help="Number of problems, of parts of propose; may be raised.",
            show_default="that of the parts",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Merge anew; the parts stay.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make one run of the parts of a divided run.

    The parts were made by commands with --partitions P and --partition K, on any machines and in any order, and stay
    where they are. The same command continues a merge that was interrupted. The exit code is 3 if the parts hold too
    little; then it says which of them have to go on.
    """
    from agentprop.stages.common.partitions import stage_of_parts

    stage = stage_of_parts(out)
    if n is not None and stage != "propose":
        raise typer.BadParameter(f"these are parts of {stage}, which are merged whole", param_hint="--n")
    summary = _merge(stage, out, n, fresh, quiet)
    present(summary, out, as_json=json, quiet=quiet)


def _merge(stage: str, out: str, n: int | None, fresh: bool, quiet: bool) -> dict[str, Any]:
    if stage == "propose":
        from agentprop.stages.propose.merge import merge

        return merge(out, n, fresh=fresh, quiet=quiet)
    if stage == "extract":
        from agentprop.stages.extract.merge import merge as merge_skills

        return merge_skills(out, fresh=fresh, quiet=quiet)
    if stage == "probe":
        from agentprop.stages.probe.merge import merge as merge_difficulties

        return merge_difficulties(out, fresh=fresh)
    from agentprop.stages.verify.merge import merge as merge_verdicts

    return merge_verdicts(out, fresh=fresh)
