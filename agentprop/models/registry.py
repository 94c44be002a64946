"""The MODEL of a command → settings → a model that answers.

Tried in this order: a name from agentprop.toml, an existing path, MODEL@BASE_URL, a hub id.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import ChainMap
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from agentprop.config.env_file import ENV_FILE, read_env_file
from agentprop.config.faults import requirement
from agentprop.errors import ConfigError
from agentprop.models.balancing import Balanced
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Transport
from agentprop.models.client import AllowanceShare, Channel, Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.launching import check_trust
from agentprop.models.scripted import Scripted, script_of
from agentprop.models.settings import InProcessSettings, ModelSettings
from agentprop.notices import note_renamed

PROJECT_FILE = "agentprop.toml"
TABLE = "models"
SECRETS = frozenset({"key", "api_key", "api-key", "apikey", "token", "access_token", "sig", "signature"})
"""Names in the query of an address that carry a key."""
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
ADDRESS = re.compile(r"(?:https?://\S+|[\w.-]+:\d+(?:/\S*)?|\[[0-9a-fA-F:]+\]:\d+(?:/\S*)?)")


def resolve(name: str, *, directory: Path | None = None) -> ModelSettings:
    """Return the settings of a MODEL. Raises ConfigError, with a hint that names the alternatives."""
    place = directory or Path()
    named = models_of(place / PROJECT_FILE)
    if name in named:
        check_trust(name, named[name], PROJECT_FILE)
        return named[name]
    if (place / name).exists():
        return ModelSettings(model=str(place / name))
    model, address = _placed(name)
    if model and (ADDRESS.fullmatch(address) or "@" in address):
        return ModelSettings(model=model, base_url=_base_url(address))
    if HUB_ID.fullmatch(name):
        return ModelSettings(model=name)
    raise ConfigError(f"there is no model {name}", hint=_suggestion(name, named))


def _placed(name: str) -> tuple[str, str]:
    """Divide MODEL@BASE_URL; the address may have an @ of its own, which is then refused."""
    found = re.fullmatch(r"(.+?)@(https?://.+|[^@/]+:[^@/]*@.+)", name)
    if found is not None:
        return found[1], found[2]
    model, _, address = name.rpartition("@")
    return model, address


def models_of(project: Path) -> dict[str, ModelSettings]:
    """Return the models in agentprop.toml, by name. Raises ConfigError."""
    if not project.is_file():
        return {}
    try:
        tables = tomllib.loads(project.read_text(encoding="utf-8")).get(TABLE, {})
    except (OSError, ValueError) as error:
        raise ConfigError(f"{project} cannot be read: {error}", hint="correct the file and run again") from error
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"`{TABLE}` in {project} is not a table of models", hint="write [models.NAME] and settings")
    return {name: _settings(name, table, project) for name, table in tables.items()}


def _settings(name: str, table: Mapping[str, Any], project: Path) -> ModelSettings:
    renamed = {key: ModelSettings.renamed[key] for key in table if key in ModelSettings.renamed}
    for old, new in renamed.items():
        note_renamed(old, new, f"[models.{name}] of {project.name}")
    filled = {"model": name, **{renamed.get(key, key): value for key, value in table.items()}}
    for key in ("base_url", "base_urls"):
        if isinstance(filled.get(key), str):
            filled[key] = _base_url(filled[key])
        elif isinstance(filled.get(key), list):
            filled[key] = [_base_url(url) if isinstance(url, str) else url for url in filled[key]]
    if isinstance(filled.get("replies"), str):
        filled["replies"] = str(project.parent / filled["replies"])
    try:
        return ModelSettings.model_validate(filled)
    except ValidationError as error:
        raise _complaint(name, error, project) from None


def _complaint(name: str, error: ValidationError, project: Path) -> ConfigError:
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0])
    where = f"[models.{name}] of {project.name}"
    if first["type"] == "extra_forbidden":
        near = get_close_matches(key, ModelSettings.model_fields, 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(ModelSettings.model_fields))}"
        return ConfigError(f"unknown setting {key} in {where}", hint=hint)
    description = " ".join((ModelSettings.model_fields[key].description or "").split())
    return ConfigError(f"{key} in {where} {requirement(first)}", hint=f"{key}: {description}")


def _base_url(address: str) -> str:
    """Complete an address as people write it: add a missing scheme, drop the path of a request."""
    url = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(url)
        host, named = parts.hostname, parts.username is not None or parts.password is not None
    except ValueError:
        host, named = None, "@" in url
    if named:
        raise ConfigError(
            f"the address of a model at {host or 'a server'} holds a user name or a password, and would be stored",
            hint="leave it out, and name the variable that holds the key as api_key_env of [models.NAME]",
        )
    path, mark, query = url.partition("?")
    secret = next((name for name, _ in parse_qsl(query) if name.lower() in SECRETS), None)
    if secret is not None:
        raise ConfigError(
            f"the address of a model at {host or 'a server'} holds a key ({secret}), and would be stored",
            hint="leave it out, and name the variable that holds the key as api_key_env of [models.NAME]",
        )
    return path.rstrip("/").removesuffix("/chat/completions") + mark + query


def _suggestion(name: str, named: Mapping[str, ModelSettings]) -> str:
    near = get_close_matches(name, named, 1)
    if near:
        return f"did you mean {near[0]}?"
    names = f"a name from {PROJECT_FILE} ({', '.join(sorted(named)) or 'it names none'})"
    return f"give {names}, a path, MODEL@BASE_URL, or a hub id such as Qwen/Qwen3-4B"


class Models:
    """Models of one process: one meter, one cache, and one channel per server, however many roles share it.

    `loader` returns the transport of a model that this process runs itself; with `batched`, a batch API is used where
    the settings name one, and its ledger is kept in `batches`. Keys are looked up in `environ` under the
    names that models give them, by default in the environment and then in `.env`.
    """

    def __init__(
        self,
        *,
        cache: ReplyCache | None = None,
        meter: Meter | None = None,
        environ: Mapping[str, str] | None = None,
        part: AllowanceShare = AllowanceShare(),
        loader: Callable[[InProcessSettings], Transport] | None = None,
        batches: Path | None = None,
        batched: bool = False,
    ) -> None:
        self.cache = cache
        self.meter = meter or Meter(cache)
        self._environ = environ if environ is not None else ChainMap(os.environ, read_env_file(Path(ENV_FILE)))
        self._part = part
        self._loader = loader
        self._batches, self._batched = batches, batched
        self._channels: dict[str, Channel] = {}

    def open(self, role: str, settings: ModelSettings) -> Model:
        """Open the model of a role; for local models, pass the settings that `serving` yields."""
        key = settings.model_dump_json()
        if key not in self._channels:
            self._channels[key] = channel_of(settings, self._transport(settings), part=self._part)
        return Model(self._channels[key], self.meter, role=role, cache=self.cache)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The open channels."""
        return tuple(self._channels.values())

    async def aclose(self) -> None:
        """Close all connections."""
        for channel in self._channels.values():
            await channel.transport.aclose()

    def _transport(self, settings: ModelSettings) -> Transport:
        if settings.replies is not None:
            return Scripted(script_of(Path(settings.replies)))
        if isinstance(settings, InProcessSettings) and self._loader is not None:
            return self._loader(settings)
        if settings.base_url is None:
            raise ConfigError(f"no server is up for {settings.model}", hint="start it with `serving`")
        from agentprop.models.endpoint import Endpoint, api_key

        key = api_key(settings, self._environ)
        if settings.batch is not None and self._batched:
            from agentprop.models.batch_apis import batching

            return batching(settings, key, self._batches)
        if len(settings.addresses) > 1:
            ones = [settings.model_copy(update={"base_url": url, "base_urls": ()}) for url in settings.addresses]
            return Balanced([Endpoint(one, api_key=key) for one in ones])
        return Endpoint(settings, api_key=key)
