"""Settings of a model: `[models.NAME]` in agentprop.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from agentprop.models.presets import PRESETS, preset

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Price = Annotated[float, Field(ge=0)]
ROLES = ("teacher", "rater", "proposer", "verifier", "auditor", "prober", "solver")
"""Roles that a model may have."""


class RoleSettings(BaseModel):
    """What a model is asked differently in one role: `[models.NAME.roles.ROLE]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    temperature: Annotated[float, Field(ge=0)] | None = None
    """Sampling temperature in this role, if the stage sets none."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Nucleus (top-p) in this role, if the stage sets none."""
    reply_tokens: Count | None = None
    """Most tokens of a reply in this role, if the stage sets none."""
    preset: str | None = None
    """Sampling preset in this role."""
    extra_body: dict[str, Any] = {}
    """Fields merged into the body of every request in this role, over those of the model."""
    omit: tuple[str, ...] = ()
    """Further fields that are left out of requests in this role."""


class ModelSettings(BaseModel):
    """Settings of one model: its address, abilities, limits and prices.

    With `base_url` it is a server that is up; with `replies` it is a script; with neither, `model` is a path or a hub
    id, and a local server is started for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
    renamed: ClassVar[Mapping[str, str]] = {"max_tokens": "reply_tokens"}
    """Former names of settings, which are still accepted."""

    model: str
    """The model's name at its server, a directory with a checkpoint, or a hub id."""
    base_url: str | None = None
    """Root of an OpenAI-compatible API, usually ending in /v1; a list of them shares the requests among servers of the
    same model. A query (`?api-version=…`) is sent with every request."""
    base_urls: tuple[str, ...] = ()
    """All servers of the model, if there are several; `base_url` is the first, and the one that records name."""
    replies: str | None = None
    """File with scripted replies, one JSON document per line, to use instead of a model."""
    api_key_env: str | None = None
    """Environment variable (or name in .env) that holds the API key; null sends no key."""
    api_key_header: str | None = None
    """Header that carries the key as it is; null means `Authorization: Bearer`, and `api-key` too at Azure."""
    headers: dict[str, str] = {}
    """Headers sent with every request."""
    extra_body: dict[str, Any] = {}
    """Fields merged into the body of every request."""
    roles: dict[str, RoleSettings] = {}
    """What is different in one role: teacher, rater, proposer, verifier, auditor, prober or solver."""

    omit: tuple[str, ...] = ()
    """Fields that the server does not take, and that are never sent: temperature, top_p, max_tokens, seed, stop, …"""
    rename: dict[str, str] = {}
    """Fields that the server calls otherwise, such as {max_tokens = "max_completion_tokens"}."""
    system: Literal["send", "fold"] = "send"
    """What becomes of the system message: sent as it is, or put before the first user message, for chat templates
    without a system role."""
    stream: bool = False
    """Ask for replies in pieces, for servers that give no others; what is stored is the same."""
    echo_reasoning: bool = True
    """Send a reply's reasoning and signatures back with its tool calls, as thinking models need it."""
    preset: str | None = None
    """Sampling that the maker of a model family recommends, by its name in the list of presets."""

    temperature: Annotated[float, Field(ge=0)] | None = None
    """Sampling temperature if a stage sets none; null leaves it to the server."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Nucleus (top-p) if a stage sets none; null leaves it to the server."""
    reply_tokens: Count | None = None
    """Most tokens of a reply, reasoning included, if a stage sets none; null leaves it to the server."""
    context_length: Count | None = None
    """Most tokens of prompt and reply together; null takes what the server reports."""

    n: bool | None = None
    """The server can return several replies for one prompt; null tries it."""
    seed: bool = True
    """The server takes a seed."""
    tools: bool = False
    """Use native tool calls instead of the tagged text protocol."""
    schema_support: bool = True
    """The server can make replies follow a JSON schema."""
    logprobs: bool = False
    """The server gives log-probs of the sampled tokens."""
    token_ids: bool = False
    """The server gives token ids (vLLM's return_token_ids)."""
    completion_limit: bool | None = None
    """The server calls the limit of a reply max_completion_tokens; null means only at api.openai.com."""

    max_concurrency: Count = 64
    """Most requests under way at once; fewer while the server pushes back."""
    rpm: Positive | None = None
    """Cap on requests per minute."""
    tpm: Positive | None = None
    """Cap on tokens per minute."""
    timeout_s: Positive = 600.0
    """Seconds that one exchange may take after it is sent; queueing does not count."""
    patience_s: Positive = 300.0
    """Seconds of nothing but failures after which the run stops."""

    price_in: Price | None = None
    """Price of a million prompt tokens, in any currency, the same for all models."""
    price_out: Price | None = None
    """Price of a million generated tokens, reasoning included."""
    price_cached: Price | None = None
    """Price of a million prompt tokens that the server had cached; null means the same as `price_in`."""

    batch: Literal["openai", "anthropic"] | None = None
    """Ask through this batch API in verify, probe, extract and evaluate: slower, and at most servers
    for half the price. `anthropic` are Message Batches, by the package of that name."""
    batch_size: Count = 10_000
    """Most requests of one batch."""
    batch_poll_s: Positive = 30.0
    """Seconds between looks at a batch that is under way."""
    batch_price: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Price of a request in a batch, as a share of the usual one."""

    engine: Literal["vllm", "in-process"] | None = None
    """Engine of a local model: `vllm` starts a server (vLLM, or `serve_command`), `in-process` runs it in agentprop by
    transformers; null means in-process only if vLLM is not installed."""
    revision: str | None = None
    """Revision of a hub model."""
    serve_command: tuple[str, ...] = ()
    """Program that serves local models; empty means vLLM."""
    serve_args: tuple[str, ...] = ()
    """Further arguments of that program, e.g. ["--tensor-parallel-size", "2"]."""
    serve_env: dict[str, str] = {}
    """Environment variables of that program besides ours, e.g. {CUDA_VISIBLE_DEVICES = "1"}."""
    serve_timeout_s: Positive = 1800.0
    """Seconds that a local server may take to become ready."""

    @property
    def local(self) -> bool:
        """The model is neither a server that is up nor a script, so it has to be started."""
        return self.base_url is None and self.replies is None

    @property
    def identity(self) -> str:
        """Name and address of the model, the same in every session."""
        if self.replies is not None:
            return f"{self.model}@scripted"
        address = (self.base_url or self.revision or "local").partition("?")[0]
        return f"{self.model}@{address.rstrip('/')}"

    def for_role(self, role: str) -> Self:
        """Return the settings as they are in a role; `verifier-2` is a verifier, and a rater has the teacher's."""
        name = role.partition("-")[0]
        found = self.roles.get(name) or (self.roles.get("teacher") if name == "rater" else None)
        return self if found is None else self._as(found)

    def _as(self, role: RoleSettings) -> Self:
        given = {name: getattr(role, name) for name in ("temperature", "top_p", "reply_tokens", "preset")}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        merged = {"extra_body": {**self.extra_body, **role.extra_body}, "omit": (*self.omit, *role.omit)}
        return self.model_copy(update={**changes, **merged, "roles": {}})

    @property
    def recommended(self) -> Mapping[str, Any]:
        """Parameters of the preset."""
        return preset(self.preset) if self.preset else {}

    @field_validator("preset")
    @classmethod
    def _known_preset(cls, name: str | None) -> str | None:
        if name is not None and name not in PRESETS:
            raise ValueError(f"there is no preset {name}; there are {', '.join(PRESETS)}")
        return name

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, roles: dict[str, RoleSettings]) -> dict[str, RoleSettings]:
        unknown = roles.keys() - set(ROLES)
        if unknown:
            raise ValueError(f"there is no role {min(unknown)}; there are {', '.join(ROLES)}")
        return roles

    @model_validator(mode="before")
    @classmethod
    def _several_addresses(cls, values: Any) -> Any:
        """A list of addresses is `base_urls`, and its first is `base_url`."""
        if not isinstance(values, dict):
            return values
        urls = values.get("base_url")
        if isinstance(urls, list | tuple):
            values = {**values, "base_url": urls[0] if urls else None, "base_urls": tuple(urls)}
        elif urls is None and values.get("base_urls"):
            values = {**values, "base_url": values["base_urls"][0]}
        return values

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every server of the model."""
        return self.base_urls or ((self.base_url,) if self.base_url else ())

    @property
    def host(self) -> str:
        """Host name of the first server."""
        return urlsplit(self.base_url or "").hostname or ""


class ServedSettings(ModelSettings):
    """Settings of a local model whose server is up, at `base_url`."""

    weights: str = ""
    """What tells this checkpoint from another one at the same path."""
    key: str = Field(default="", repr=False)
    """Key that the server asks for."""
    _gone: Callable[[], bool] | None = PrivateAttr(default=None)

    @property
    def gone(self) -> bool:
        """The server has ended and will not answer again."""
        return self._gone is not None and self._gone()

    def watched(self, gone: Callable[[], bool]) -> Self:
        """Attach the function that says if the server has ended, and return these settings."""
        self._gone = gone
        return self

    @property
    def identity(self) -> str:
        """Name and checkpoint of the model, without the port, which differs between sessions."""
        return f"{self.model}@{self.revision or self.weights or 'local'}"


class InProcessSettings(ModelSettings):
    """Settings of a local model that runs in this process."""

    weights: str = ""
    """Fingerprint of the checkpoint, which tells it from another one at the same path."""

    @property
    def identity(self) -> str:
        """Name and checkpoint of the model, the same as if it were served."""
        return f"{self.model}@{self.revision or self.weights or 'local'}"
