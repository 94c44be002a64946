"""One exchange with any OpenAI-compatible server, by the `openai` package's async client: the only home of it.

The package's own retries are off, because ours tell failures apart, queue and keep accounts. Its aiohttp transport is
used where aiohttp is installed: the same requests for half the processor time. Responses are taken as bytes, so that
what is stored is what came.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast
from urllib.parse import urlsplit

import openai

from agentprop.errors import ConfigError
from agentprop.models.chat import Exchange
from agentprop.models.failures import Kind, ModelFailure
from agentprop.models.settings import ModelSettings, Served
from agentprop.models.wire import EXCERPT, failure_of_status

OPENAI_HOST = "api.openai.com"
CONNECT_S = 20.0
MANY = 1 << 20
"""More connections than are ever open; for None the aiohttp transport takes a default of its own, of a hundred."""
PATH = "/chat/completions"
ABOUT_US = (
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
UNASKED = {f"x-stainless-{what}": openai.Omit() for what in ABOUT_US}
"""What the package would tell every server about this machine; a tenth of a request's processor time, too."""
SPELT_OUT: Any = {
    "headers": {},
    "params": {},
    "extra_json": None,
    "max_retries": 0,
    "follow_redirects": None,
    "idempotency_key": "",
}
"""Options that every request has anyway: the package copies its defaults deeply each time, and draws a key that it does
not send, which is an eighth of a request's processor time."""


class Endpoint:
    """A server."""

    def __init__(self, settings: ModelSettings, *, api_key: str | None = None) -> None:
        self.settings = settings
        self._client = _client(settings, api_key)
        self._raw = _response_type()
        self._path = f"{str(settings.base_url).rstrip('/')}{PATH}"
        self._options: Any = {**SPELT_OUT, "timeout": self._client.timeout}

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """One exchange, within the time-out from the moment it is sent."""
        with _told_apart(self.settings):
            async with asyncio.timeout(self.settings.timeout_s):
                response = await self._client.post(self._path, body=body, cast_to=self._raw, options=self._options)
        return Exchange(response.content)

    async def look_up(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """A JSON document at a path below the root of the API, or of the server where it begins with a slash."""
        url = f"{str(self.settings.base_url).removesuffix('/v1')}{path}" if path.startswith("/") else path
        with _told_apart(self.settings):
            async with asyncio.timeout(self.settings.timeout_s):
                if body is None:
                    return await self._client.get(url, cast_to=object)
                return await self._client.post(url, body=body, cast_to=object)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


def api_key(settings: ModelSettings, environ: Mapping[str, str]) -> str | None:
    """The key, from the variable that the settings name; a key is never sent to a server it was not named for."""
    if isinstance(settings, Served) and settings.key:
        return settings.key
    name = settings.api_key_env
    if name is None and urlsplit(settings.base_url or "").hostname == OPENAI_HOST:
        name = "OPENAI_API_KEY"
    if name is None:
        return None
    if not environ.get(name):
        raise ConfigError(
            f"{name} is not set, and {settings.identity} needs its key", hint=f"export {name}=… or put it into .env"
        )
    return environ[name]


def _client(settings: ModelSettings, key: str | None) -> openai.AsyncOpenAI:
    limits = type(openai.DEFAULT_CONNECTION_LIMITS)(max_connections=MANY, max_keepalive_connections=MANY)
    timeout = openai.Timeout(None, connect=CONNECT_S)  # the whole exchange is timed by us, and the queue is ours
    kind = openai.DefaultAioHttpClient if find_spec("aiohttp") else openai.DefaultAsyncHttpxClient
    proxied = urlsplit(settings.base_url or "").hostname not in ("127.0.0.1", "localhost", "::1")
    client = openai.AsyncOpenAI(
        base_url=settings.base_url,
        api_key=key or "none",
        max_retries=0,
        timeout=timeout,
        default_headers=cast(Any, {**UNASKED, **settings.headers}),
        http_client=kind(limits=limits, timeout=timeout, trust_env=proxied),
    )
    client.organization = client.project = None  # read from variables that were not named for this server
    return client


def _response_type() -> Any:
    """The class of raw responses in the HTTP library that this version of the package stands on."""
    library = type(openai.DEFAULT_CONNECTION_LIMITS).__module__.partition(".")[0]
    return import_module(library).Response


@contextlib.contextmanager
def _told_apart(settings: ModelSettings) -> Iterator[None]:
    """What the package raises → ModelFailure."""
    try:
        yield
    except TimeoutError:
        raise _timed_out(settings) from None
    except openai.APIStatusError as error:
        raise _status_failure(error) from None
    except openai.APIConnectionError as error:
        raise _connection_failure(error, settings) from None


def _timed_out(settings: ModelSettings) -> ModelFailure:
    return ModelFailure(Kind.TIMEOUT, f"no complete response within {settings.timeout_s:g} s")


def _status_failure(error: openai.APIStatusError) -> ModelFailure:
    found = error.body if isinstance(error.body, Mapping) else {}
    said = found.get("message") or error.response.text
    text = " ".join(str(said).split())[:EXCERPT] or "no explanation"
    wait = retry_after_s(error.response.headers)
    return failure_of_status(error.status_code, text, found.get("code") or found.get("type"), retry_after_s=wait)


def _connection_failure(error: openai.APIConnectionError, settings: ModelSettings) -> ModelFailure:
    """A time-out has a TimeoutError at its root; a lost connection has not, whatever the layers between call it."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _timed_out(settings)
    reason = next((str(cause) for cause in reversed(causes) if str(cause)), type(causes[-1]).__name__)
    return ModelFailure(Kind.CONNECTION, f"connection to {settings.base_url} failed: {reason}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        return max(0.0, float(headers["retry-after"]))
    except KeyError:
        return None
    except ValueError:
        date = email.utils.parsedate_tz(headers.get("retry-after", ""))
        return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None
