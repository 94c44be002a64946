"""Tests in one child call a candidate in another; only plain values cross between them.

The candidate's process never holds the tests, and the tests' process never runs the candidate. So neither inspecting
frames, nor a lying `__eq__`, nor an early exit can turn a wrong answer into a passed test.
"""

from __future__ import annotations

import builtins
import os
import struct
from collections.abc import Callable, Mapping
from typing import Any

from .codec import CodecError, decode, encode, load
from .runner import CodeOutcome, Frame, Runner, framed, fresh_namespace, write_all

PEER_FD = 4
MESSAGE_LIMIT = 1 << 20
HELLO = ["ready"]


class CandidateError(Exception):
    """The candidate failed by an exception that tests cannot expect by type, or sent a malformed reply."""


class CandidateGone(Exception):
    """The candidate's process has ended."""


RAISABLE: Mapping[str, type[Exception]] = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
}
"""Exceptions that tests may expect by type, which excludes SystemExit and KeyboardInterrupt."""


def serve_candidate(runner: Runner, source: str, function: str) -> None:
    """Define the candidate, then answer calls until the tests close the connection."""
    namespace = fresh_namespace()
    outcome = runner.execute(source, namespace)
    if outcome.error is None and not callable(namespace.get(function)):
        outcome = CodeOutcome("error", f"NameError: the candidate defines no function named {function!r}")
    if outcome.error is not None:
        runner.report(Frame(0, *outcome, "", "", False, None, 0.0, 0.0))
        runner.send()  # before the tests are told, because they then end this process
        write_all(PEER_FD, framed(["failed", outcome.error]))
        return
    write_all(PEER_FD, framed(HELLO))
    while (request := _receive()) is not None:
        write_all(PEER_FD, framed(_answer(namespace[function], request)))


def _answer(function: Callable[..., object], request: object) -> list[object]:
    try:
        call: Any = decode(request)
        return ["ok", encode(function(*call[0], **call[1]))]
    except BaseException as problem:
        return ["raised", type(problem).__name__[:100]]


def run_tests(runner: Runner, source: str, function: str) -> None:
    """Run the tests with a proxy in place of the candidate."""
    outcome = _candidate_start() or runner.execute(source, fresh_namespace() | {function: _proxy})
    runner.report(Frame(0, *outcome, "", "", False, None, 0.0, 0.0))


def _candidate_start() -> CodeOutcome | None:
    try:
        hello = _receive()
    except (CodecError, OSError) as problem:
        return CodeOutcome("error", f"CandidateError: {problem}")
    if hello == HELLO:
        return None
    return CodeOutcome("error", "CandidateError: the candidate could not be loaded")


def _proxy(*arguments: object, **keywords: object) -> object:
    """Call the candidate in its own process."""
    try:
        write_all(PEER_FD, framed(encode((arguments, keywords))))
        reply = _receive()
    except OSError as problem:
        raise CandidateGone(str(problem)) from None
    if reply is None:
        raise CandidateGone("the candidate's process ended")
    kind, content = _parse_reply(reply)
    if kind == "ok":
        return decode(content)
    raise RAISABLE.get(str(content), CandidateError)(f"the candidate raised {str(content)[:100]}")


def _parse_reply(reply: object) -> tuple[Any, Any]:
    if type(reply) is not list or len(reply) != 2 or reply[0] not in ("ok", "raised"):
        raise CandidateError("the candidate's reply is malformed")
    return reply[0], reply[1]


def _receive() -> object | None:
    """Receive one message from the peer; None if it closed the connection."""
    header = _read(4)
    if header is None:
        return None
    (length,) = struct.unpack("<I", header)
    if length > MESSAGE_LIMIT:
        raise CodecError("message too long")
    body = _read(length)
    return None if body is None else load(body)


def _read(size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        part = os.read(PEER_FD, size - len(data))
        if not part:
            return None
        data += part
    return data
