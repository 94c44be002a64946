"""`agentprop serve`: problems as they are asked for → a server of the kind that a trainer talks to."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from agentprop.cli import options
from agentprop.errors import InputError

INSTALL = {"openenv": "openenv", "nemo-gym": "nemo-gym"}
"""Kind of server → the extra that brings its package."""


def command(
    kind: Annotated[
        Literal["openenv", "nemo-gym"],
        typer.Option("--as", metavar="KIND", help="Kind of server: openenv or nemo-gym."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    domain: Annotated[
        str | None, typer.Option(help="mathematics, coding or science.", show_default="all of them")
    ] = None,
    seed: options.Seed = None,
    size: Annotated[int | None, typer.Option(min=1, help="Number of items.", show_default="no end")] = None,
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
) -> None:
    """Serve problems to trainers that talk to an environment's server.

    openenv: a reset gives a question, the step its reward. nemo-gym: `/verify` scores a response to a row. Replies are
    scored as everywhere in agentprop; programs run in the sandbox. The server has no password: anyone who reaches the
    address may use it.
    """
    from agentprop.api.dataset import dataset

    data = dataset(
        domain,
        seed or 0,
        size,
        skills=skills or (),
        bundled_skills=bundled_skills is not False,
        allow_weak_sandbox=bool(allow_weak_sandbox),
    )
    try:
        import uvicorn

        if kind == "openenv":
            from agentprop.environments import openenv

            app = openenv.app_of(data)
        else:
            from agentprop.environments import nemo_gym

            app = nemo_gym.app_of(host, port)
    except ImportError as error:
        extra = INSTALL[kind]
        raise InputError(
            f"{error.name or 'a package'} is not installed, which a server for {kind} needs",
            hint=f"pip install 'agentic-proposing[{extra}]', in an environment of its own",
        ) from error
    uvicorn.run(app, host=host, port=port, log_level="warning")
