"""`agentprop check-models`: the configured models → the ones that answer, their abilities, and their first prompt."""

from __future__ import annotations

import asyncio
import json as json_
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, Protocol

import typer

from agentprop.cli import completion, options
from agentprop.cli.settings import PREFIX, PROJECT_FILE
from agentprop.cli.shared import print_summary
from agentprop.config import STAGES
from agentprop.config.env_file import ENV_FILE, read_env_file
from agentprop.errors import ConfigError, InputError
from agentprop.models.abilities import PING, Abilities, Server, examine, offered, rendered
from agentprop.models.chat import Message, Tool
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.local import serving
from agentprop.models.registry import models_of, resolve
from agentprop.models.scripted import script_of
from agentprop.models.settings import ModelSettings
from agentprop.prompts import Prompts, prompt
from agentprop.records import Task
from agentprop.stages.common.library import gather

ROLES = ("teacher", "proposer", "verifier", "auditor", "prober")
BUILT_IN = frozenset({"builtin", "none", ""})
Actions = Literal["tagged text", "native tool calls"]
SHOWN = 20
"""Most names of models that are listed."""
NO_CALLS = (
    "`tools` is set, but no function was called: unset it, or make the server parse calls (vLLM: --tool-call-parser)"
)


@dataclass(frozen=True)
class CheckedModel:
    """Result of checking one model."""

    name: str
    """MODEL as the user gave it."""
    roles: tuple[str, ...]
    """Roles that it is configured for."""
    identity: str
    """Model and server."""
    actions: Actions
    """Form of its actions as a proposer."""
    abilities: Abilities | None = None
    """Its abilities; None if it did not answer."""
    prompt: str | None = None
    """The first prompt that it would get, in the model's own format."""
    script: int | None = None
    """Number of replies in the script that replaces a model."""
    error: str | None = None
    """Reason why it did not answer."""
    hint: str | None = None
    """Advice on the error."""


def command(
    model: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=completion.models,
            metavar="[MODEL]...",
            help="Models to check; without any, all that are configured.",
        ),
    ] = None,
    prompts: Annotated[bool, typer.Option(help="Show the first prompt in the model's own format.")] = True,
    json: options.Json = False,
) -> None:
    """Check every configured model with a few tiny requests.

    The report says if a model answers, its context length, its abilities (several replies at once, native tool calls,
    JSON schemas, log-probabilities, token ids), and the first prompt that it would get.
    """
    environ = {**read_env_file(Path(ENV_FILE)), **os.environ}
    roles = configured_roles(Path(PROJECT_FILE), environ)
    names = list(dict.fromkeys(model or [*models_of(Path(PROJECT_FILE)), *roles]))
    if not names:
        raise ConfigError("no model is configured", hint=f"give a MODEL, or write [models.NAME] into {PROJECT_FILE}")
    found = [check(name, roles.get(name, ()), environ) for name in names]
    if json:
        print(json_.dumps([asdict(entry) for entry in found], ensure_ascii=False))
    else:
        _print(found, prompts)
    silent = [entry for entry in found if entry.error is not None]
    if silent:
        raise InputError(f"no reply from {', '.join(entry.name for entry in silent)}", hint=silent[0].hint)


