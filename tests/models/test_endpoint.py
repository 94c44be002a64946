"""One exchange with a server: the request that is sent, and each kind of failure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from servers import fault_server

from agentprop.errors import ConfigError
from agentprop.models.chat import Exchange
from agentprop.models.endpoint import Endpoint, api_key, retry_after_s
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import read

KINDS = {
    "429 with Retry-After": FailureKind.RATE_LIMIT,
    "429": FailureKind.RATE_LIMIT,
    "500": FailureKind.SERVER,
    "503": FailureKind.SERVER,
    "hang": FailureKind.TIMEOUT,
    "connection reset": FailureKind.CONNECTION,
    "slow drip": FailureKind.TIMEOUT,
    "truncated body": FailureKind.CONNECTION,
    "truncated JSON": FailureKind.BAD_REPLY,
    "wrong schema": FailureKind.BAD_REPLY,
    "empty choices": FailureKind.BAD_REPLY,
    "null content": FailureKind.EMPTY,
    "HTML error page": FailureKind.SERVER,
    "HTML page": FailureKind.BAD_REPLY,
}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with fault_server(0, 0.0) as url:
        yield url


@pytest.fixture(params=["aiohttp", "httpx"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "httpx":
        monkeypatch.setattr("agentprop.models.endpoint.find_spec", lambda name: None)
    else:
        pytest.importorskip("aiohttp")
    return str(request.param)


def exchange(base_url: str, fault: str | None, timeout_s: float = 0.3) -> Exchange:
    text = f"request 5 fault: {fault}." if fault else "request 5"
    body = {"model": "faulty", "messages": [{"role": "user", "content": text}]}

    async def once() -> Exchange:
        endpoint = Endpoint(ModelSettings(model="faulty", base_url=base_url, timeout_s=timeout_s))
        try:
            return await endpoint.post(body)
        finally:
            await endpoint.aclose()

    return asyncio.run(once())


@pytest.mark.parametrize("fault", KINDS)
def test_each_fault_is_of_its_kind_through_both_transports(base_url: str, transport: str, fault: str) -> None:
    with pytest.raises(ModelFailure) as caught:
        read(exchange(base_url, fault))
    assert caught.value.kind is KINDS[fault]
    assert caught.value.message and caught.value.hint


def test_a_good_reply_comes_through_both_transports(base_url: str, transport: str) -> None:
    assert read(exchange(base_url, None, timeout_s=30)).text == "reply 5"


async def all_or_nobody(count: int) -> list[Exchange]:
    """Ask a server that answers only once all `count` requests are there."""
    there = asyncio.Barrier(count)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
        await there.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, backlog=count) as server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(ModelSettings(model="m", base_url=f"http://127.0.0.1:{port}/v1", timeout_s=60))
        try:
            return await asyncio.gather(*(endpoint.post({"n": n}) for n in range(count)))
        finally:
            await endpoint.aclose()


async def heard(
    settings: ModelSettings, key: str | None, body: dict[str, object]
) -> list[tuple[str, list[str], bytes]]:
    """What a server hears of one request that is posted, and of the same one by the package's own way."""
    found: list[tuple[str, list[str], bytes]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in rest)}
        body = await reader.readexactly(int(headers["content-length"]))
        found.append((line, {n: v for n, v in headers.items() if not n.startswith("x-stainless")}, body))
        told = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close"
        writer.write(told + b"\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1?version=2"
        endpoint = Endpoint(settings.model_copy(update={"base_url": url}), api_key=key)
        try:
            await endpoint.post(body)
            await endpoint.look_up("chat/completions", body)
        finally:
            await endpoint.aclose()
    return found


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        (None, {}),
        ("secret", {"headers": {"X-Team": "red", "user-agent": "ours"}}),
        ("secret", {"api_key_header": "X-Key"}),
        ("secret", {"headers": {"authorization": "Basic abc"}}),
    ],
)
def test_a_posted_request_is_the_one_that_the_package_would_send(
    transport: str, key: str | None, settings: dict[str, object]
) -> None:
    body: dict[str, object] = {"model": "m", "n": 1, "temperature": 1e-7, "messages": [{"content": "ünï \u2028 \x00"}]}
    one, other = asyncio.run(heard(ModelSettings.model_validate({"model": "m", **settings}), key, body))
    assert one == other


def test_hundreds_of_requests_are_under_way_at_once_through_both_transports(transport: str) -> None:
    assert asyncio.run(all_or_nobody(250)) == 250 * [Exchange(b"{}")]


def test_retry_after_is_kept(base_url: str) -> None:
    with pytest.raises(ModelFailure) as caught:
        exchange(base_url, "429 with Retry-After", timeout_s=30)
    assert caught.value.retry_after_s == 0.02


def test_nobody_listening_is_a_lost_connection(transport: str) -> None:
    with pytest.raises(ModelFailure) as caught:
        exchange("http://127.0.0.1:9/v1", None, timeout_s=30)
    assert caught.value.kind is FailureKind.CONNECTION
    assert "127.0.0.1:9" in caught.value.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "1m30s"}, 90.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_key_goes_only_to_the_server_it_was_named_for() -> None:
    environ = {"OPENAI_API_KEY": "secret", "OTHER": "key"}
    official = ModelSettings(model="m", base_url="https://api.openai.com/v1")
    other = ModelSettings(model="m", base_url="https://example.org/v1")
    assert api_key(official, environ) == "secret"
    assert api_key(other, environ) is None
    assert api_key(other.model_copy(update={"api_key_env": "OTHER"}), environ) == "key"


def test_a_key_that_is_not_set_is_an_error_up_front() -> None:
    settings = ModelSettings(model="m", base_url="https://example.org/v1", api_key_env="MISSING_KEY")
    with pytest.raises(ConfigError, match="MISSING_KEY is not set"):
        api_key(settings, {})
