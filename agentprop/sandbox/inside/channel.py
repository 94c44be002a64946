"""A socket between two processes → questions and their replies, in either direction, one inside the other.

While one side waits for a reply, the other may ask back: a test calls the program, which calls a function that the test
passed to it. A message is a 4-byte length and JSON.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

from .codec import CodecError, ValueTooLarge, load
from .runner import framed, write_all

MESSAGE_LIMIT = 64 << 20
"""Bytes of one message."""


class HungUp(Exception):
    """The other side has gone."""


class PeerSocket:
    """One end of the socket."""

    def __init__(self, descriptor: int, answer: Callable[[list[object]], list[object]]) -> None:
        self._descriptor = descriptor
        self._answer = answer

    def ask(self, question: list[object]) -> list[object]:
        """The reply to a question. Raises HungUp, and CodecError for what is no reply."""
        self.send(question)
        while True:
            message = self._receive()
            if message is None:
                raise HungUp("the other process has ended")
            if message[0] == "reply":
                return message[1:]
            self._reply(message)

    def serve(self) -> None:
        """Answer questions until the other side hangs up."""
        while (question := self._receive()) is not None:
            self._reply(question)

    def _reply(self, question: list[object]) -> None:
        try:
            self.send(["reply", *self._answer(question)])
        except ValueTooLarge as problem:
            self.send(["reply", "lost", str(problem)])

    def send(self, message: list[object]) -> None:
        """Pass on one message. Raises HungUp, and ValueTooLarge."""
        data = framed(message)
        if len(data) > MESSAGE_LIMIT:
            raise ValueTooLarge("a value too large to pass on")
        try:
            write_all(self._descriptor, data)
        except OSError as problem:
            raise HungUp(str(problem)) from None

    def _receive(self) -> list[object] | None:
        header = self._read(4)
        if header is None:
            return None
        (length,) = struct.unpack("<I", header)
        if length > MESSAGE_LIMIT:
            raise ValueTooLarge("a message longer than allowed")
        body = self._read(length)
        message = None if body is None else load(body)
        if message is not None and (type(message) is not list or not message or type(message[0]) is not str):
            raise CodecError("a malformed message")
        return message

    def _read(self, size: int) -> bytes | None:
        """Exactly so many bytes; None once the other side has hung up."""
        data = bytearray()
        while len(data) < size:
            try:
                part = os.read(self._descriptor, min(size - len(data), 1 << 20))
            except OSError as problem:
                raise HungUp(str(problem)) from None
            if not part:
                return None
            data += part
        return bytes(data)
