"""An OpenAI-compatible server that misbehaves in every way on purpose, as a process of its own.

    python fault_server.py SEED SHARE            # prints its port; each fault happens to SHARE of the requests

What happens to a request follows from the seed, the number in its prompt and how often it came before, so a run can be
repeated; a prompt with `fault: NAME.` gets that one. If functions are offered, it proposes a problem by calling them.
`GET /ledger` says how often each number came, and how often it was really answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable

NUMBER = re.compile(rb"request (\d+)")
ASKED_FOR = re.compile(rb"fault: ([^.]+)\.")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
HANG_S = 30.0

arrivals: Counter[int] = Counter()
answered: Counter[int] = Counter()
faults: Counter[str] = Counter()


def completion(number: int, **message: object) -> dict[str, object]:
    return {
        "id": f"reply-{number}",
        "model": "faulty",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": f"reply {number}", **message},
            }
        ],
        "usage": {"prompt_tokens": number, "completion_tokens": 7, "total_tokens": number + 7},
    }


def http(status: str, body: bytes | str | object, *headers: str, kind: str = "application/json") -> bytes:
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + data


def error(message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "injected", "code": None}}


def without_usage(number: int, **changes: object) -> dict[str, object]:
    out = {**completion(number), **changes}
    del out["usage"]
    return out


# --- faults: each writes what it wants; True means that the request was answered after all ---

Fault = Callable[[asyncio.StreamWriter, int], Awaitable[bool]]


def writes(make: Callable[[int], bytes], *, counts: bool = False) -> Fault:
    async def fault(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(make(number))
        await writer.drain()
        return counts

    return fault


async def hang(writer: asyncio.StreamWriter, number: int) -> bool:
    await asyncio.sleep(HANG_S)
    return False


async def reset(writer: asyncio.StreamWriter, number: int) -> bool:
    writer.transport.abort()
    return False


async def drip(writer: asyncio.StreamWriter, number: int) -> bool:
    """One byte at a time, each soon enough for a time-out between bytes, but never done in time."""
    for byte in http("200 OK", completion(number)):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)
    return False


async def cut(writer: asyncio.StreamWriter, number: int) -> bool:
    """A connection closed in the middle of the body."""
    writer.write(http("200 OK", completion(number))[:-40])
    await writer.drain()
    writer.close()
    return False


def jumbled_tool_calls(number: int) -> dict[str, object]:
    first, second = (
        {"id": f"{name}-{number}", "index": i, "function": {"name": name, "arguments": f'{{"i":{i}}}'}}
        for i, name in enumerate(("first", "second"))
    )
    return completion(number, content=None, tool_calls=[second, first, second])


# --- a proposer that calls functions: what it does depends on how many of its calls were answered ---

CERTIFICATE = "from skills import toy_square\nanswer = toy_square.solve(n=7)"
CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("think", {"text": "A square."}),
    ("exec", {"code": "from skills import toy_square\nprint(toy_square.solve(n=7))"}),
    (
        "submit",
        {"statement": "What is the square of 7?", "answer": 49, "answer_type": "integer", "certificate": CERTIFICATE},
    ),
)


def action(number: int, body: bytes) -> dict[str, object]:
    messages = json.loads(body)["messages"]
    step = sum(message["role"] == "tool" for message in messages)
    name, arguments = CALLS[min(step, len(CALLS) - 1)]
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": None, "tool_calls": [{"id": f"call-{number}-{step}", "index": 0, "function": function}]}


def jumbled_action(number: int, body: bytes) -> dict[str, object]:
    """The right call three times, twice under its own id; or calls of functions that there are not."""
    message = action(number, body)
    (call,) = message["tool_calls"]  # type: ignore[misc, attr-defined]
    if number % 2:
        return {**message, "tool_calls": [call, {**call, "index": 1, "id": "again"}, call]}
    return jumbled_tool_calls(number)["choices"][0]["message"]  # type: ignore[index, no-any-return]


JUMBLED = "jumbled tool calls"
FAULTS: dict[str, Fault] = {
    "429 with Retry-After": writes(lambda n: http("429 Too Many", error("slow down"), "Retry-After: 0.02")),
    "429": writes(lambda n: http("429 Too Many", error("slow down"))),
    "500": writes(lambda n: http("500 Oops", error("boom"))),
    "503": writes(lambda n: http("503 Busy", "overloaded", kind="text/plain")),
    "hang": hang,
    "connection reset": reset,
    "slow drip": drip,
    "truncated body": cut,
    "truncated JSON": writes(lambda n: http("200 OK", json.dumps(completion(n))[:-30])),
    "wrong schema": writes(lambda n: http("200 OK", {"choices": [{"message": "hello"}], "model": 3})),
    "empty choices": writes(lambda n: http("200 OK", without_usage(n, choices=[]))),
    "null content": writes(
        lambda n: http("200 OK", without_usage(n, choices=[{"message": {"content": None}, "finish_reason": "stop"}]))
    ),
    "HTML error page": writes(
        lambda n: http("502 Bad Gateway", "<html><body>Bad gateway</body></html>", kind="text/html")
    ),
    "HTML page": writes(lambda n: http("200 OK", "<!DOCTYPE html><html>Sign in</html>", kind="text/html")),
    JUMBLED: writes(lambda n: http("200 OK", jumbled_tool_calls(n)), counts=True),
}


ONLY_WHEN_ASKED = ("truncated body", "HTML page")
RANDOM = tuple(name for name in FAULTS if name not in ONLY_WHEN_ASKED)


def chosen(seed: int, share: float, number: int, arrival: int) -> str | None:
    """The fault that happens to the arrival-th coming of a request."""
    digest = hashlib.sha256(f"{seed} {number} {arrival}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    return RANDOM[int(place / share)] if place < share * len(RANDOM) else None


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seed: int, share: float) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = LENGTH.search(head)
            body = await reader.readexactly(int(found[1]) if found else 0)
            if head.startswith(b"GET"):
                writer.write(http("200 OK", {"arrivals": arrivals, "answered": answered, "faults": faults}))
            else:
                await answer(writer, body, seed, share)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def numbered(body: bytes) -> int:
    return int(NUMBER.findall(body)[-1])


def said(number: int, body: bytes) -> dict[str, object]:
    """The message of an answer, as far as it is not `reply NUMBER`."""
    return action(number, body) if b'"tools":' in body else {}


async def answer(writer: asyncio.StreamWriter, body: bytes, seed: int, share: float) -> None:
    number = numbered(body)
    asked_for = next(iter(ASKED_FOR.findall(body)), None)
    arrivals[number] += 1
    fault = asked_for.decode() if asked_for else chosen(seed, share, number, arrivals[number])
    acting = b'"tools":' in body
    if fault is not None:
        faults[fault] += 1
    if fault is not None and not (acting and fault == JUMBLED):
        done = await FAULTS[fault](writer, number)
        answered[number] += done
        return
    message = jumbled_action(number, body) if fault == JUMBLED else said(number, body)
    writer.write(http("200 OK", completion(number, **message)))
    answered[number] += 1


async def main() -> None:
    seed, share = int(sys.argv[1]), float(sys.argv[2])
    server = await asyncio.start_server(lambda r, w: serve(r, w, seed, share), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
