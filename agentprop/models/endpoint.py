"""One exchange with any OpenAI-compatible server, by the async client of the `openai` package.

No other module imports that package. Its retries are off, because ours distinguish failures, queue and keep accounts.
Its aiohttp transport is used if aiohttp is installed: the same requests for half the processor time. Responses are
taken as bytes, so that exactly what the server sent is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast
from urllib.parse import urlsplit

import openai

from agentprop.errors import ConfigError
from agentprop.models.chat import Exchange
from agentprop.models.complaints import complaint_of, delay_s, failure_of
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings, ServedSettings
from agentprop.models.streams import exchange_of

OPENAI_HOST = "api.openai.com"
AZURE_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com")
CONNECT_S = 20.0
UPLOAD_S = 1800.0
"""Seconds that a file may take: one of many requests has hundreds of megabytes."""
MAX_CONNECTIONS = 1 << 20
"""More connections than are ever open; None would mean aiohttp's default of a hundred."""
PATH = "/chat/completions"
CLIENT_HEADERS = (
    "lang",
    "package-version",
    "os",
    "arch",
    "runtime",
    "runtime-version",
    "async",
    "retry-count",
    "read-timeout",
)
OMITTED_HEADERS = {f"x-stainless-{what}": openai.Omit() for what in CLIENT_HEADERS}
"""Headers that the package would send about this machine; omitting them saves a tenth of a request's processor time."""
REQUEST_OPTIONS: Any = {
    "headers": {},
    "params": {},
    "extra_json": None,
    "max_retries": 0,
    "follow_redirects": None,
    "idempotency_key": "",
}
"""Options of every request, spelt out: otherwise the package deep-copies its defaults for each request and draws an
idempotency key that it does not send, an eighth of a request's processor time."""


class Endpoint:
    """Transport to one server."""

    def __init__(self, settings: ModelSettings, *, api_key: str | None = None) -> None:
        self.settings = settings
        self._client = _client(settings, api_key)
        self._raw = _response_type()
        self._path = address(str(settings.base_url), PATH)
        self._options: Any = {**REQUEST_OPTIONS, "timeout": self._client.timeout}

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Exchange one request for one response; the time-out starts when it is sent. Raises ModelFailure."""
        with _as_model_failures(self.settings):
            async with asyncio.timeout(self.settings.timeout_s):
                response = await self._client.post(self._path, body=body, cast_to=self._raw, options=self._options)
        return exchange_of(response.content)

    async def look_up(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Fetch JSON at a path below the root of the API, or of the server if the path begins with a slash."""
        base = str(self.settings.base_url)
        root = base if not path.startswith("/") else re.sub(r"/v1/?(?=\?|$)", "", base)
        url = address(root, path if path.startswith("/") else f"/{path}")
        with _as_model_failures(self.settings):
            async with asyncio.timeout(self.settings.timeout_s):
                if body is None:
                    return await self._client.get(url, cast_to=object)
                return await self._client.post(url, body=body, cast_to=object)

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file of requests and return the server's id of it. Raises ModelFailure."""
        with _as_model_failures(self.settings):
            return (await self._client.files.create(file=(name, content), purpose="batch", timeout=UPLOAD_S)).id

    async def download(self, file: str) -> bytes:
        """Return the content of a server's file. Raises ModelFailure."""
        with _as_model_failures(self.settings):
            return (await self._client.files.content(file, timeout=UPLOAD_S)).content

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


def address(base_url: str, path: str) -> str:
    """Return the address of a path; a query of the base goes behind it.

    >>> address("https://x.example/openai/deployments/m?api-version=1", "/chat/completions")
    'https://x.example/openai/deployments/m/chat/completions?api-version=1'
    """
    base, mark, query = base_url.partition("?")
    return f"{base.rstrip('/')}{path}{mark}{query}"


def api_key(settings: ModelSettings, environ: Mapping[str, str]) -> str | None:
    """The key, from the variable that the settings name; a key is never sent to a server it was not named for."""
    if isinstance(settings, ServedSettings) and settings.key:
        return settings.key
    name = settings.api_key_env
    if name is None and urlsplit(settings.base_url or "").hostname == OPENAI_HOST:
        name = "OPENAI_API_KEY"
    if name is None:
        return None
    if not environ.get(name):
        raise ConfigError(
            f"{name} is not set, and {settings.identity} needs its key", hint=f"export {name}=… or put it in .env"
        )
    return environ[name]


def _client(settings: ModelSettings, key: str | None) -> openai.AsyncOpenAI:
    limits_type = type(openai.DEFAULT_CONNECTION_LIMITS)
    limits = limits_type(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
    timeout = openai.Timeout(None, connect=CONNECT_S)  # `post` times the whole exchange, and the limiter queues
    kind = openai.DefaultAioHttpClient if find_spec("aiohttp") else openai.DefaultAsyncHttpxClient
    proxied = urlsplit(settings.base_url or "").hostname not in ("127.0.0.1", "localhost", "::1")
    client = openai.AsyncOpenAI(
        base_url=settings.base_url,
        api_key=key or "none",
        max_retries=0,
        timeout=timeout,
        default_headers=cast(Any, {**OMITTED_HEADERS, **_key_headers(settings, key), **settings.headers}),
        http_client=kind(limits=limits, timeout=timeout, trust_env=proxied),
    )
    client.organization = client.project = None  # read from variables that were not meant for this server
    return client


def _key_headers(settings: ModelSettings, key: str | None) -> dict[str, Any]:
    """Return the headers that carry the key otherwise than as a bearer's."""
    name = settings.api_key_header
    if name is not None:
        return {"Authorization": openai.Omit(), **({name: key} if key else {})}
    return {"api-key": key} if key and settings.host.endswith(AZURE_HOSTS) else {}


def _response_type() -> Any:
    """Return the class of raw responses of the HTTP library that this version of the package uses."""
    library = type(openai.DEFAULT_CONNECTION_LIMITS).__module__.partition(".")[0]
    return import_module(library).Response


@contextlib.contextmanager
def _as_model_failures(settings: ModelSettings) -> Iterator[None]:
    """Turn exceptions of the package into ModelFailure."""
    try:
        yield
    except TimeoutError:
        raise _timed_out(settings) from None
    except openai.APIStatusError as error:
        raise _status_failure(error) from None
    except openai.APIConnectionError as error:
        raise _connection_failure(error, settings) from None


def _timed_out(settings: ModelSettings) -> ModelFailure:
    return ModelFailure(FailureKind.TIMEOUT, f"no complete response within {settings.timeout_s:g} s")


def _status_failure(error: openai.APIStatusError) -> ModelFailure:
    said = complaint_of(error.response.content, error.status_code)
    return failure_of(said, retry_after_s=retry_after_s(error.response.headers))


def _connection_failure(error: openai.APIConnectionError, settings: ModelSettings) -> ModelFailure:
    """Tell a time-out, which has a TimeoutError among its causes, from a lost connection."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _timed_out(settings)
    reason = next((str(cause) for cause in reversed(causes) if str(cause)), type(causes[-1]).__name__)
    return ModelFailure(FailureKind.CONNECTION, f"connection to {settings.base_url} failed: {reason}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    milliseconds = re.fullmatch(r"\d+(\.\d+)?", headers.get("retry-after-ms", "").strip())
    if milliseconds is not None:
        return float(milliseconds[0]) / 1000
    told = headers.get("retry-after", "").strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", told):
        return max(0.0, float(told))
    date = email.utils.parsedate_tz(told)
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else delay_s(f"wait {told}")
