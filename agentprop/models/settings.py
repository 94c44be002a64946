"""Settings of a model: `[models.NAME]` in agentprop.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Price = Annotated[float, Field(ge=0)]


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
    """Root of an OpenAI-compatible API, usually ending in /v1."""
    replies: str | None = None
    """File with scripted replies, one JSON document per line, to use instead of a model."""
    api_key_env: str | None = None
    """Environment variable (or name in .env) that holds the API key; null sends no key."""
    headers: dict[str, str] = {}
    """Headers sent with every request."""
    extra_body: dict[str, Any] = {}
    """Fields merged into the body of every request."""

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
        return f"{self.model}@{(self.base_url or self.revision or 'local').rstrip('/')}"


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
