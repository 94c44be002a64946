"""A URL → a store on S3, Google Cloud Storage or Azure; the only module that imports obstore.

Endpoint, region and credentials come from the usual environment variables, as obstore reads them: AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_ALLOW_HTTP, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME, … None is ever stored.
Objects are put whole, from memory: a writer that is left by an exception would publish what it has got so far.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from agentprop.errors import ConfigError, RunError

EXTRA = "pip install 'agentic-proposing[objects]'"
RETRIES, RETRY_SECONDS = 6, 90
"""Most repetitions of a request, and the time in seconds after which none is tried any more."""


class StoreError(RunError):
    """A request that an object store did not carry out, as far as is known: the reply can be what got lost."""


def open_store(url: str) -> ObjectStore:
    """Open the store of a URL; nothing is asked of it yet. Raises ConfigError."""
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise ConfigError(f"{url} needs the package obstore", hint=EXTRA) from error
    parts = urlsplit(url)
    if not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError(
            f"{parts.scheme}://{parts.hostname or ''}{parts.path} is not of the form {parts.scheme}://BUCKET/PATH",
            hint=f"leave credentials and options to the environment, such as {_variables(url)[1]}",
        )
    if not parts.path.strip("/"):
        raise ConfigError(f"{url} names a whole bucket", hint=f"name a place in it, such as {url.rstrip('/')}/runs/a")
    retry: Any = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)}
    with store_errors(url, "open"):
        return ObjectStore(from_url(url, retry_config=retry), url.rstrip("/"))


class ObjectStore:
    """A place on an object store, through any store of obstore's, such as its `MemoryStore`."""

    def __init__(self, store: Any, name: str) -> None:
        import obstore

        self._obstore, self._store, self._name = obstore, store, name

    @property
    def name(self) -> str:
        return self._name

    def put(self, key: str, data: bytes | memoryview, *, private: bool = False) -> None:
        with self._missing(key), store_errors(f"{self._name}/{key}", "write"):
            self._obstore.put(self._store, key, _bytes(data), use_multipart=False)

    def put_new(self, key: str, data: bytes | memoryview) -> bool:
        taken = self._obstore.exceptions.AlreadyExistsError
        try:
            with self._missing(key), store_errors(f"{self._name}/{key}", "write", taken):
                self._obstore.put(self._store, key, _bytes(data), mode="create", use_multipart=False)
        except taken:
            return False
        return True

    def get(self, key: str) -> bytes | None:
        try:
            with store_errors(f"{self._name}/{key}", "read", FileNotFoundError):
                return bytes(self._obstore.get(self._store, key).bytes())
        except FileNotFoundError:
            return None

    def list(self, prefix: str = "") -> dict[str, int]:
        with store_errors(f"{self._name}/{prefix}".rstrip("/"), "list"):
            found = [one for chunk in self._obstore.list(self._store, prefix or None) for one in chunk]
        return {one["path"]: one["size"] for one in sorted(found, key=lambda one: one["path"])}

    def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError), store_errors(f"{self._name}/{key}", "delete", FileNotFoundError):
            self._obstore.delete(self._store, key)

    @contextlib.contextmanager
    def _missing(self, key: str) -> Iterator[None]:
        """Turn the answer that there is no such place, of a request that makes an object, into a StoreError."""
        try:
            yield
        except FileNotFoundError as error:
            raise _no_bucket(f"{self._name}/{key}", "write") from error


def _bytes(data: bytes | memoryview) -> Any:
    return data if isinstance(data, bytes) else bytes(data)


@contextlib.contextmanager
def store_errors(name: str, what: str, *but: type[Exception]) -> Iterator[None]:
    """Turn obstore's errors into StoreError about a name, except those that the caller handles."""
    from obstore import exceptions as failed

    expected: tuple[type[Exception], ...] = (FileNotFoundError, *but)
    try:
        yield
    except expected:
        raise
    except (failed.UnauthenticatedError, failed.PermissionDeniedError) as error:
        hint = f"check the credentials in the environment, such as {_variables(name)[1]}, and what they may do"
        raise StoreError(f"cannot {what} {name}: permission denied", hint=hint) from error
    except failed.NotSupportedError as error:
        raise StoreError(
            f"cannot {what} {name}: the store does not support it ({_said(error)})", hint=_OTHER
        ) from error
    except failed.BaseError as error:
        if "NoSuchBucket" in str(error):
            raise _no_bucket(name, what) from error
        hint = f"check the address ({_variables(name)[0]}), the bucket and the network; the same command resumes"
        raise StoreError(f"cannot {what} {name}: {_said(error)}", hint=hint) from error


def _no_bucket(name: str, what: str) -> StoreError:
    return StoreError(f"cannot {what} {name}: there is no such bucket", hint="make it first")


def _variables(url: str) -> tuple[str, str]:
    """Variables of the environment that name the address and the credentials of a kind of store."""
    if url.startswith("gs:"):
        return "GOOGLE_BASE_URL", "GOOGLE_APPLICATION_CREDENTIALS"
    if url.startswith("s3"):
        return "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"
    return "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"


_OTHER = "choose another store, or write to a disk and copy the run there"


def _said(error: Exception) -> str:
    """What the store said, without obstore's account of its own insides."""
    return " ".join(str(error).partition("Debug source:")[0].split())[:300]