def configured_roles(project: Path, environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """MODEL → its roles, in agentprop.toml and the environment."""
    tables = tomllib.loads(project.read_text(encoding="utf-8")) if project.is_file() else {}
    places = [tables, *(tables.get(stage, {}) for stage in STAGES)]
    values = [(role, place.get(key)) for place in places for role in ROLES for key in (role, f"{role}s")]
    values += [(role, environ.get(f"{PREFIX}{stage}{role.upper()}")) for role in ROLES for stage in _stages()]
    out: dict[str, tuple[str, ...]] = {}
    for role, value in values:
        for name in _names(value):
            out[name] = tuple(dict.fromkeys((*out.get(name, ()), role)))
    return out


def _stages() -> list[str]:
    return ["", *(f"{stage.upper()}_" for stage in STAGES)]


def _names(value: Any) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return [name for name in values if isinstance(name, str) and name not in BUILT_IN]


def check(name: str, roles: tuple[str, ...], environ: Mapping[str, str]) -> CheckedModel:
    """Check one model; a local one is started for it."""
    settings = resolve(name)
    acts: Actions = "native tool calls" if settings.tools else "tagged text"
    if settings.replies is not None:
        return CheckedModel(name, roles, settings.identity, acts, script=len(script_of(Path(settings.replies))))
    with ExitStack() as stack:
        if settings.local:
            settings = stack.enter_context(_served(settings, stack))
        try:
            abilities, prompt = asyncio.run(_ask(settings, environ, roles[0] if roles else "proposer"))
        except ModelFailure as failure:
            offers = failure.offers if isinstance(failure, UnknownModel) else ()
            hint = _offered(settings.model, offers) if offers else failure.hint
            return CheckedModel(name, roles, settings.identity, acts, error=failure.message, hint=hint)
    return CheckedModel(name, roles, settings.identity, acts, abilities, prompt)


async def _ask(settings: ModelSettings, environ: Mapping[str, str], role: str) -> tuple[Abilities, str]:
    from agentprop.models.endpoint import Endpoint, api_key

    key = api_key(settings, environ)
    for url in settings.addresses[1:]:  # the first one is examined, the others have to answer
        await _pinged(Endpoint(settings.model_copy(update={"base_url": url}), api_key=key), settings, role)
    endpoint = Endpoint(settings, api_key=key)
    try:
        messages, tools = first_prompt(role, native=settings.tools)
        return await examine(endpoint, settings, role), await rendered(endpoint, settings, messages, tools)
    except ModelFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            raise UnknownModel(failure, await offered(endpoint)) from None
        raise
    finally:
        await endpoint.aclose()


async def _pinged(endpoint: ClosableServer, settings: ModelSettings, role: str) -> None:
    try:
        await examine(endpoint, settings, role)
    finally:
        await endpoint.aclose()


class ClosableServer(Server, Protocol):
    """A server whose connections can be closed."""

    async def aclose(self) -> None:
        """Close connections."""
        ...


class UnknownModel(ModelFailure):
    """A name or address that the server does not know, with the models that it offers."""

    def __init__(self, failure: ModelFailure, offers: Sequence[str]) -> None:
        super().__init__(failure.kind, failure.message, status=failure.status)
        self.offers = offers


def _offered(model: str, offers: Sequence[str]) -> str:
    """Return what a server offers, the names most like the wanted one first."""
    near = get_close_matches(model, offers, SHOWN, 0.3)
    names = [*near, *(name for name in offers if name not in near)]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"the server offers {', '.join(names[:SHOWN])}{more}"


def _served(settings: ModelSettings, stack: ExitStack) -> AbstractContextManager[ModelSettings]:
    folder = stack.enter_context(TemporaryDirectory(prefix="agentprop-"))
    return serving(settings, Path(folder) / "server.log", tell=lambda line: typer.echo(line, err=True))


def first_prompt(role: str, *, native: bool = False) -> tuple[Sequence[Message], Sequence[Tool]]:
    """First messages and tools that a role's model gets; for a proposer, with two skills of the bundled library."""
    if role != "proposer":
        role = "verifier_blind" if role == "verifier" else role
        known = files("agentprop.prompts").joinpath(f"{role}.md").is_file()
        return ([Message("system", prompt(role))] if known else PING.messages), ()
    from agentprop.agent.chat_policy import request
    from agentprop.agent.environment import Environment
    from agentprop.agent.guidance import Guidance
    from agentprop.sandbox import Sandbox
    from agentprop.sandbox.executor import Executor

    library = gather((), bundled=True)
    first = library[min(library)]
    names = tuple(sorted(name for name in library if library[name].spec.category == first.spec.category)[:2])
    task = Task(
        seed=0,
        index=0,
        domain=first.spec.domain,
        category=first.spec.category,
        skill_ids=tuple(library[name].id for name in names),
        skill_names=names,
    )
    guidance = Guidance()
    environment = Environment(task, library, Executor(Sandbox()), {}, guidance=guidance)  # nothing is run in it
    protocol, limits = prompt("proposer_functions"), environment.limits
    system = guidance.system(protocol, Prompts(), limits, task.domain, native=True) if native else None
    asked = request(environment.observe().messages, native=native, system=system)
    return asked.messages, asked.tools


# --- printing ---


def _print(found: Sequence[CheckedModel], prompts: bool) -> None:
    for entry in found:
        title = entry.name if entry.name == entry.identity else f"{entry.name} = {entry.identity}"
        print_summary({title: _shown(entry)}, to_stdout=True)
        if entry.abilities is not None:
            _print_lines(entry, "what its server needs", entry.abilities.lines)
            _print_lines(entry, "what the makers of its family recommend", entry.abilities.suggested)
        if prompts and entry.prompt is not None:
            print(f"\nfirst prompt as {entry.identity} reads it:\n\n{entry.prompt}\n")


def _print_lines(entry: CheckedModel, what: str, lines: Sequence[str]) -> None:
    """Print lines of settings to paste into agentprop.toml."""
    if lines:
        model, _, url = entry.identity.partition("@")
        named = entry.name in models_of(Path(PROJECT_FILE))
        table = [f"[models.{entry.name}]"] if named else ["[models.NAME]", f'base_url = "{url}"', f'model = "{model}"']
        print("\n".join([f"\n{what}, for {PROJECT_FILE}:", "", *table, *lines]))


def _shown(entry: CheckedModel) -> dict[str, Any]:
    roles = {**({"roles": ", ".join(entry.roles)} if entry.roles else {}), "actions": entry.actions}
    if entry.script is not None:
        return {**roles, "script": f"{entry.script} replies"}
    if entry.abilities is None:
        return {**roles, "error": entry.error}
    abilities = asdict(entry.abilities)
    del abilities["lines"], abilities["suggested"]
    mute = entry.actions == "native tool calls" and entry.abilities.tools in ("no", "ignored")
    warning = {"warning": NO_CALLS} if mute else {}
    return {**roles, **abilities, "context_length": abilities["context_length"] or "not said", **warning}
