"""A script → replies, as the bytes that a server would have sent: a transport like the real ones.

A script is a list of replies, given in order, or a function of the request's body. A reply is a text, or a mapping that
becomes the assistant's message as it is, except that `finish_reason`, `usage`, `token_ids`, `logprobs` and
`prompt_token_ids` go where a server puts them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agentprop.errors import InputError
from agentprop.models.chat import Exchange
from agentprop.models.failures import FailureKind, ModelFailure

ScriptedReply = str | Mapping[str, Any]
Script = Iterable[ScriptedReply] | Callable[[Mapping[str, Any]], ScriptedReply]


class Scripted:
    """Transport that answers from a script."""

    def __init__(self, script: Script) -> None:
        self._answer = script if callable(script) else _in_order(iter(script))
        self.bodies: list[Mapping[str, Any]] = []
        """Bodies of the requests so far, in order."""

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Answer with the next reply of the script, or the next `n`. Raises ModelFailure at the end of the script."""
        self.bodies.append(body)
        count = body.get("n", 1)
        replies = [self._answer(body) for _ in range(count if isinstance(count, int) else 1)]
        return Exchange(json.dumps(completion(replies, body), ensure_ascii=False).encode("utf-8", "surrogatepass"))

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""


def completion(replies: list[ScriptedReply], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chat completion that a server would have sent, with one word counted as one token."""
    found = [{"content": reply} if isinstance(reply, str) else dict(reply) for reply in replies]
    sent = sum(_words(message.get("content")) for message in body.get("messages", []))
    said = sum(_words(reply.get("content")) for reply in found)
    usage = {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said}
    out = {
        "object": "chat.completion",
        "model": body.get("model", "scripted"),
        "usage": next((reply["usage"] for reply in found if "usage" in reply), usage),
        "choices": [_choice(reply, index) for index, reply in enumerate(found)],
    }
    ids = next((reply["prompt_token_ids"] for reply in found if "prompt_token_ids" in reply), None)
    return out if ids is None else {**out, "prompt_token_ids": ids}


def script_of(path: Path) -> list[ScriptedReply]:
    """Read the replies in a file, one JSON string or object per line. Raises InputError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", hint="check `replies` in the model's settings"
        ) from error
    return [_entry(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _entry(path: Path, number: int, line: str) -> ScriptedReply:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise InputError(
            f"{path}, line {number} is not JSON: {error}", hint="write one JSON string or object per line"
        ) from None
    if not isinstance(found, str | dict):
        raise InputError(f"{path}, line {number} is not a reply", hint="write a JSON string or object")
    return found


def _in_order(replies: Iterator[ScriptedReply]) -> Callable[[Mapping[str, Any]], ScriptedReply]:
    def answer(body: Mapping[str, Any]) -> ScriptedReply:
        for reply in replies:
            return reply
        raise ModelFailure(FailureKind.REJECTED, "the script has no more replies")

    return answer


def _choice(reply: Mapping[str, Any], index: int) -> dict[str, Any]:
    apart = {"finish_reason", "token_ids", "logprobs", "prompt_token_ids", "usage"}
    message = {"role": "assistant", "content": None, **{k: v for k, v in reply.items() if k not in apart}}
    choice: dict[str, Any] = {"index": index, "message": message, "finish_reason": reply.get("finish_reason", "stop")}
    if "token_ids" in reply:
        choice["token_ids"] = list(reply["token_ids"])
    if "logprobs" in reply:
        choice["logprobs"] = {"content": [{"token": "", "logprob": value} for value in reply["logprobs"]]}
    return choice


def _words(text: object) -> int:
    return len(text.split()) if isinstance(text, str) else 0
