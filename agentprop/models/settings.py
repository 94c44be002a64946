"""What a person may say about a model: `[models.NAME]` in agentprop.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Price = Annotated[float, Field(ge=0)]


class ModelSettings(BaseModel):
    """One model: where it is, what it can do, what it costs.

    With `base_url` it is a server that is up; with `replies` a script; with neither, `model` is a path or a hub id,
    and a local server is started for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
    renamed: ClassVar[Mapping[str, str]] = {"max_tokens": "reply_tokens"}
    """Former names, which go on working."""

    model: str
    """The model's name at its server, a directory with a checkpoint, or a hub id."""
    base_url: str | None = None
    """Root of an OpenAI-compatible API, usually ending in /v1."""
    replies: str | None = None
    """File with scripted replies, one JSON document a line, instead of a model."""
    api_key_env: str | None = None
    """Environment variable (or name in .env) that holds the key; null means that no key is sent."""
    headers: dict[str, str] = {}
    """Headers sent with every request."""
    extra_body: dict[str, Any] = {}
    """Fields merged into the body of every request."""

    temperature: Annotated[float, Field(ge=0)] | None = None
    """Used where a stage names none; null leaves it to the server."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Used where a stage names none; null leaves it to the server."""
    reply_tokens: Count | None = None
    """Most tokens of a reply, reasoning included, where a stage names none; null leaves it to the server."""
    context_length: Count | None = None
    """Tokens of prompt and reply together; null means: as the server says."""

    n: bool | None = None
    """Whether the server can return several replies for one prompt; null means: try, and see."""
    seed: bool = True
    """Whether the server takes a seed."""
    tools: bool = False
    """Use native tool calls instead of the tagged text protocol."""
    schema_support: bool = True
    """Whether the server can hold a reply to a JSON schema."""
    logprobs: bool = False
    """Whether the server gives log-probs of what it sampled."""
    token_ids: bool = False
    """Whether the server gives token ids (vLLM's return_token_ids)."""
    completion_limit: bool | None = None
    """Whether the limit of a reply is called max_completion_tokens; null means: only at api.openai.com."""

    max_concurrency: Count = 64
    """Most requests under way at once; fewer while the server pushes back."""
    rpm: Positive | None = None
    """Cap on requests a minute."""
    tpm: Positive | None = None
    """Cap on tokens a minute."""
    timeout_s: Positive = 600.0
    """Seconds that one exchange may take once it was sent; queueing is not counted."""
    patience_s: Positive = 300.0
    """Seconds of nothing but failures after which the run stops."""

    price_in: Price | None = None
    """Price of a million prompt tokens, in any currency, the same for all models."""
    price_out: Price | None = None
    """Price of a million generated tokens, reasoning included."""
    price_cached: Price | None = None
    """Price of a million prompt tokens that the server had cached; null means as `price_in`."""

    engine: Literal["vllm", "in-process"] | None = None
    """What runs a local model: a server of its own (vLLM, or `serve_command`), or agentprop itself with transformers;
    null means agentprop itself where there is no vLLM."""
    revision: str | None = None
    """Revision of a hub model."""
    serve_command: tuple[str, ...] = ()
    """Program that serves local models; empty means vLLM."""
    serve_args: tuple[str, ...] = ()
    """Further arguments for it, e.g. ["--tensor-parallel-size", "2"]."""
    serve_env: dict[str, str] = {}
    """Variables of its environment besides ours, e.g. {CUDA_VISIBLE_DEVICES = "1"}."""
    serve_timeout_s: Positive = 1800.0
    """Seconds a local server may take until it is ready."""

    @property
    def local(self) -> bool:
        """Whether a server has to be started for it."""
        return self.base_url is None and self.replies is None

    @property
    def identity(self) -> str:
        """Model and place, the same in every session."""
        if self.replies is not None:
            return f"{self.model}@scripted"
        return f"{self.model}@{(self.base_url or self.revision or 'local').rstrip('/')}"


class Served(ModelSettings):
    """A local model whose server is up, at `base_url`."""

    weights: str = ""
    """What tells this checkpoint from another one at the same path."""
    key: str = Field(default="", repr=False)
    """Key that the server asks for."""
    _gone: Callable[[], bool] | None = PrivateAttr(default=None)

    @property
    def gone(self) -> bool:
        """Whether its server has ended: it will not answer again."""
        return self._gone is not None and self._gone()

    def watched(self, gone: Callable[[], bool]) -> Self:
        """These settings, with word of the server's end."""
        self._gone = gone
        return self

    @property
    def identity(self) -> str:
        """Without the port, which differs from session to session."""
        return f"{self.model}@{self.revision or self.weights or 'local'}"


class Loaded(ModelSettings):
    """A local model that agentprop runs itself."""

    weights: str = ""
    """What tells this checkpoint from another one at the same path."""

    @property
    def identity(self) -> str:
        """As if it were served: how it is run is not what it is."""
        return f"{self.model}@{self.revision or self.weights or 'local'}"
